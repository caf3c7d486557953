/** What a browser may offer and Node may not; each is looked for before it is used. */
import type {SocketConstructor} from './types.js'

interface Events {
  addEventListener?(type: string, listener: () => void): void
  removeEventListener?(type: string, listener: () => void): void
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

interface Host extends Events {
  readonly WebSocket?: SocketConstructor
  readonly location?: {readonly href: string}
  readonly document?: Events & {readonly visibilityState: string}
  readonly navigator?: {readonly locks?: Locks}
  readonly BroadcastChannel?: new (name: string) => Channel
}

// It is the global one, with what a browser may have and Node's types do not know.
// oxlint-disable-next-line no-shadow-restricted-names
declare const globalThis: Host

export function globalSocket(): SocketConstructor | undefined {
  return globalThis.WebSocket
}

export function pageUrl(): string | undefined {
  return globalThis.location?.href
}

export type {Channel, Locks}

export interface TabTools {
  readonly locks: Locks
  readonly Channel: new (name: string) => Channel
}

/** What tabs share a connection with; undefined where there is no such thing. */
export function tabTools(): TabTools | undefined {
  const {BroadcastChannel: Channel, navigator} = globalThis
  return navigator?.locks && Channel && {locks: navigator.locks, Channel}
}

/**
 * Calls when the network may be another one, or the page was asleep: the browser says that it is
 * online or offline, the page is shown again. What it returns ends that.
 */
export function onWake(wake: () => void): () => void {
  const page = globalThis.document
  const shown = (): void => {
    if (page?.visibilityState === 'visible') wake()
  }
  const undo = ['online', 'offline', 'pageshow'].map((type) => listen(globalThis, type, wake))
  undo.push(listen(page, 'visibilitychange', shown))
  return () => undo.forEach((end) => end())
}

function listen(to: Events | undefined, type: string, listener: () => void): () => void {
  to?.addEventListener?.(type, listener)
  return () => to?.removeEventListener?.(type, listener)
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
