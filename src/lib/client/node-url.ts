import {WsmeshError} from '../util/errors.js'

/** Where nodes and operators connect, on a node's port. */
const MESH_PATH = '/mesh'

/**
 * An address as people type it to the URL that is dialled: `host:port`, `ws://host:port`,
 * `http://host:port` and `ws://host:port/mesh` are the same node. Throws USAGE.
 */
export function nodeUrlOf(text: string): string {
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

const SCHEMES: ReadonlyMap<string, string> = new Map([
  ['ws:', 'ws:'],
  ['wss:', 'wss:'],
  ['http:', 'ws:'],
  ['https:', 'wss:'],
])
