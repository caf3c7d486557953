/** Where a node is found: what it tells others, which may differ from what it listens on. */
import {hostname, networkInterfaces} from 'node:os'
import {LIMITS} from '../protocol/limits.js'
import {WsmeshError} from '../util/errors.js'
import {API_PATHS} from './api/paths.js'

export interface NodeAddresses {
  readonly clientUrl: string
  readonly nodeUrl: string
  readonly httpUrl: string
  /** Of the HTTP API: a URL, or `unix:/path`. */
  readonly apiUrl: string
}

/** Where nodes and operators come in, apart from clients. */
export type NodeListen =
  | {readonly type: 'port'; readonly host: string; readonly port: number}
  | {readonly type: 'socket'; readonly path: string}

export interface AddressOptions {
  readonly host: string
  readonly port: number
  readonly path: string
  readonly nodeUrl: string | undefined
  readonly publicUrl: string | undefined
  /** Of the listener of nodes, if it is another; its port is the one that it got. */
  readonly nodeListen?: NodeListen | undefined
  /** Of the listener of the HTTP API, if it has one. */
  readonly apiListen?: NodeListen | undefined
  readonly isTls?: boolean
  /** Whether nodes of other machines may be in the pool. */
  readonly isPoolShared: boolean
}

export const MESH_PATH = '/mesh'

export function addressesOf(options: AddressOptions): NodeAddresses {
  const s = options.isTls === true ? 's' : ''
  const authority = authorityOf(options, options.isPoolShared)
  return {
    clientUrl: options.publicUrl ?? `ws${s}://${authority}${options.path}`,
    nodeUrl: options.nodeUrl ?? ownNodeUrl(options),
    httpUrl: `http${s}://${authority}`,
    apiUrl: apiUrlOf(options),
  }
}

function apiUrlOf({apiListen, nodeListen, host, port, isTls, isPoolShared}: AddressOptions) {
  const at = apiListen ?? nodeListen ?? {type: 'port', host, port}
  if (at.type === 'socket') return `unix:${at.path}`
  return `http${isTls === true ? 's' : ''}://${authorityOf(at, isPoolShared)}`
}

function ownNodeUrl({nodeListen, isTls, isPoolShared, host, port}: AddressOptions): string {
  if (nodeListen?.type === 'socket') return `ws+unix:${nodeListen.path}:${MESH_PATH}`
  const scheme = isTls === true ? 'wss' : 'ws'
  return `${scheme}://${authorityOf(nodeListen ?? {host, port}, isPoolShared)}${MESH_PATH}`
}

function authorityOf(at: {readonly host: string; readonly port: number}, isPoolShared: boolean) {
  const host = reachableHost(at.host, isPoolShared)
  return `${host.includes(':') ? `[${host}]` : host}:${at.port}`
}

/** "All addresses" is no address to dial: one that others reach stands in for it. */
function reachableHost(host: string, isPoolShared: boolean): string {
  if (host !== '0.0.0.0' && host !== '::') return host
  if (!isPoolShared) return host === '::' ? '::1' : '127.0.0.1'
  const found = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({internal, family}) => !internal && family === (host === '::' ? 'IPv6' : 'IPv4'))
  return found?.address ?? hostname()
}

/** What an operator should know about an address that others are told; undefined: all is well. */
export function adviceOnAddresses(options: AddressOptions, nodeUrl: string): string | undefined {
  if (!options.isPoolShared || options.nodeUrl !== undefined) return undefined
  if (/^wss?:\/\/(127\.|localhost[:/]|\[::1\])/.test(nodeUrl)) {
    return (
      `Nodes on other machines cannot dial ${nodeUrl}: ` +
      'give --host 0.0.0.0, or --node-url with an address of this machine'
    )
  }
  if (nodeUrl.startsWith('ws+unix:')) {
    return `Nodes on other machines cannot dial ${nodeUrl}: give --node-listen an address and port`
  }
  const {host} = options.nodeListen?.type === 'port' ? options.nodeListen : options
  if (host === '0.0.0.0' || host === '::') {
    return `Other nodes will dial ${nodeUrl}: if that is not right, give --node-url`
  }
  return undefined
}

/** A ws: or wss: URL of at most LIMITS.urlBytes with the path of nodes, or USAGE. */
export function checkNodeUrl(text: string): string {
  const url = webSocketUrl('--node-url', text, 'ws://10.0.0.5:8080')
  if (url.pathname === '/') url.pathname = MESH_PATH
  return url.href
}

export function checkPublicUrl(text: string): string {
  return webSocketUrl('--public-url', text, 'wss://example.com/WebSockets').href
}

function webSocketUrl(flag: string, text: string, example: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isFit =
    url !== undefined &&
    (url.protocol === 'ws:' || url.protocol === 'wss:') &&
    url.username === '' &&
    url.password === '' &&
    url.hash === '' &&
    Buffer.byteLength(url.href) + MESH_PATH.length <= LIMITS.urlBytes
  if (isFit) return url
  throw new WsmeshError('USAGE', `${flag} is no ws:// or wss:// URL: ${JSON.stringify(text)}`, {
    suggestions: [`${flag} ${example}`],
  })
}

/** An address or a name to listen on, or USAGE: Node takes an empty one for all addresses. */
export function checkHost(text: string): string {
  if (/^[\w.:%-]+$/.test(text)) return text
  throw new WsmeshError('USAGE', `--host: ${JSON.stringify(text)} is no address of a machine`, {
    suggestions: ['--host 127.0.0.1', '--host 0.0.0.0   (all addresses)'],
  })
}

/** `host:port`, `[::]:port`, `port` or `unix:/path`, or USAGE. */
export function checkListen(flag: '--node-listen' | '--api-listen', text: string): NodeListen {
  const path = /^unix:(\/.{1,100})$/.exec(text)?.[1]
  if (path !== undefined && !path.includes(':')) return {type: 'socket', path}
  const found = /^(?:(\[[\da-fA-F:.%]+\]|[\w.-]+):)?(\d{1,5})$/.exec(text)
  const port = Number(found?.[2])
  if (found === null || port > 65_535) {
    throw new WsmeshError('USAGE', `${flag}: ${JSON.stringify(text)} is no place to listen`, {
      suggestions: [`${flag} 10.0.0.5:8081`, `${flag} unix:/run/wsmesh.sock`],
    })
  }
  const host = found[1]?.replace(/^\[(.*)\]$/, '$1') ?? '127.0.0.1'
  return {type: 'port', host, port}
}

/** A path for clients that is none of the node's own, or USAGE. */
export function checkClientPath(text: string): string {
  const isPath = /^\/[\w.~!$&'()*+,;=:@%/-]{0,200}$/.test(text)
  if (isPath && ![MESH_PATH, '/healthz', '/stats', ...API_PATHS].includes(text)) return text
  const why = isPath ? `${text} is the node's own` : `${JSON.stringify(text)} is no path`
  throw new WsmeshError('USAGE', `--path: ${why}`, {suggestions: ['--path /WebSockets']})
}
