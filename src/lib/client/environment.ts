/** What a browser may offer and Node may not; each is looked for before it is used. */
import type {SocketConstructor} from './types.js'

interface Events {
  addEventListener(type: string, listener: () => void): void
  removeEventListener(type: string, listener: () => void): void
}

interface Channel {
  addEventListener(type: 'message', listener: (event: {readonly data: never}) => void): void
  postMessage(message: unknown): void
  close(): void
}

interface Locks {
  request(
    name: string,
    options: {readonly signal: unknown},
    holder: () => Promise<void>,
  ): Promise<void>
}

declare const WebSocket: SocketConstructor | undefined
declare const location: {readonly href: string} | undefined
declare const document: {readonly visibilityState: string} | undefined
declare const navigator: {readonly locks?: Locks} | undefined
declare const BroadcastChannel: (new (name: string) => Channel) | undefined

export function globalSocket(): SocketConstructor | undefined {
  return typeof WebSocket === 'undefined' ? undefined : WebSocket
}

export function pageUrl(): string | undefined {
  return typeof location === 'undefined' ? undefined : location.href
}

export type {Channel, Locks}

export interface TabTools {
  readonly locks: Locks
  readonly Channel: new (name: string) => Channel
}

/** What tabs share a connection with; undefined where there is no such thing. */
export function tabTools(): TabTools | undefined {
  const locks = typeof navigator === 'undefined' ? undefined : navigator.locks
  if (locks === undefined || typeof BroadcastChannel === 'undefined') return undefined
  return {locks, Channel: BroadcastChannel}
}

/**
 * Calls when the network may be another one, or the page was asleep: the browser says that it is
 * online or offline, the page is shown again. What it returns ends that.
 */
export function onWake(wake: () => void): () => void {
  const page = typeof document === 'undefined' ? undefined : document
  const shown = (): void => {
    if (page?.visibilityState === 'visible') wake()
  }
  const undo = ['online', 'offline', 'pageshow'].map((type) => listen(globalThis, type, wake))
  undo.push(listen(page, 'visibilitychange', shown))
  return () => undo.forEach((end) => end())
}

function listen(to: unknown, type: string, listener: () => void): () => void {
  if (!hasEvents(to)) return () => {}
  to.addEventListener(type, listener)
  return () => to.removeEventListener(type, listener)
}

function hasEvents(value: unknown): value is Events {
  return typeof value === 'object' && value !== null && 'addEventListener' in value
}

/** Milliseconds that only grow. */
export function nowMs(): number {
  return performance.now()
}

/** What a listener throws is told as the host tells of errors that nobody caught; we go on. */
export function attempt(call: () => void): void {
  try {
    call()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
