import {assert} from '../util/assert.js'
import {isNodeId, nodeId, type NodeId} from '../util/brand.js'
import {shortText} from './short-texts.js'
import {utf8Decode, utf8Encode, utf8Length} from './utf8.js'

/**
 * Writes the binary frames of node-codec.ts. Numbers are varints (LEB128: 7 bits a byte, the lowest
 * first, the high bit says that more follow); text and bytes have their length in bytes in front.
 */
export class ByteWriter {
  #bytes: Uint8Array
  #length = 0

  /** With a size that is not too small nothing is copied twice. */
  constructor(sizeHint: number) {
    this.#bytes = new Uint8Array(sizeHint)
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length] = value
    this.#length += 1
  }

  boolean(value: boolean): void {
    this.byte(value ? 1 : 0)
  }

  /** An integer from 0 to 2^53 - 1. */
  number(value: number): void {
    assert(Number.isSafeInteger(value) && value >= 0, `No number of the wire: ${value}`)
    this.#reserve(8)
    let rest = value
    while (rest >= 0x80) {
      this.#bytes[this.#length] = (rest % 0x80) | 0x80
      this.#length += 1
      rest = Math.floor(rest / 0x80)
    }
    this.#bytes[this.#length] = rest
    this.#length += 1
  }

  text(value: string, bytesMax: number): void {
    const length = utf8Length(value)
    assert(length <= bytesMax, `Text of ${length} bytes where ${bytesMax} are allowed`)
    this.number(length)
    this.#reserve(length)
    if (length === value.length) {
      for (let index = 0; index < length; index += 1) {
        this.#bytes[this.#length + index] = value.charCodeAt(index)
      }
    } else {
      this.#bytes.set(utf8Encode(value), this.#length)
    }
    this.#length += length
  }

  bytes(value: Uint8Array): void {
    this.number(value.length)
    this.raw(value)
  }

  /** Bytes as they are, without a length: they were written by a ByteWriter before. */
  raw(value: Uint8Array): void {
    this.#reserve(value.length)
    this.#bytes.set(value, this.#length)
    this.#length += value.length
  }

  /** What was written. The writer must not be used again. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  #reserve(length: number): void {
    const needed = this.#length + length
    if (needed <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
  }
}

/**
 * Reads what ByteWriter wrote, from bytes that may be anything. After the first thing that is wrong
 * `failure` says what, and every read returns an empty value at once, so that decoders are written
 * straight down and look at `failure` once, at their end.
 */
export class ByteReader {
  readonly #bytes: Uint8Array
  #offset = 0
  #failure: string | undefined

  constructor(bytes: Uint8Array) {
    // Views on a Buffer would be Buffers: nobody behind the codec should depend on the platform.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  get failure(): string | undefined {
    return this.#failure
  }

  get offset(): number {
    return this.#offset
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset
  }

  /** The first failure is kept: those that follow are its consequences. */
  fail(reason: string): void {
    this.#failure ??= `${reason} at byte ${this.#offset}`
    this.#offset = this.#bytes.length
  }

  byte(what: string): number {
    const value = this.#bytes[this.#offset]
    if (value === undefined) {
      this.fail(`${what} is missing`)
      return 0
    }
    this.#offset += 1
    return value
  }

  boolean(what: string): boolean {
    const value = this.byte(what)
    if (value > 1) this.fail(`${what} is neither 0 nor 1`)
    return value === 1
  }

  /** An integer from 0 to 2^53 - 1, in its shortest form. */
  number(what: string): number {
    let value = 0
    let scale = 1
    for (let length = 1; length <= 8; length += 1) {
      const byte = this.byte(what)
      value += (byte & 0x7f) * scale
      if (byte < 0x80) {
        if (byte === 0 && length > 1) this.fail(`${what} is longer than it needs to be`)
        if (value > Number.MAX_SAFE_INTEGER) this.fail(`${what} is larger than 2^53 - 1`)
        return this.#failure === undefined ? value : 0
      }
      scale *= 0x80
    }
    this.fail(`${what} is larger than 2^53 - 1`)
    return 0
  }

  /**
   * The number of items that follow, each of at least `bytesEach` bytes. Checked against what is
   * left before anything is allocated for it.
   */
  count(what: string, bytesEach: number, max: number): number {
    const count = this.number(what)
    if (count > max) this.fail(`${count} ${what} where ${max} are allowed`)
    else if (count * bytesEach > this.remaining) this.fail(`${count} ${what} do not fit the frame`)
    return this.#failure === undefined ? count : 0
  }

  /** A view on the frame's own bytes, not a copy. */
  bytes(what: string, bytesMax: number): Uint8Array {
    const length = this.#length(what, bytesMax)
    return this.#bytes.subarray(this.#offset - length, this.#offset)
  }

  text(what: string, bytesMax: number): string {
    const length = this.#length(what, bytesMax)
    const start = this.#offset - length
    const text =
      shortText(this.#bytes, start, this.#offset) ??
      utf8Decode(this.#bytes.subarray(start, this.#offset))
    if (text === undefined) this.fail(`${what} is not UTF-8`)
    return text ?? ''
  }

  /** Goes beyond as many bytes as are announced; 0 where they are too many. */
  #length(what: string, bytesMax: number): number {
    const length = this.number(what)
    if (length > bytesMax) this.fail(`${what} of ${length} bytes where ${bytesMax} are allowed`)
    else if (length > this.remaining) this.fail(`${what} of ${length} bytes does not fit the frame`)
    if (this.#failure !== undefined) return 0
    this.#offset += length
    return length
  }

  nodeId(what: string): NodeId {
    const text = this.text(what, 32)
    if (isNodeId(text)) return text
    this.fail(`${what} is no node id`)
    return NO_NODE
  }

  /** All bytes of the frame. */
  get whole(): Uint8Array {
    return this.#bytes
  }

  /** Nothing may follow the last field. */
  end(): void {
    if (this.remaining > 0) this.fail(`${this.remaining} bytes too many`)
  }
}

/** Stands in for an id of a frame that failed and is thrown away. */
const NO_NODE = nodeId('none')
