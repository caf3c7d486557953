import {PING_FRAME} from '../../src/lib/transport/frame.js'
import type {AcceptedSocket, WireFrame} from '../../src/lib/transport/transport.js'

/** An accepted socket without a network: what it was told, and a backlog that a test sets. */
export class FakeSocket implements AcceptedSocket {
  readonly remoteAddress = '127.0.0.1'
  readonly texts: string[] = []
  /** As they were sent: several may be in one piece. */
  readonly frames: WireFrame[] = []
  closed: {code: number; reason: string} | undefined
  pings = 0
  lastPing = ''
  isProved = false
  /** Bytes that the peer does not take, however often they are offered. */
  stuckBytes = 0
  /** Bytes gathered in this turn. */
  freshBytes = 0

  get bufferedBytes(): number {
    return this.stuckBytes + this.freshBytes
  }

  send(data: string | Uint8Array): void {
    this.texts.push(Buffer.from(data).toString())
    this.freshBytes += Buffer.byteLength(data)
  }

  /** The texts of frames, without their header. */
  sendFrame(frame: WireFrame): void {
    this.frames.push(frame)
    for (const part of frame.parts ?? [frame]) this.#take(part)
  }

  #take(frame: WireFrame): void {
    if (frame === PING_FRAME) {
      this.pings += 1
      return
    }
    const {bytes} = frame
    const size = bytes[1] ?? 0
    const headerBytes = size < 126 ? 2 : size === 126 ? 4 : 10
    this.texts.push(Buffer.from(bytes.subarray(headerBytes)).toString())
    this.freshBytes += bytes.byteLength
  }

  flush(): void {
    this.freshBytes = 0
  }

  ping(payload = ''): void {
    this.pings += 1
    this.lastPing = payload
  }

  close(code: number, reason: string): void {
    this.closed ??= {code, reason}
  }

  destroy(): void {
    this.closed ??= {code: 1006, reason: ''}
  }

  isPaused = false

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
  }

  isTurnedAway = false

  turnAway(): void {
    this.isTurnedAway = true
  }

  liftProofLimit(): void {
    this.isProved = true
  }

  /** Frames so far, parsed, and forgotten. */
  take(): unknown[] {
    return this.texts.splice(0).map((text) => JSON.parse(text) as unknown)
  }
}
