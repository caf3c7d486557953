/**
 * What comes here, in the order of the stream. Live messages are what the stream's leader passes
 * on, on one connection, in its order; but what it has stored and not passed on when it dies, or
 * when the connection breaks, comes no more. So whenever that may have happened (another leader, a
 * new connection, a message that names a predecessor that did not come, a check that is late) live
 * messages wait until what lies between was read from the stream.
 */
import type {JetStream, StreamState} from '../../nats/stream.js'
import type {Log} from '../log.js'
import type {Known, Lives} from './lives.js'
import {Troubles} from './troubles.js'

export interface Arrival {
  /** Undefined: a mark. */
  readonly key: number | undefined
  readonly seq: number
  /** Of the subject's message before it; 0: there is none. */
  readonly before: number
  readonly data: Uint8Array
}

/** Live messages count for so long after the last look at the stream that found its leader. */
const CHECKED_MS = 3000
/** A line that brings nothing any more shows by a look that is late: before others seem silent. */
const HEARING_MS = 1500
const RETRY_MS = 200
/** Between the stream's word that it has a message and that message are milliseconds. */
const SETTLED_MS = 2500
const HELD_BYTES_MAX = 64 * 1024 * 1024
const HELD_OVERHEAD_BYTES = 100

export interface InflowOptions {
  readonly stream: Pick<JetStream, 'state'>
  readonly lives: Pick<Lives, 'epoch' | 'isOf' | 'look'>
  readonly log: Log
  readonly now: () => number
  readonly isConnected: () => boolean
  /** All between, of the subjects that are needed here, in order. */
  readonly read: (after: number, through: number) => Promise<readonly Arrival[]>
  /** It may stand in the stream twice, and only `read` finds out. */
  readonly isUnclear: (arrival: Arrival) => boolean
  readonly deliver: (arrivals: readonly Arrival[]) => void
  readonly marked: (mark: Arrival) => void
  /** The stream is another one, or has lost what lies between: clients have lost their place. */
  readonly begun: (isFirst: boolean) => void
  readonly flushed: () => void
  readonly changed: () => void
}

export class Inflow {
  readonly #options: InflowOptions
  #epoch: string | undefined
  #leader = ''
  #firstSeq = 0
  /** All up to here was delivered, of what is needed here. */
  #delivered = 0
  /** The same, at the last look at the stream: of the leader that it has had since. */
  #verified = 0
  readonly #sinceVerified = new Set<number>()
  readonly #lastOfKey = new Map<number, number>()
  #checkedMs = -Infinity
  /** The newest that was processed. */
  #last: Known | undefined
  /** What the stream had at earlier looks, the oldest first. */
  #seen: {readonly atMs: number; readonly lastSeq: number}[] = []
  #isHolding = true
  #held: Arrival[] = []
  #heldBytes = 0
  #hasDropped = false
  #ready: Arrival[] = []
  #immediate: NodeJS.Immediate | undefined
  #running: Promise<void> | undefined
  #isAgain = false
  #isChecking = false
  #isStopped = false
  readonly #troubles: Troubles
  readonly #asking = new Set<(why: Error) => void>()
  catchUps = 0
  lateMessages = 0

  constructor(options: InflowOptions) {
    this.#options = options
    this.#troubles = new Troubles(options.now)
  }

  get epoch(): string | undefined {
    return this.#epoch
  }

  get delivered(): number {
    return this.#delivered
  }

  get firstSeq(): number {
    return this.#firstSeq
  }

  /** Messages come, and nothing is missing. */
  get isFlowing(): boolean {
    return !this.#isHolding && this.#isFresh()
  }

  /** The stream was just seen. */
  get isHearing(): boolean {
    return this.#options.now() - this.#checkedMs < HEARING_MS
  }

  /** Where the stream was before the last trouble with it; undefined: that is long ago. */
  get troubledAfter(): number | undefined {
    return this.#troubles.after
  }

  arrived(arrival: Arrival): void {
    if (this.#isStopped) return
    const {key, seq, before} = arrival
    if (key !== undefined) {
      const last = this.#lastOfKey.get(key)
      if (last !== undefined && seq <= last) {
        // A subject that two subscriptions bring comes twice.
        if (seq < last) this.catchUp('a message came out of order')
        return
      }
      if (last !== undefined && before > last) this.catchUp('a message is missing')
      this.#lastOfKey.set(key, seq)
    }
    if (this.#options.isUnclear(arrival)) this.#readOn('a message may be there twice')
    if (!this.#isHolding && !this.#isFresh()) this.catchUp('the stream was not seen for long')
    if (this.#isHolding) this.#hold(arrival)
    else this.#ready.push(arrival)
    this.#immediate ??= setImmediate(() => this.#flush())
  }

  /** The subject is needed no more. */
  forget(key: number): void {
    this.#lastOfKey.delete(key)
  }

  /** The connection is gone. */
  lost(): void {
    this.#flush()
    this.#noteTrouble()
    this.#seen = []
    this.#isHolding = true
    this.#options.changed()
  }

  /** Reads from the stream what may be missing, and goes on live. */
  catchUp(why: string): void {
    if (this.#isStopped) return
    this.#noteTrouble()
    this.#readOn(why)
  }

  #readOn(why: string): void {
    this.#flush()
    this.#seen = []
    this.#isHolding = true
    this.#isAgain = true
    if (this.#running !== undefined) return
    this.#options.log.debug('Reading from the stream', {why, after: this.#verified})
    this.#running = this.#run().finally(() => {
      this.#running = undefined
    })
  }

  /** Looks at the stream; expected about every second. */
  async check(): Promise<void> {
    if (this.#isStopped || this.#running !== undefined || this.#isChecking) return
    if (!this.#options.isConnected()) return
    this.#isChecking = true
    try {
      const askedMs = this.#options.now()
      const delivered = this.#delivered
      const state = await this.#state()
      if (this.#isStopped || this.#running !== undefined) return
      if (this.#isHolding || !this.#isFresh() || !this.#isSame(state, delivered)) {
        this.catchUp('the stream has changed')
        return
      }
      this.#flush()
      this.#verify(state, askedMs)
    } catch (error) {
      // Who leads it may be dead: what it has and did not pass on is behind this.
      this.#noteTrouble()
      this.#options.log.debug('The stream does not answer', {error: textOf(error)})
    } finally {
      this.#isChecking = false
      this.#options.changed()
    }
  }

  /** The stream has another leader: who waits for the answer of the dead one asks this one. */
  elected(): void {
    for (const giveUp of this.#asking) giveUp(new Error('the stream has another leader'))
    setImmediate(() => void this.check())
  }

  /** Asks for the oldest that the stream has. */
  async look(): Promise<void> {
    const state = await this.#options.stream.state()
    const {firstSeq} = state
    if (this.#options.lives.isOf(state)) this.#firstSeq = Math.max(this.#firstSeq, firstSeq)
  }

  stop(): void {
    this.#isStopped = true
    clearImmediate(this.#immediate)
    this.#ready = []
    this.#held = []
  }

  #isFresh(): boolean {
    return this.#options.now() - this.#checkedMs <= CHECKED_MS
  }

  #isSame(state: StreamState, delivered: number): boolean {
    const {leader, lastSeq} = state
    // Behind what it had: its end is lost, and its numbers are given again.
    return this.#options.lives.isOf(state) && leader === this.#leader && lastSeq >= delivered
  }

  #verify({leader, firstSeq, lastSeq}: StreamState, askedMs: number): void {
    this.#settle(askedMs, lastSeq)
    this.#leader = leader
    this.#firstSeq = firstSeq
    this.#checkedMs = askedMs
    this.#verified = this.#delivered
    this.#sinceVerified.clear()
  }

  /** What the stream had so long ago has come, if it was for this node. */
  #settle(askedMs: number, lastSeq: number): void {
    this.#seen.push({atMs: askedMs, lastSeq})
    for (let [first] = this.#seen; first !== undefined; [first] = this.#seen) {
      if (askedMs - first.atMs < SETTLED_MS) return
      this.#delivered = Math.max(this.#delivered, first.lastSeq)
      this.#seen.shift()
    }
  }

  #noteTrouble(): void {
    if (this.#epoch === undefined) return
    this.#troubles.note(this.#seen[0]?.lastSeq ?? this.#verified)
  }

  #hold(arrival: Arrival): void {
    this.#heldBytes += arrival.data.length + HELD_OVERHEAD_BYTES
    this.#held.push(arrival)
    if (this.#heldBytes <= HELD_BYTES_MAX) return
    // They are in the stream.
    this.#dropHeld()
    this.#hasDropped = true
  }

  #dropHeld(): Arrival[] {
    const held = this.#held
    this.#held = []
    this.#heldBytes = 0
    return held
  }

  async #run(): Promise<void> {
    const {log, changed} = this.#options
    while (!this.#isStopped && this.#options.isConnected() && (this.#isAgain || this.#isHolding)) {
      this.#isAgain = false
      try {
        await this.#readUp()
      } catch (error) {
        this.#isAgain = true
        this.#noteTrouble()
        log.debug('Cannot read from the stream', {error: textOf(error)})
        changed()
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
    changed()
  }

  #state(): Promise<StreamState> {
    return new Promise((resolve, reject) => {
      this.#asking.add(reject)
      const asked = this.#options.stream.state().finally(() => this.#asking.delete(reject))
      asked.then(resolve, reject)
    })
  }

  async #readUp(): Promise<void> {
    const {now, lives} = this.#options
    let askedMs = now()
    let state = await this.#state()
    if (await lives.look(state, this.#delivered, this.#last)) {
      // What was written of it is behind this.
      state = await this.#state()
      if (this.#isStopped) return
      this.#begin(state)
    } else if (state.lastSeq > this.#verified) {
      const missing = await this.#options.read(this.#verified, state.lastSeq)
      const doneMs = now()
      const after = await this.#state()
      if (this.#isStopped) return
      // Reading may take longer than a look counts; what came live meanwhile came from one leader.
      if (after.leader === state.leader && lives.isOf(after)) askedMs = doneMs
      if (after.firstSeq > this.#verified + 1) this.#begin(state)
      else this.#catchUpWith(missing, state.lastSeq)
    }
    if (this.#isStopped || this.#isAgain) return
    this.#release(state, askedMs)
  }

  /** Where this node begins: of what was before it knows nothing. */
  #begin(state: StreamState): void {
    const isFirst = this.#epoch === undefined
    this.#epoch = this.#options.lives.epoch
    this.#firstSeq = state.firstSeq
    this.#delivered = state.lastSeq
    this.#verified = state.lastSeq
    this.#sinceVerified.clear()
    this.#seen = []
    this.#last = undefined
    this.#troubles.begin()
    this.#lastOfKey.clear()
    this.#options.begun(isFirst)
  }

  #catchUpWith(missing: readonly Arrival[], through: number): void {
    const late = missing.filter(({seq}) => !this.#sinceVerified.has(seq))
    this.lateMessages += late.filter(({seq}) => seq <= this.#delivered).length
    this.catchUps += 1
    for (const {key, seq} of missing) {
      if (key !== undefined) this.#lastOfKey.set(key, Math.max(this.#lastOfKey.get(key) ?? 0, seq))
    }
    this.#process(late)
    this.#delivered = Math.max(this.#delivered, through)
  }

  /** What came live meanwhile, and from now on. */
  #release(state: StreamState, askedMs: number): void {
    const before = this.#delivered
    // What was read is done; a mark that lies there has its answer now.
    const held = this.#dropHeld().filter(({key, seq}) => key === undefined || seq > before)
    this.#verify(state, askedMs)
    if (held.some((arrival) => this.#options.isUnclear(arrival))) {
      for (const arrival of held) this.#hold(arrival)
      this.#isAgain = true
      return
    }
    if (this.#hasDropped) {
      this.#hasDropped = false
      this.#isAgain = true
      return
    }
    this.#process(held)
    this.#isHolding = false
    this.#options.changed()
    this.#options.flushed()
  }

  #flush(): void {
    clearImmediate(this.#immediate)
    this.#immediate = undefined
    const ready = this.#ready
    if (ready.length === 0) return
    this.#ready = []
    this.#process(ready)
    this.#options.flushed()
  }

  #process(arrivals: readonly Arrival[]): void {
    let batch: Arrival[] = []
    const deliver = (): void => {
      if (batch.length > 0) this.#options.deliver(batch)
      batch = []
    }
    for (const arrival of arrivals) {
      if (this.#last === undefined || arrival.seq > this.#last.seq) this.#last = arrival
      if (arrival.key !== undefined) {
        batch.push(arrival)
        this.#sinceVerified.add(arrival.seq)
        if (arrival.seq < this.#delivered) this.lateMessages += 1
        continue
      }
      deliver()
      this.#delivered = Math.max(this.#delivered, arrival.seq)
      this.#options.marked(arrival)
    }
    const last = batch.at(-1)
    if (last !== undefined) this.#delivered = Math.max(this.#delivered, last.seq)
    deliver()
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
