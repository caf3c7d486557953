/**
 * One node, asked once a second over a connection that stays: dialling and proving each time would
 * cost more than all the answers.
 */
import type {KnownNode} from '../operator/address-book.js'
import type {MeshAccess} from '../operator/mesh-access.js'
import type {OperatorConnection} from '../operator/operator-connection.js'
import type {SurveyedNode} from '../operator/pool-survey.js'
import type {NodeStats} from '../protocol/operator-frame.js'
import {formatDuration} from '../util/duration.js'
import {WsmeshError} from '../util/errors.js'

/** A node that hangs does not answer for this long, and then it is shown so. */
const SILENT_MS = 2500
const DIAL_MS = 2000
/** A connection without answers is given up, so that another is tried. */
const GIVE_UP_MS = 8000

export type LinkAccess = Pick<MeshAccess, 'connect'>

interface Answered {
  readonly stats: NodeStats
  readonly rttMs: number
  readonly atMs: number
}

export interface NodeLinkOptions {
  readonly known: KnownNode
  readonly access: () => LinkAccess
  /** Its connection ended: worth a look at once. */
  readonly onLost: () => void
  readonly now: () => number
}

export class NodeLink {
  readonly #options: NodeLinkOptions
  readonly #startedMs: number
  #connection: OperatorConnection | undefined
  #answered: Answered | undefined
  #failure: WsmeshError | undefined
  #asking: Promise<void> | undefined
  #isClosed = false

  constructor(options: NodeLinkOptions) {
    this.#options = options
    this.#startedMs = options.now()
  }

  get known(): KnownNode {
    return this.#options.known
  }

  /** The connection, while it is one of the node that was meant. */
  get connection(): OperatorConnection | undefined {
    const connection = this.#connection
    if (connection === undefined || connection.isOver) return undefined
    return connection.node === this.known.id ? connection : undefined
  }

  /** The mesh has another secret than ours: perhaps it was changed. */
  get isRejected(): boolean {
    return this.#failure?.code === 'AUTH_REJECTED'
  }

  /** Asks unless it is still being asked; resolves when that is over, and never rejects. */
  ask(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined))
    return this.#asking
  }

  /** As it was seen last. */
  look(): SurveyedNode {
    const {known} = this
    const {id, url} = known
    const base = {known, id, url}
    const connection = this.#connection
    if (connection !== undefined && !connection.isOver && connection.node !== id) {
      const why = `node ${connection.node} answers there`
      return {...base, state: 'stale', stats: undefined, rttMs: undefined, why}
    }
    const answered = this.#answered
    const silentMs = this.#options.now() - (answered?.atMs ?? this.#startedMs)
    if (this.#failure === undefined && silentMs < SILENT_MS) {
      const state = answered?.stats.role === 'isolated' ? 'isolated' : 'up'
      return {...base, state, stats: answered?.stats, rttMs: answered?.rttMs, why: undefined}
    }
    const why = this.#failure === undefined
      ? `no answer for ${formatDuration(silentMs)}`
      : reasonOf(this.#failure)
    const state = this.#failure !== undefined && why.includes('refused') ? 'stale' : 'unreachable'
    return {...base, state, stats: undefined, rttMs: undefined, why}
  }

  close(): void {
    this.#isClosed = true
    this.#connection?.close()
  }

  async #ask(): Promise<void> {
    try {
      const connection = await this.#connected()
      const [rttMs, stats] = await Promise.all([
        connection.ping(GIVE_UP_MS), connection.stats(GIVE_UP_MS),
      ])
      this.#answered = {stats, rttMs, atMs: this.#options.now()}
      this.#failure = undefined
    } catch (error) {
      if (!(error instanceof WsmeshError)) throw error
      this.#failure = error
      this.#connection?.close()
      this.#connection = undefined
    }
  }

  async #connected(): Promise<OperatorConnection> {
    const open = this.#connection
    if (open !== undefined && !open.isOver) return open
    const {access, known, onLost} = this.#options
    const connection = await access().connect(known.url, {timeoutMs: DIAL_MS})
    if (this.#isClosed) connection.close()
    this.#connection = connection
    const tell = (): void => {
      if (!this.#isClosed && this.#connection === connection) onLost()
    }
    void connection.closed.finally(tell)
    return connection
  }
}

function reasonOf(error: WsmeshError): string {
  const isPlain = error.code === 'NODE_UNREACHABLE' || error.code === 'TIMED_OUT'
  return isPlain && error.cause instanceof Error ? error.cause.message : error.message
}
