/** Options with their defaults. Throws MeshError bad-option. */
import {globalSocket, pageUrl} from './environment.js'
import {MeshError} from './mesh-error.js'
import type {ConnectOptions, SocketConstructor} from './types.js'

export interface Settings extends ConnectOptions {
  readonly urls: readonly string[]
  readonly WebSocket: SocketConstructor
  readonly queueMax: number
  readonly frameBytesMax: number
  readonly timeoutMs: number
  readonly reconnectMinMs: number
  readonly reconnectMaxMs: number
}

const DEFAULTS = {
  queueMax: 64,
  frameBytesMax: 65_536,
  timeoutMs: 10_000,
  reconnectMinMs: 500,
  reconnectMaxMs: 20_000,
} as const

export function settingsFrom(
  url: string | readonly string[], options: ConnectOptions,
): Settings {
  const urls = (typeof url === 'string' ? [url] : url).map(socketUrl)
  if (urls.length === 0) throw bad('No url in the list')
  const WebSocket = options.WebSocket ?? globalSocket()
  if (WebSocket === undefined) {
    throw bad('No WebSocket here: give that of `ws` as an option, connect(url, {WebSocket})')
  }
  return {
    ...options,
    urls,
    WebSocket,
    queueMax: numberFrom(options, 'queueMax'),
    frameBytesMax: numberFrom(options, 'frameBytesMax'),
    timeoutMs: numberFrom(options, 'timeoutMs'),
    reconnectMinMs: numberFrom(options, 'reconnectMinMs'),
    reconnectMaxMs: numberFrom(options, 'reconnectMaxMs'),
  }
}

function numberFrom(options: ConnectOptions, name: keyof typeof DEFAULTS): number {
  const value = options[name] ?? DEFAULTS[name]
  if (!(value >= 0)) throw bad(`${name} is no number: ${String(value)}`)
  return value
}

/** Of the page's host where it names none; http is ws. */
function socketUrl(url: string): string {
  let at: URL
  try {
    at = new URL(url, pageUrl())
  } catch {
    throw bad(`No url: ${url}; try 'wss://example.com/WebSockets'`)
  }
  at.protocol = at.protocol.replace('http', 'ws')
  at.hash = ''
  if (!/^wss?:$/.test(at.protocol)) throw bad(`No url of a node: ${url}`)
  return at.href
}

function bad(message: string): MeshError {
  return new MeshError('bad-option', message)
}
