import type {WireFrame} from './transport.js'

/** Above this size copying frames together costs more than handing them over one by one. */
const JOIN_BYTES_MAX = 64 * 1024

/**
 * What waits for a connection: a path in a tree of frames. Connections that are sent the same
 * frames in a turn of the event loop are at the same place of the tree, so a broadcast allocates
 * nothing for each of them, and what they are written is copied together once.
 */
export class Batch {
  /** Bytes of all its frames. */
  readonly size: number
  readonly #before: Batch | undefined
  readonly #frame: WireFrame | undefined
  /** Who was asked for last, and nearly always is next; all of them where there are several. */
  #last: Batch | undefined
  #all: Map<WireFrame, Batch> | undefined
  #joined: Uint8Array | undefined

  constructor(before?: Batch, frame?: WireFrame) {
    this.#before = before
    this.#frame = frame
    this.size = before === undefined || frame === undefined ? 0 : before.size + frame.bytes.length
  }

  /** The batch of these frames and one more: the same one for the same frame. */
  with(frame: WireFrame): Batch {
    const last = this.#last
    if (last !== undefined && last.#frame === frame) return last
    this.#last = this.#all?.get(frame) ?? this.#add(frame, last)
    return this.#last
  }

  #add(frame: WireFrame, last: Batch | undefined): Batch {
    const next = new Batch(this, frame)
    if (last !== undefined && last.#frame !== undefined) {
      this.#all ??= new Map([[last.#frame, last]])
      this.#all.set(frame, next)
    }
    return next
  }

  /** In the order in which they were added. A replay may be of any length: no recursion here. */
  frames(): WireFrame[] {
    const frames = this.#frame === undefined ? [] : [this.#frame]
    for (let at = this.#before; at !== undefined; at = at.#before) {
      if (at.#frame !== undefined) frames.push(at.#frame)
    }
    return frames.toReversed()
  }

  /** One piece for all who are sent these; undefined where each frame is better written alone. */
  joined(): Uint8Array | undefined {
    if (this.#joined !== undefined) return this.#joined
    if (this.size === this.#frame?.bytes.length) this.#joined = this.#frame.bytes
    else if (this.size <= JOIN_BYTES_MAX) {
      this.#joined = Buffer.concat(this.frames().map(({bytes}) => bytes), this.size)
    }
    return this.#joined
  }
}
