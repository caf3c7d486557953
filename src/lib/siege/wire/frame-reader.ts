/**
 * WebSocket frames as a client receives them (RFC 6455): from chunks of bytes, without a copy where
 * a frame lies whole in its chunk. A load generator reads more frames than anybody, so it has a
 * reader of its own: it takes a tenth of the time of a general one.
 */
export const OPCODE = {continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10} as const

/** Called for each message and control frame; the bytes are only valid during the call. */
export type OnFrame = (opcode: number, bytes: Buffer, start: number, end: number) => void

const MASKED = 0x80
const FIN = 0x80
const RESERVED = 0x70
const NOTHING = Buffer.alloc(0)

export class FrameReader {
  readonly #onFrame: OnFrame
  readonly #maxFrameBytes: number
  /** The beginning of a frame whose end has not come. */
  #carry: Buffer = NOTHING
  #carried = 0
  #fragments: Buffer[] = []
  #fragmentOpcode = 0
  #isOver = false

  constructor(onFrame: OnFrame, maxFrameBytes: number) {
    this.#onFrame = onFrame
    this.#maxFrameBytes = maxFrameBytes
  }

  /** The owner wants no more, also of what lies in the chunk that is being read. */
  stop(): void {
    this.#isOver = true
  }

  /** The next byte begins a frame, and a message. */
  get isBetween(): boolean {
    return this.#carried === 0 && this.#fragments.length === 0
  }

  /** Returns what is wrong with the bytes; then nothing more is read. */
  push(chunk: Buffer, length: number): string | undefined {
    if (this.#isOver) return undefined
    if (this.#carried === 0) return this.#read(chunk, length)
    const needed = this.#carried + length
    if (needed > this.#carry.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#carry.length * 2))
      this.#carry.copy(larger, 0, 0, this.#carried)
      this.#carry = larger
    }
    chunk.copy(this.#carry, this.#carried, 0, length)
    this.#carried = 0
    return this.#read(this.#carry, needed)
  }

  #read(bytes: Buffer, length: number): string | undefined {
    let at = 0
    while (length - at >= 2 && !this.#isOver) {
      const first = bytes[at] ?? 0
      const second = bytes[at + 1] ?? 0
      if ((second & MASKED) !== 0) return this.#wrong('a masked frame from a server')
      if ((first & RESERVED) !== 0) return this.#wrong('reserved bits in a frame')
      let start = at + 2
      let size = second
      if (size === 126) {
        if (length < at + 4) break
        size = bytes.readUInt16BE(at + 2)
        start = at + 4
      } else if (size === 127) {
        if (length < at + 10) break
        size = bytes.readUInt32BE(at + 2) * 4_294_967_296 + bytes.readUInt32BE(at + 6)
        start = at + 10
      }
      if (size > this.#maxFrameBytes) return this.#wrong(`a frame of ${size} bytes`)
      if (length < start + size) break
      const wrong = this.#frame(first, bytes, start, start + size)
      if (wrong !== undefined) return this.#wrong(wrong)
      at = start + size
    }
    this.#keep(bytes, at, length)
    return undefined
  }

  #frame(first: number, bytes: Buffer, start: number, end: number): string | undefined {
    const opcode = first & 0x0f
    const isFinal = (first & FIN) !== 0
    if (opcode >= OPCODE.close) {
      if (!isFinal) return 'a control frame in parts'
      this.#onFrame(opcode, bytes, start, end)
      return undefined
    }
    if (isFinal && opcode !== OPCODE.continuation) {
      this.#onFrame(opcode, bytes, start, end)
      return undefined
    }
    if (opcode !== OPCODE.continuation) this.#fragmentOpcode = opcode
    this.#fragments.push(Buffer.from(bytes.subarray(start, end)))
    if (!isFinal) return undefined
    const whole = Buffer.concat(this.#fragments)
    this.#fragments = []
    this.#onFrame(this.#fragmentOpcode, whole, 0, whole.length)
    return undefined
  }

  /** The chunk's memory is not ours: what is left of it is copied. */
  #keep(bytes: Buffer, at: number, length: number): void {
    const left = length - at
    this.#carried = left
    if (left === 0) {
      this.#carry = NOTHING
      return
    }
    if (bytes === this.#carry) {
      if (at > 0) bytes.copyWithin(0, at, length)
    } else {
      this.#carry = Buffer.allocUnsafe(Math.max(left * 2, 256))
      bytes.copy(this.#carry, 0, at, length)
    }
  }

  #wrong(what: string): string {
    this.#isOver = true
    return what
  }
}

/** One frame as a client sends it: masked, since servers close otherwise. */
export function maskedFrame(opcode: number, payload: Uint8Array): Buffer {
  const frame = frameFor(opcode, payload.length)
  const start = frame.length - payload.length
  frame.set(payload, start)
  mask(frame, start)
  return frame
}

/** The same with room for the payload, which is written behind its head and masked then. */
export function frameFor(opcode: number, size: number): Buffer {
  const headerBytes = size < 126 ? 2 : size < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(headerBytes + 4 + size)
  frame[0] = FIN | opcode
  if (headerBytes === 2) {
    frame[1] = MASKED | size
  } else if (headerBytes === 4) {
    frame[1] = MASKED | 126
    frame.writeUInt16BE(size, 2)
  } else {
    frame[1] = MASKED | 127
    frame.writeUInt32BE(Math.floor(size / 4_294_967_296), 2)
    frame.writeUInt32BE(size >>> 0, 6)
  }
  frame.writeUInt32BE((Math.random() * 4_294_967_296) >>> 0, headerBytes)
  return frame
}

/** The payload from `start` on, by the mask before it. */
export function mask(frame: Buffer, start: number): void {
  const [first = 0, second = 0, third = 0, fourth = 0] = [
    frame[start - 4], frame[start - 3], frame[start - 2], frame[start - 1]]
  let at = start
  for (; at + 3 < frame.length; at += 4) {
    frame[at] = (frame[at] ?? 0) ^ first
    frame[at + 1] = (frame[at + 1] ?? 0) ^ second
    frame[at + 2] = (frame[at + 2] ?? 0) ^ third
    frame[at + 3] = (frame[at + 3] ?? 0) ^ fourth
  }
  for (let index = 0; at < frame.length; at += 1, index += 1) {
    frame[at] = (frame[at] ?? 0) ^ (frame[start - 4 + index] ?? 0)
  }
}
