/** Options with their defaults. Throws MeshError bad-option. */
import {globalSocket, pageUrl} from './environment.js'
import {MeshError} from './mesh-error.js'
import type {ConnectOptions, SocketConstructor} from './types.js'

/** What setTimeout can wait at most. */
export const TIMER_MS_MAX = 2 ** 31 - 1

export interface Settings extends ConnectOptions {
  readonly urls: readonly string[]
  readonly WebSocket: SocketConstructor
  readonly queueMax: number
  readonly frameBytesMax: number
  readonly timeoutMs: number
  readonly reconnectMinMs: number
  readonly reconnectMaxMs: number
}

export function settingsFrom(
  url: string | readonly string[], options: ConnectOptions,
): Settings {
  const urls = (typeof url === 'string' ? [url] : url).map(socketUrl)
  if (urls.length === 0) throw bad('No url of a node')
  const WebSocket = options.WebSocket ?? globalSocket()
  if (WebSocket === undefined) {
    throw bad('No WebSocket here: connect(url, {WebSocket}) with that of ws')
  }
  return {
    ...options,
    urls,
    WebSocket,
    queueMax: numberFrom(options, 'queueMax', 64),
    frameBytesMax: numberFrom(options, 'frameBytesMax', 65_536),
    timeoutMs: timeFrom(options, 'timeoutMs', 10_000),
    reconnectMinMs: timeFrom(options, 'reconnectMinMs', 500),
    reconnectMaxMs: timeFrom(options, 'reconnectMaxMs', 20_000),
  }
}

type NumberName =
  'queueMax' | 'frameBytesMax' | 'timeoutMs' | 'reconnectMinMs' | 'reconnectMaxMs'

function numberFrom(options: ConnectOptions, name: NumberName, usual: number): number {
  const value = options[name] ?? usual
  if (!(value >= 0)) throw bad(`${name} is no number: ${String(value)}`)
  return value
}

/** A timer that is to wait for longer, as for Infinity, would end at once. */
function timeFrom(options: ConnectOptions, name: NumberName, usual: number): number {
  return Math.min(numberFrom(options, name, usual), TIMER_MS_MAX)
}

/** Of the page's host where it names none; http is ws. */
function socketUrl(url: string): string {
  const page = pageUrl()
  const at = URL.canParse(url, page) ? new URL(url, page).href : url
  const [found = ''] = at.replace(/^http/, 'ws').split('#')
  if (!/^wss?:/.test(found)) throw bad(`No url of a node: ${url}`)
  return found
}

function bad(message: string): MeshError {
  return new MeshError('bad-option', message)
}
