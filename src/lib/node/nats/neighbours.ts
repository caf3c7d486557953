/**
 * The other nodes, and which subjects each of them needs: whom a publisher's receipt waits for.
 * Each node tells its needs to all others, once, and then what changes; a version, told with every
 * beat, shows what was missed.
 */
import type {News} from '../../protocol/relay-codec.js'
import type {NodeId} from '../../util/brand.js'
import {EVERYONE} from './subjects.js'

/** A node that is silent for so many of its beats is gone. */
const BEATS_MISSED_MAX = 3
const BEAT_MS = 1000
/** More nodes beat less often: what all nodes hear of all stays at a hundred beats a second. */
const BEAT_MS_PER_NODE = 10

interface Neighbour {
  version: number
  heardMs: number
  keys: Set<number>
  /** It has told all. */
  isKnown: boolean
}

export interface NeighboursOptions {
  readonly ask: (node: NodeId) => void
  readonly onGone: (node: NodeId) => void
  readonly now: () => number
}

const NOBODY: ReadonlySet<NodeId> = new Set()

export class Neighbours {
  readonly #options: NeighboursOptions
  readonly #nodes = new Map<NodeId, Neighbour>()
  readonly #byKey = new Map<number, Set<NodeId>>()

  constructor(options: NeighboursOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#nodes.size
  }

  get beatMs(): number {
    return Math.max(BEAT_MS, this.size * BEAT_MS_PER_NODE)
  }

  ids(): Iterable<NodeId> {
    return this.#nodes.keys()
  }

  /** All of them have told all that they need. */
  get areKnown(): boolean {
    for (const {isKnown} of this.#nodes.values()) if (!isKnown) return false
    return true
  }

  has(node: NodeId): boolean {
    return this.#nodes.has(node)
  }

  silentMs(node: NodeId): number | undefined {
    const neighbour = this.#nodes.get(node)
    return neighbour && this.#options.now() - neighbour.heardMs
  }

  /** Which others need it. */
  needing(key: number): Iterable<NodeId> {
    return key === EVERYONE ? this.#nodes.keys() : (this.#byKey.get(key) ?? NOBODY)
  }

  beat(from: NodeId, version: number): void {
    const neighbour = this.#heard(from)
    if (!neighbour.isKnown || neighbour.version !== version) this.#options.ask(from)
  }

  needs(news: Extract<News, {readonly type: 'needs'}>): void {
    const {from, version, isWhole, added, removed} = news
    const neighbour = this.#heard(from)
    if (isWhole) {
      this.#clear(from, neighbour)
      neighbour.isKnown = true
    } else if (!neighbour.isKnown || version !== neighbour.version + 1) {
      neighbour.isKnown = false
      this.#options.ask(from)
      return
    }
    neighbour.version = version
    for (const key of added) {
      neighbour.keys.add(key)
      const set = this.#byKey.get(key)
      if (set === undefined) this.#byKey.set(key, new Set([from]))
      else set.add(from)
    }
    for (const key of removed) this.#remove(from, neighbour, key)
  }

  gone(node: NodeId): void {
    const neighbour = this.#nodes.get(node)
    if (neighbour === undefined) return
    this.#clear(node, neighbour)
    this.#nodes.delete(node)
    this.#options.onGone(node)
  }

  /** Expected about every second, while others are heard at all. */
  sweep(): void {
    const silenceMs = BEATS_MISSED_MAX * this.beatMs
    for (const [node, {heardMs}] of this.#nodes) {
      if (this.#options.now() - heardMs > silenceMs) this.gone(node)
    }
  }

  /** After a time in which nobody could be heard: what they need may have changed. */
  startAfresh(): void {
    for (const neighbour of this.#nodes.values()) {
      neighbour.heardMs = this.#options.now()
      neighbour.isKnown = false
    }
  }

  #heard(node: NodeId): Neighbour {
    const known = this.#nodes.get(node)
    if (known !== undefined) {
      known.heardMs = this.#options.now()
      return known
    }
    const heardMs = this.#options.now()
    const neighbour = {version: 0, heardMs, keys: new Set<number>(), isKnown: false}
    this.#nodes.set(node, neighbour)
    return neighbour
  }

  #clear(node: NodeId, neighbour: Neighbour): void {
    for (const key of neighbour.keys) this.#remove(node, neighbour, key)
  }

  #remove(node: NodeId, neighbour: Neighbour, key: number): void {
    neighbour.keys.delete(key)
    const set = this.#byKey.get(key)
    set?.delete(node)
    if (set?.size === 0) this.#byKey.delete(key)
  }
}
