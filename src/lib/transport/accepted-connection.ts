import type {Duplex} from 'node:stream'
import type {CloseName} from '../protocol/close-code.js'
import {buildFrame, deflatedBytes} from './frame.js'
import type {AcceptedSocket, SocketHandler, WireFrame} from './transport.js'

/** The part of `ws` that an accepted connection needs. */
export interface WebSocketLike {
  readonly readyState: number
  ping(payload: string): void
  close(code: number, reason: string): void
  terminate(): void
  pause(): void
  resume(): void
}

/** Calls flush of every connection that was added, at the end of the event loop's turn. */
export interface FlushQueue {
  add(connection: AcceptedConnection): void
  flush(): void
}

const OPEN = 1

/** Above this size copying frames together costs more than handing them over one by one. */
const JOIN_BYTES_MAX = 64 * 1024

/**
 * A socket that gathers frames and writes them once a turn. The frames bypass the sender of `ws`,
 * which would make two writes of each; it still writes pings and the close, between whole frames.
 */
export class AcceptedConnection implements AcceptedSocket {
  readonly remoteAddress: string
  handler: SocketHandler | undefined
  onProof: (() => void) | undefined
  /** It was agreed on when the connection was opened. */
  deflates = false
  readonly #ws: WebSocketLike
  readonly #stream: Duplex
  readonly #flushQueue: FlushQueue
  #waiting: Uint8Array[] = []
  #waitingBytes = 0

  constructor(ws: WebSocketLike, stream: Duplex, flushQueue: FlushQueue, remoteAddress: string) {
    this.#ws = ws
    this.#stream = stream
    this.#flushQueue = flushQueue
    this.remoteAddress = remoteAddress
  }

  get bufferedBytes(): number {
    return this.#waitingBytes + this.#stream.writableLength
  }

  send(data: string | Uint8Array): void {
    const isBinary = typeof data !== 'string'
    this.sendFrame(buildFrame(isBinary ? data : Buffer.from(data), isBinary))
  }

  sendFrame(frame: WireFrame): void {
    if (this.#ws.readyState !== OPEN) return
    const bytes = this.deflates ? deflatedBytes(frame) : frame.bytes
    if (this.#waiting.length === 0) this.#flushQueue.add(this)
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.byteLength
  }

  flush(): void {
    if (this.#waiting.length === 0) return
    const frames = this.#waiting
    const size = this.#waitingBytes
    this.#waiting = []
    this.#waitingBytes = 0
    if (!this.#stream.writable) return
    const [first] = frames
    if (frames.length === 1 && first !== undefined) {
      this.#stream.write(first)
    } else if (size <= JOIN_BYTES_MAX) {
      this.#stream.write(Buffer.concat(frames, size))
    } else {
      this.#stream.cork()
      for (const bytes of frames) this.#stream.write(bytes)
      this.#stream.uncork()
    }
  }

  ping(payload = ''): void {
    this.flush()
    if (this.#ws.readyState === OPEN) this.#ws.ping(payload)
  }

  pause(): void {
    this.#ws.pause()
    this.#stream.once('drain', () => this.handler?.onDrain?.())
  }

  resume(): void {
    this.#ws.resume()
  }

  close(code: number, reason: string): void {
    this.flush()
    this.#ws.close(code, reason)
  }

  turnAway(): void {
    this.#ws.pause()
    this.#stream.end()
  }

  destroy(): void {
    this.#ws.terminate()
  }

  liftProofLimit(): void {
    this.onProof?.()
    this.onProof = undefined
  }

  /** A frame arrived. Frames behind our own close are not for anyone. */
  received(data: Uint8Array, isBinary: boolean): void {
    if (this.#ws.readyState === OPEN) this.handler?.onMessage(data, isBinary)
  }

  /** The peer broke the protocol below us: its socket is being closed. */
  violated(close: CloseName): void {
    this.handler?.onViolation?.(close)
  }

  /** The connection is over, however it ended. */
  closed(code: number, reason: Buffer): void {
    this.liftProofLimit()
    const handler = this.handler
    this.handler = undefined
    this.#waiting = []
    this.#waitingBytes = 0
    handler?.onClose(code, reason.toString())
  }
}
