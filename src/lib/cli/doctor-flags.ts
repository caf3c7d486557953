import {OriginList} from '../auth/origins.js'
import {redactUrl} from '../sql/redact-url.js'
import {WsmeshError} from '../util/errors.js'

/** Taken as ever, and left out of the help: those of another command. */
export function hiddenFlags<F extends object>(flags: F): F {
  for (const flag of Object.values(flags)) Object.assign(flag, {hidden: true})
  return flags
}

/** What clients dial. Throws USAGE. */
export function checkedUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isSocket = url?.protocol === 'ws:' || url?.protocol === 'wss:'
  if (url !== undefined && isSocket && url.username === '' && url.password === '') return url.href
  const shown = JSON.stringify(redactUrl(text).slice(0, 200))
  throw new WsmeshError('USAGE', `--url is no ws:// or wss:// URL: ${shown}`, {
    suggestions: ['--url wss://example.com/WebSockets'],
  })
}

/** An origin as a browser says it. Throws USAGE. */
export function checkedPage(text: string): string {
  const origin = URL.canParse(text) ? new URL(text).origin : 'null'
  if (origin !== 'null' && new OriginList([origin]).allows(origin)) return origin
  throw new WsmeshError('USAGE', `--page ${JSON.stringify(text.slice(0, 200))} is no page`, {
    suggestions: ['--page https://example.com'],
  })
}
