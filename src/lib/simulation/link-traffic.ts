/** What goes over the links between master and followers: counted whole, weighed by samples. */
import {encodeNodeFrame} from '../protocol/node-codec.js'
import type {NodeFrame} from '../protocol/node-frame.js'
import type {NodeId} from '../util/brand.js'

/** Of so many frames one is encoded for its size. */
const WEIGHED_EACH = 16
/** Shorter stretches say nothing about a second. */
const STRETCH_MIN_MS = 500

/** One direction of a link, per second of played time. */
export interface Traffic {
  readonly framesPerS: number
  readonly messagesPerS: number
  readonly bytesPerS: number
  /** Frames in the busiest second of the busiest link. */
  readonly framesPerSMax: number
}

class Way {
  #frames = 0
  #messages = 0
  #bytes = 0
  #linkMs = 0
  #max = 0
  readonly #recent = new Map<NodeId, number>()

  frame(peer: NodeId, frame: NodeFrame): void {
    this.#frames += 1
    this.#messages += messagesIn(frame)
    this.#recent.set(peer, (this.#recent.get(peer) ?? 0) + 1)
    if (this.#frames % WEIGHED_EACH === 0) this.#bytes += encodeNodeFrame(frame).length
  }

  elapsed(ms: number, links: number): void {
    this.#linkMs += ms * links
    if (ms < STRETCH_MIN_MS) return
    for (const frames of this.#recent.values()) {
      this.#max = Math.max(this.#max, (frames * 1000) / ms)
    }
    this.#recent.clear()
  }

  traffic(): Traffic {
    const seconds = this.#linkMs / 1000
    const perS = (sum: number): number =>
      seconds === 0 ? 0 : Math.round((sum / seconds) * 10) / 10
    return {
      framesPerS: perS(this.#frames),
      messagesPerS: perS(this.#messages),
      bytesPerS: Math.round(perS(this.#bytes * WEIGHED_EACH)),
      framesPerSMax: Math.round(this.#max),
    }
  }
}

export class LinkTraffic {
  readonly #toFollower = new Way()
  readonly #toMaster = new Way()

  frame(master: NodeId | undefined, from: NodeId, to: NodeId, frame: NodeFrame): void {
    if (from === master) this.#toFollower.frame(to, frame)
    else if (to === master) this.#toMaster.frame(from, frame)
  }

  /** So much time passed with so many followers linked. */
  elapsed(ms: number, followers: number): void {
    this.#toFollower.elapsed(ms, followers)
    this.#toMaster.elapsed(ms, followers)
  }

  summary(): {readonly toFollower: Traffic; readonly toMaster: Traffic} {
    return {toFollower: this.#toFollower.traffic(), toMaster: this.#toMaster.traffic()}
  }
}

function messagesIn(frame: NodeFrame): number {
  if (frame.type === 'relay') return frame.entries.length
  return frame.type === 'publish' ? frame.envelopes.length : 0
}
