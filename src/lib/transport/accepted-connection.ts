import type {Duplex} from 'node:stream'
import type {CloseName} from '../protocol/close-code.js'
import type {Batch} from './batch.js'
import {directHandleOf, writeDirectly} from './direct-write.js'
import type {DirectHandle, DirectWriter} from './direct-write.js'
import type {FlushQueue} from './flush-queue.js'
import {buildFrame, deflatedFrame} from './frame.js'
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

const OPEN = 1

/**
 * A socket that gathers frames and writes them once a turn. The frames bypass the sender of `ws`,
 * which would make two writes of each; it still writes pings and the close, between whole frames.
 */
export class AcceptedConnection implements AcceptedSocket, DirectWriter {
  readonly remoteAddress: string
  handler: SocketHandler | undefined
  onProof: (() => void) | undefined
  /** It was agreed on when the connection was opened. */
  deflates = false
  readonly #ws: WebSocketLike
  readonly #stream: Duplex
  readonly #handle: DirectHandle | undefined
  readonly #flushQueue: FlushQueue
  #waiting: Batch | undefined
  /** It waits for a slice of what many are sent. */
  #isBulk = false
  /** The operating system had not taken all when something was written here last. */
  #isBehind = false
  /** Of a direct write that left something over: all its bytes, as streams count them. */
  #leftOverBytes = 0

  constructor(ws: WebSocketLike, stream: Duplex, flushQueue: FlushQueue, remoteAddress: string) {
    this.#ws = ws
    this.#stream = stream
    this.#handle = directHandleOf(stream)
    this.#flushQueue = flushQueue
    this.remoteAddress = remoteAddress
  }

  get bufferedBytes(): number {
    const waitingBytes = this.#waiting === undefined ? 0 : this.#waiting.size
    return this.#isBehind ? waitingBytes + this.#unsentBytes : waitingBytes
  }

  /** The operating system has not taken them. */
  get #unsentBytes(): number {
    return this.#leftOverBytes + this.#stream.writableLength
  }

  send(data: string | Uint8Array): void {
    const isBinary = typeof data !== 'string'
    this.sendFrame(buildFrame(isBinary ? data : Buffer.from(data), isBinary))
  }

  sendFrame(frame: WireFrame, isBulk = false): void {
    const own = this.deflates ? deflatedFrame(frame) : frame
    const waiting = this.#waiting
    this.#waiting = (waiting ?? this.#flushQueue.empty).with(own)
    // What is not bulk takes along what waits before it.
    if (waiting !== undefined && (isBulk || !this.#isBulk)) return
    this.#isBulk = isBulk
    this.#flushQueue.add(this, isBulk)
  }

  /** Behind its own close frame a socket says nothing. */
  flush(): void {
    const batch = this.#waiting
    if (batch === undefined) return
    this.#waiting = undefined
    if (this.#ws.readyState !== OPEN || !this.#stream.writable) return
    const bytes = batch.joined()
    if (bytes === undefined) this.#writeEach(batch)
    else this.#write(bytes)
    this.#isBehind = this.#unsentBytes > 0
  }

  #write(bytes: Uint8Array): void {
    const handle = this.#unsentBytes === 0 ? this.#handle : undefined
    const result = handle === undefined ? 'none' : writeDirectly(handle, bytes, this)
    if (result === 'none') this.#stream.write(bytes)
    else if (result === 'some') this.#leftOverBytes = bytes.length
  }

  /** What a direct write had left over is gone. */
  directlyWritten(isWritten: boolean): void {
    this.#leftOverBytes = 0
    this.#isBehind = this.#unsentBytes > 0
    if (isWritten) this.handler?.onDrain?.()
    else this.#ws.terminate()
  }

  #writeEach(batch: Batch): void {
    this.#stream.cork()
    for (const {bytes} of batch.frames()) this.#stream.write(bytes)
    this.#stream.uncork()
  }

  ping(payload = ''): void {
    this.flush()
    if (this.#ws.readyState !== OPEN) return
    this.#ws.ping(payload)
    this.#isBehind = this.#unsentBytes > 0
  }

  pause(): void {
    this.#ws.pause()
    if (!this.#stream.writableNeedDrain) return
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
    this.#waiting = undefined
    handler?.onClose(code, reason.toString())
  }
}
