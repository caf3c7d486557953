/**
 * Sends the rows of the application's table into the mesh, on the node that is master, for as long
 * as it is: reads the lowest ids, publishes each under the row's own id, removes what is stable,
 * and reads again. It goes on to other rows only when those are removed, so what may be delivered
 * and still be in the table is one batch.
 *
 * Why a row is delivered once: its messages are ordered in the sender's term or not at all
 * (`onlyInTerm`), so none comes late; the next master has delivered all of earlier terms before it
 * reads, knows those rows (SentRows) and only removes them; and what it has not delivered yet but
 * is in the order is a repeat of its caller's id. Why none is lost: it is removed when its message
 * is stable, by whoever knows that, which needs no fence: stable is stable in every term.
 */
import type {DeliveredMessage} from '../../mesh/coming-back.js'
import type {Standing} from '../../mesh/effect.js'
import {BATCH_BYTES} from '../../pool/outbox/outbox-store.js'
import type {AsideOrder, OutboxKey, OutboxRow, OutboxStore} from '../../pool/outbox/outbox-store.js'
import {WITHDRAWN} from '../../protocol/envelope.js'
import type {Position} from '../../protocol/position.js'
import {WsmeshError} from '../../util/errors.js'
import {CalmWarning} from '../calm-warning.js'
import {Rate, type Counters} from '../counters.js'
import {describeError} from '../log.js'
import type {Log} from '../log.js'
import {PublishGate} from '../publish-gate.js'
import type {Publisher, PublishOutcome} from '../publisher.js'
import type {RelayStats} from '../relay.js'
import {Pause} from './pause.js'
import {callerIdOf, messageOf} from './row-message.js'
import {SentRows} from './sent-rows.js'

/** Rows read at once. */
export const ROWS_MAX = 1000

/** Between two looks at an empty table: some nineteen a second. */
const IDLE_MS = 53

/** Between two batches that were not full: what comes meanwhile goes together. */
const BUSY_MS = 5

/** An empty table that is slow to read, for what is not purged in it, is read less often. */
const IDLE_SHARE = 4
const IDLE_MAX_MS = 2000

/** After a failure, doubled each time. */
const RETRY_MS = 100
const RETRY_MAX_MS = 2000

/** How long to wait before looking again whether something is committed. */
const STEP_MS = 10

/** What a batch that is under way has to end, when its node stops. */
const END_MS = 1000

export interface OutboxDrainOptions {
  readonly store: OutboxStore
  readonly publisher: Publisher
  readonly counters: Counters
  readonly log: Log
  readonly now: () => number
  /** Undefined before the node has started. */
  readonly core: () => {stats(): RelayStats} | undefined
}

type Sending = {readonly key: OutboxKey; readonly outcome: PublishOutcome}

export class OutboxDrain {
  readonly #options: OutboxDrainOptions
  readonly #sent = new SentRows()
  readonly #pause = new Pause()
  readonly #calm: CalmWarning
  readonly #rate: Rate
  /** Of which this node is master. */
  #term: number | undefined
  #running: Promise<void> | undefined
  #isStopped = false
  #isMade = false
  /** Undefined before it was looked. */
  #withTraces: boolean | undefined
  #failure: string | undefined
  #failures = 0
  /** What had been committed then was sent. */
  #sentUpToMs = 0

  constructor(options: OutboxDrainOptions) {
    this.#options = options
    const {counters, log, now} = options
    this.#calm = new CalmWarning(log)
    this.#rate = new Rate(() => counters.get('outboxRowsSent'), now())
  }

  /** Rows sent in the last whole second; undefined while another node sends them. */
  get rowsPerS(): number | undefined {
    return this.#running === undefined ? undefined : this.#rate.perS
  }

  /** The oldest row that waits is not older; undefined while another node sends them. */
  get lagMs(): number | undefined {
    if (this.#running === undefined) return undefined
    return Math.max(0, this.#options.now() - this.#sentUpToMs)
  }

  /** Expected about every second or more often. */
  sample(nowMs: number): void {
    this.#rate.sample(nowMs)
  }

  setStanding(standing: Standing): void {
    this.#term = termOf(standing)
    this.#pause.end()
    if (this.#term !== undefined) this.#start()
  }

  /** Of all that is delivered here. */
  delivered(messages: readonly DeliveredMessage[], epoch: string): void {
    for (const message of messages) this.#sent.delivered(message, epoch)
  }

  /** Reads no more; the batch under way goes on. */
  stop(): void {
    this.#isStopped = true
    this.#pause.end()
  }

  /** After stop: when the batch is at its end, or has had its time. */
  async end(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, END_MS)))
    await Promise.race([this.#running ?? Promise.resolve(), late])
    clearTimeout(timer)
  }

  /** At once. */
  async close(): Promise<void> {
    this.stop()
    await this.#options.store.close()
  }

  #start(): void {
    if (this.#running !== undefined || this.#isStopped) return
    const term = this.#term
    if (term === undefined) return
    this.#running = this.#drain(term).finally(() => {
      this.#running = undefined
      // Master again, of another term, while the last batch of the old one came to its end.
      this.#start()
    })
  }

  #isMaster(term: number): boolean {
    return this.#term === term && !this.#isStopped
  }

  async #drain(term: number): Promise<void> {
    const {log, store} = this.#options
    log.info('Sending the rows of the outbox', {outbox: store.label, term})
    let isSwept = false
    let isLookedAt = false
    this.#sentUpToMs = this.#options.now()
    while (this.#isMaster(term)) {
      let pauseMs = 0
      try {
        await this.#make()
        isLookedAt ||= await this.#lookForTraces()
        isSwept ||= await this.#sweep(term)
        pauseMs = isSwept ? await this.#batch(term) : STEP_MS
        this.#succeeded()
      } catch (error) {
        pauseMs = this.#failed(error)
        // It may be that its columns are others now.
        isLookedAt = false
      }
      if (pauseMs > 0 && this.#isMaster(term)) await this.#pause.wait(pauseMs)
    }
  }

  /** Once in a process, and again when the table is gone. */
  async #make(): Promise<void> {
    if (this.#isMade) return
    const {log, store} = this.#options
    const {made, procedureFailure} = await store.init()
    this.#isMade = true
    if (made.length > 0) log.info('Made the outbox', {made: made.join(', '), outbox: store.label})
    if (procedureFailure === undefined) return
    log.warn('Cannot make the procedure of the outbox: INSERT works without it', {
      error: describeError(procedureFailure),
    })
  }

  /** Once in a term, so that columns that were added are found. Always true. */
  async #lookForTraces(): Promise<true> {
    const {log, publisher, store} = this.#options
    if (!publisher.carriesTrace) return true
    const isNews = this.#withTraces !== false
    this.#withTraces = await store.hasTraces()
    if (this.#withTraces || !isNews) return true
    log.warn('The outbox has no columns for traces: its messages go without', {
      outbox: store.label, try: 'wsmesh outbox init --print   (add traceparent and tracestate)',
    })
    return true
  }

  /**
   * Removes what earlier masters sent. False while it is not known that all of that is delivered
   * everywhere. Only what was found is removed: see OutboxStore.find.
   */
  async #sweep(term: number): Promise<boolean> {
    const core = this.#options.core()?.stats()
    // This node has delivered what came before its term when it has delivered the term's beginning.
    if (core === undefined || (core.settledTerm ?? core.position.term) !== term) return false
    const rows = this.#sent.all()
    if (!rows.every(({position}) => isStable(position, core))) return false
    const {store} = this.#options
    for (let from = 0; from < rows.length; from += ROWS_MAX) {
      const found = await store.find(rows.slice(from, from + ROWS_MAX).map(({key}) => key))
      await store.remove(found)
    }
    return true
  }

  /** One batch; how long to wait before the next. */
  async #batch(term: number): Promise<number> {
    const {store, now, counters} = this.#options
    const sinceMs = now()
    const rows = await store.read(ROWS_MAX, {withTraces: this.#withTraces === true})
    const readMs = now() - sinceMs
    if (rows.length === 0) {
      this.#sentUpToMs = sinceMs
      return Math.min(Math.max(IDLE_MS, readMs * IDLE_SHARE), IDLE_MAX_MS)
    }
    if (!this.#isMaster(term)) return 0
    const {sending, bad, known} = this.#publish(rows, term)
    // Their failure must not keep the others in the table.
    const setAside = store.setAside(bad).catch((error: unknown) => toError(error))
    const sent = await this.#stableOf(await Promise.all(sending), term)
    const aside = await setAside
    counters.add('outboxRowsSent', sent.length)
    const keys = [...known, ...sent]
    await store.remove(keys)
    if (aside instanceof Error) throw aside
    counters.add('outboxRowsSetAside', aside)
    if (aside > 0) this.#tellAside(aside, bad)
    if (keys.length + bad.length === 0) return IDLE_MS
    if (keys.length + aside === rows.length && isAll(rows)) this.#sentUpToMs = sinceMs
    return rows.length < ROWS_MAX ? BUSY_MS : 0
  }

  #publish(rows: readonly OutboxRow[], term: number): {
    readonly sending: Promise<Sending>[]
    readonly bad: readonly AsideOrder[]
    /** Delivered before, by the tellings of the mesh. */
    readonly known: readonly OutboxKey[]
  } {
    const sending: Promise<Sending>[] = []
    const bad: AsideOrder[] = []
    const known: OutboxKey[] = []
    // None is taken after one that was refused: it would be sent before that one.
    const gate = new PublishGate(() => {})
    const {publisher} = this.#options
    const core = this.#options.core()?.stats()
    for (const row of rows) {
      const key = {id: row.id, createdUs: row.createdUs}
      const callerId = callerIdOf(key)
      const before = this.#sent.get(callerId)
      if (before !== undefined) {
        if (core !== undefined && isStable(before.position, core)) known.push(key)
        continue
      }
      const read = messageOf(row)
      if (!read.ok) {
        bad.push({...key, reason: read.reason})
        continue
      }
      const options = {callerId, onlyInTerm: term, gate, from: 'outbox'} as const
      const payload = publisher.traced(read.payload, row.trace ?? {})
      const publishing = publisher.publish(read.target, payload, options)
      sending.push(publishing.then((outcome) => ({key, outcome})))
    }
    return {sending, bad, known}
  }

  /**
   * Those that are stable. Where the mesh takes too long to say, a message to nobody goes after
   * them, until one is stable: then they are, since a node's messages keep their order.
   */
  async #stableOf(sent: readonly Sending[], term: number): Promise<readonly OutboxKey[]> {
    const isLate = sent.some(({outcome}) => outcome.type === 'timeout')
    const isOver = isLate && (await this.#isStableUpToNow(term))
    return sent
      .filter(({outcome: {type}}) => type === 'stable' || (isOver && type === 'timeout'))
      .map(({key}) => key)
  }

  async #isStableUpToNow(term: number): Promise<boolean> {
    const {target, payload} = WITHDRAWN
    while (this.#isMaster(term)) {
      const {type} = await this.#options.publisher.publish(target, payload, {
        onlyInTerm: term, from: 'outbox',
      })
      if (type !== 'timeout') return type === 'stable'
    }
    return false
  }

  #tellAside(count: number, bad: readonly AsideOrder[]): void {
    const [first] = bad
    this.#calm.warn('Rows of the outbox cannot be sent: set aside', {
      rows: count, row: first?.id, why: first?.reason, try: 'wsmesh outbox peek --aside',
    })
  }

  #succeeded(): void {
    this.#failures = 0
    if (this.#failure === undefined) return
    this.#failure = undefined
    const {log, store} = this.#options
    log.info('The rows of the outbox are sent again', {outbox: store.label})
  }

  /** Said once for each change, not each time; returns how long to wait. */
  #failed(error: unknown): number {
    const {counters, log, store} = this.#options
    if (!(error instanceof WsmeshError)) throw error
    if (error.code === 'OUTBOX_MISSING') this.#isMade = false
    counters.add('outboxFailures')
    const failure = describeError(error)
    if (this.#failure !== failure) {
      log.error('The rows of the outbox cannot be sent', {
        outbox: store.label, error: failure, try: error.suggestions.join('; or: '),
      })
    }
    this.#failure = failure
    this.#failures += 1
    return Math.min(RETRY_MS * 2 ** Math.min(this.#failures - 1, 10), RETRY_MAX_MS)
  }
}

/** In which this node is the one that sends rows. */
function termOf(standing: Standing): number | undefined {
  if (standing.state === 'linked') return standing.outboxTerm
  return standing.state === 'mastering' ? standing.term : undefined
}

/** What was delivered in an earlier epoch is in no log any more. */
function isStable({epoch, seq}: Position, core: RelayStats): boolean {
  return epoch !== core.epoch || seq <= core.stableSeq
}

/**
 * Whether there can have been no more than these. Characters take up to three bytes; fewer rows
 * than there might be are the safe side.
 */
function isAll(rows: readonly OutboxRow[]): boolean {
  const characters = rows.reduce((sum, {details, target}) => {
    const texts = [details, target].map((each) => (each.type === 'text' ? each.text.length : 0))
    return texts.reduce((all, length) => all + length, sum)
  }, 0)
  return rows.length < ROWS_MAX && characters < BATCH_BYTES / 4
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
