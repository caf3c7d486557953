import {WsmeshError} from '../../util/errors.js'

/** Where clients connect when a URL names no path. */
const CLIENT_PATH = '/WebSockets'

/**
 * A URL as people type it to the one that clients dial: `example.com`, `https://example.com` and
 * `wss://example.com/WebSockets` are the same. Without a scheme it is ws for this machine, else
 * wss. Throws USAGE.
 */
export function clientUrlOf(text: string): string {
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text)
  const full = hasScheme ? text : `${isLocal(text) ? 'ws' : 'wss'}://${text}`
  const url = URL.canParse(full) ? new URL(full) : undefined
  const scheme = url && SCHEMES.get(url.protocol)
  if (!url || scheme === undefined || url.hostname === '' || /\s/.test(text)) {
    throw new WsmeshError('USAGE', `No URL for clients: ${JSON.stringify(text.slice(0, 200))}`, {
      suggestions: ['wss://example.com/WebSockets', 'ws://127.0.0.1:8080/WebSockets'],
    })
  }
  if (url.username !== '' || url.password !== '') {
    throw new WsmeshError('USAGE', 'A URL for clients has no user and password', {
      suggestions: ['--token-file FILE, --session-file FILE or --cookie-file FILE'],
    })
  }
  const path = url.pathname === '/' ? CLIENT_PATH : url.pathname
  return `${scheme}//${url.host}${path}${url.search}`
}

function isLocal(text: string): boolean {
  return /^(?:localhost|127\.|\[::1\])/i.test(text)
}

const SCHEMES: ReadonlyMap<string, string> = new Map([
  ['ws:', 'ws:'],
  ['wss:', 'wss:'],
  ['http:', 'ws:'],
  ['https:', 'wss:'],
])
