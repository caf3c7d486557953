import {WsmeshError} from '../util/errors.js'

/** Where nodes and operators connect, on a node's port. */
const MESH_PATH = '/mesh'

/**
 * An address as people type it to the URL that is dialled: `host:port`, `ws://host:port`,
 * `http://host:port` and `ws://host:port/mesh` are the same node; `unix:/path` is a socket of one.
 * Throws USAGE.
 */
export function nodeUrlOf(text: string): string {
  if (/^(ws\+)?unix:\//.test(text)) return unixUrl(text)
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `ws://${text}`
  const url = URL.canParse(withScheme) ? new URL(withScheme) : undefined
  const scheme = url && SCHEMES.get(url.protocol)
  if (!url || scheme === undefined || url.hostname === '') {
    throw new WsmeshError('USAGE', `Not the address of a node: ${JSON.stringify(text)}`, {
      suggestions: ['--node ws://127.0.0.1:8080', 'wsmesh pool list -o name   (prints them)'],
    })
  }
  const path = url.pathname === '/' ? MESH_PATH : url.pathname
  return `${scheme}//${url.host}${path}`
}

/** `unix:/path`, or as the pool says it: `ws+unix:/path:/mesh`. */
function unixUrl(text: string): string {
  const path = text.replace(/^(ws\+)?unix:/, '').replace(/:.*$/, '')
  return `ws+unix:${path}:${MESH_PATH}`
}

const SCHEMES: ReadonlyMap<string, string> = new Map([
  ['ws:', 'ws:'],
  ['wss:', 'wss:'],
  ['http:', 'ws:'],
  ['https:', 'wss:'],
])
