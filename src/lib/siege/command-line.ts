/** What to type for the same run, quoted for a shell; passwords in addresses are left out. */
import {redactUrl} from '../sql/redact-url.js'

const POOL_FLAG = '--pool='

export function commandLine(argv: readonly string[]): string {
  return ['wsmesh siege', ...argv.map((word) => quoted(withoutPassword(word)))].join(' ')
}

function withoutPassword(word: string): string {
  const flag = word.startsWith(POOL_FLAG) ? POOL_FLAG : ''
  const url = word.slice(flag.length)
  return url.startsWith('mysql:') ? `${flag}${redactUrl(url)}` : word
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
