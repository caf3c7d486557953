/** The HTTP half of a WebSocket's opening, from the client's side (RFC 6455, 4). */
import {createHash, randomBytes} from 'node:crypto'

export interface UpgradeTarget {
  readonly url: URL
  readonly subprotocol: string | undefined
}

export interface UpgradeRequest {
  readonly text: string
  /** What the server must answer. */
  readonly accept: string
}

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** Where to connect: `ws+unix:/a.sock:/mesh` names the socket, then the path there. */
export type Peer =
  | {readonly type: 'tcp'; readonly host: string; readonly port: number; readonly isSecure: boolean}
  | {readonly type: 'unix'; readonly path: string}

export function peerOf(url: URL): Peer {
  if (url.protocol === 'ws+unix:') return {type: 'unix', path: splitUnix(url)[0]}
  const isSecure = url.protocol === 'wss:'
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const port = url.port === '' ? (isSecure ? 443 : 80) : Number(url.port)
  return {type: 'tcp', host, port, isSecure}
}

function splitUnix({pathname}: URL): readonly [socket: string, path: string] {
  const colon = pathname.indexOf(':')
  if (colon === -1) return [decodeURI(pathname), '/']
  return [decodeURI(pathname.slice(0, colon)), pathname.slice(colon + 1)]
}

function pathAndHost(url: URL): readonly [path: string, host: string] {
  return url.protocol === 'ws+unix:' ? [splitUnix(url)[1], 'localhost'] : [url.pathname, url.host]
}

export function upgradeRequest({url, subprotocol}: UpgradeTarget): UpgradeRequest {
  const [path, host] = pathAndHost(url)
  const key = randomBytes(16).toString('base64')
  const lines = [
    `GET ${path}${url.search} HTTP/1.1`,
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${key}`,
    ...(subprotocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${subprotocol}`]),
  ]
  const accept = createHash('sha1').update(key + GUID).digest('base64')
  return {text: `${lines.join('\r\n')}\r\n\r\n`, accept}
}

/** What is wrong with the head of the answer; undefined when it opens a WebSocket. */
export function refusalOf(head: string, accept: string): string | undefined {
  const [statusLine = '', ...lines] = head.split('\r\n')
  const status = /^HTTP\/1\.1 (\d{3}) ?(.*)$/.exec(statusLine)
  if (status === null) return 'the server does not speak HTTP'
  if (status[1] !== '101') return `refused with HTTP ${status[1]} ${status[2]}`.trim()
  const accepted = lines.find((line) => /^sec-websocket-accept:/i.test(line))
  const value = accepted?.slice(accepted.indexOf(':') + 1).trim()
  return value === accept ? undefined : 'the server answers another WebSocket key'
}
