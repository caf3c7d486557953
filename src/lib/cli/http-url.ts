import {redactUrl} from '../sql/redact-url.js'
import {WsmeshError} from '../util/errors.js'

/** A page of the application. Throws USAGE; `path`: of the one that is suggested. */
export function checkedHttpUrl(text: string, flag: string, path: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:'
  if (url !== undefined && isHttp && url.username === '' && url.password === '') return text
  const why = isHttp ? 'has a user or password: fetch takes none' : 'is no http:// or https:// URL'
  throw new WsmeshError('USAGE', `${flag} ${redactUrl(text).slice(0, 200)} ${why}`, {
    suggestions: [`${flag} http://127.0.0.1${path}`],
  })
}
