/**
 * Which subjects this node has: those that its clients need, and for a while those that they
 * needed. Before a client is let in, all of his are had from a known place on, and what he missed
 * is read from the stream where memory does not have it.
 */
import type {Position} from '../../protocol/position.js'
import type {Identity} from '../../protocol/target.js'
import type {RelayNeeds} from '../relay.js'
import type {Arrival} from './inflow.js'
import type {Memory} from './memory.js'
import {streamSeqOf, wholeUpTo} from './places.js'
import {EVERYONE, keysOfIdentity, slotKey} from './subjects.js'

/** What nobody needs any more is kept for so long: tabs are loaded anew, clients come back. */
const LINGER_MS = 30_000

interface Need {
  /** All from some place on comes here. */
  isReady: boolean
  /** The last mark that was sent before it was asked for. */
  readonly afterMark: number
  usedMs: number
  readonly end: () => void
}

export interface NeedsOptions {
  readonly slots: number
  readonly memory: Memory
  readonly now: () => number
  readonly epoch: () => string | undefined
  readonly delivered: () => number
  /** The oldest that the stream has, as far as is known. */
  readonly firstSeq: () => number
  readonly subscribe: (key: number) => () => void
  /** All others are told. */
  readonly changed: (added: readonly number[], removed: readonly number[]) => void
  readonly mark: () => Promise<boolean>
  readonly lastMark: () => number
  /** Of one subject, what is after the one and not after the other number. */
  readonly read: (key: number, after: number, through: number) => Promise<readonly Arrival[]>
  readonly keep: (key: number, from: number, earlier: readonly Arrival[]) => void
  /** Asks for the oldest that the stream has. */
  readonly lookFirst: () => Promise<void>
  readonly forgotten: (key: number) => void
}

export class Needs {
  readonly #options: NeedsOptions
  readonly #needs = new Map<number, Need>()
  readonly #reading = new Map<number, Promise<unknown>>()

  constructor(options: NeedsOptions) {
    this.#options = options
    this.#add([EVERYONE])
  }

  get size(): number {
    return this.#needs.size
  }

  keys(): ReadonlySet<number> {
    return new Set(this.#needs.keys())
  }

  has(key: number): boolean {
    return this.#needs.has(key)
  }

  /** A mark is back: what was asked for before it was sent is whole from there on. */
  marked(number: number, seq: number): void {
    for (const [key, need] of this.#needs) {
      if (need.isReady || need.afterMark >= number) continue
      need.isReady = true
      this.#options.memory.begin(key, seq)
    }
  }

  /** The stream is another one: what was kept is of no use. */
  begun(seq: number): void {
    const {memory} = this.#options
    memory.clear()
    for (const [key, need] of this.#needs) {
      // Who was asked for while the stream was looked at waits for its mark.
      need.isReady ||= key === EVERYONE
      if (need.isReady) memory.begin(key, seq)
    }
  }

  /** See Relay. */
  prepare(identity: Identity, resume: Position | undefined): Promise<boolean> | undefined {
    const keys = keysOfIdentity(identity, this.#options.slots)
    const nowMs = this.#options.now()
    let isReady = this.#options.epoch() !== undefined
    for (const key of keys) {
      const need = this.#needs.get(key)
      if (need !== undefined) need.usedMs = nowMs
      isReady &&= need?.isReady === true
    }
    const known = resume !== undefined && this.#mayRecover(resume) ? resume : undefined
    const isAhead = known !== undefined && streamSeqOf(known) > this.#options.delivered()
    const uncovered = known === undefined ? [] : this.#uncovered(keys, known)
    if (isReady && !isAhead && uncovered.length === 0) return undefined
    return this.#prepare(keys, known, isReady && !isAhead)
  }

  /** Those that nobody used for long are given up. Expected every few seconds. */
  sweep({users, groups, sessions}: RelayNeeds): void {
    const {slots, now, forgotten, memory} = this.#options
    const nowMs = now()
    for (const id of users) this.#use(slotKey('u', id, slots), nowMs)
    for (const id of groups) this.#use(slotKey('g', id, slots), nowMs)
    for (const id of sessions) this.#use(slotKey('s', id, slots), nowMs)
    this.#use(EVERYONE, nowMs)
    const removed: number[] = []
    for (const [key, {usedMs, end}] of this.#needs) {
      if (nowMs - usedMs < LINGER_MS) continue
      end()
      this.#needs.delete(key)
      memory.forget(key)
      forgotten(key)
      removed.push(key)
    }
    if (removed.length > 0) this.#options.changed([], removed)
  }

  #use(key: number, nowMs: number): void {
    const need = this.#needs.get(key)
    if (need !== undefined) need.usedMs = nowMs
  }

  async #prepare(
    keys: readonly number[], resume: Position | undefined, isReady: boolean,
  ): Promise<boolean> {
    this.#add(keys.filter((key) => !this.#needs.has(key)))
    if (!isReady && !(await this.#options.mark())) return false
    if (resume === undefined) return true
    try {
      await Promise.all(this.#uncovered(keys, resume).map((key) => this.#read(key, resume)))
      // What went while it was read would be missing.
      await this.#options.lookFirst()
      return true
    } catch {
      return false
    }
  }

  #add(keys: readonly number[]): void {
    if (keys.length === 0) return
    const usedMs = this.#options.now()
    for (const key of keys) {
      const end = this.#options.subscribe(key)
      this.#needs.set(key, {isReady: false, afterMark: this.#options.lastMark(), usedMs, end})
    }
    this.#options.changed(keys, [])
  }

  /** Of this stream, and nothing after it has gone. */
  #mayRecover(resume: Position): boolean {
    return resume.epoch === this.#options.epoch()
      && wholeUpTo(resume) + 1 >= this.#options.firstSeq()
  }

  #uncovered(keys: readonly number[], resume: Position): number[] {
    return [EVERYONE, ...keys].filter((key) => !this.#options.memory.covers(key, resume))
  }

  /** One after the other: who comes later may find it read. */
  async #read(key: number, resume: Position): Promise<void> {
    const before = this.#reading.get(key) ?? Promise.resolve()
    const reading = before.catch(() => undefined).then(() => this.#readNow(key, resume))
    this.#reading.set(key, reading)
    try {
      await reading
    } finally {
      if (this.#reading.get(key) === reading) this.#reading.delete(key)
    }
  }

  async #readNow(key: number, resume: Position): Promise<void> {
    const {memory, read, keep} = this.#options
    const through = memory.from(key)
    if (through === undefined || memory.covers(key, resume)) return
    const after = wholeUpTo(resume)
    keep(key, after, await read(key, after, through))
  }
}
