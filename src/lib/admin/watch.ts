/**
 * The heart of the admin process: one look at the mesh a second, one snapshot of it, and all pages
 * share them. Events and charts go on while nobody looks, so that whoever opens the page at night
 * sees what happened before.
 */
import type {Survey} from '../operator/pool-survey.js'
import {alertsOf} from './alerts.js'
import {EventBook} from './event-book.js'
import {HistoryBook} from './history.js'
import type {LocalNodes} from './local-nodes.js'
import type {MeshEye} from './mesh-eye.js'
import {masterOf, nodeRows, RelayRates, sampleOf, totalsOf} from './rows.js'
import type {SiegeState, Snapshot} from './wire.js'

export const LOOK_MS = 1000
/** Something happened: looked at no sooner than this after the look before. */
const STIR_MS = 150

export type SnapshotCore = Omit<Snapshot, 'events' | 'pages'>

export interface WatchOptions {
  readonly eye: Pick<MeshEye, 'survey'>
  readonly locals: Pick<LocalNodes, 'list'>
  readonly siege: () => SiegeState | null
  readonly expected: number | undefined
  /** Milliseconds since 1970. */
  readonly wallClock: () => number
  /** Monotonic milliseconds. */
  readonly now: () => number
  readonly onSnapshot: (snapshot: SnapshotCore) => void
}

export class Watch {
  readonly events = new EventBook()
  readonly history = new HistoryBook()
  readonly #options: WatchOptions
  readonly #rates = new RelayRates()
  #last: SnapshotCore | undefined
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined
  #lookedMs = 0
  #isStirred = false
  #isOver = false

  constructor(options: WatchOptions) {
    this.#options = options
  }

  /** The newest, for a page that has just come. */
  get last(): SnapshotCore | undefined {
    return this.#last
  }

  start(): void {
    void this.#look()
  }

  /** Something happened: look again soon, and then once a second as before. */
  stir(): void {
    this.#isStirred = true
    if (this.#looking === undefined) this.#schedule()
  }

  async close(): Promise<void> {
    this.#isOver = true
    clearTimeout(this.#timer)
    await this.#looking
  }

  #schedule(): void {
    if (this.#isOver) return
    clearTimeout(this.#timer)
    const everyMs = this.#isStirred ? STIR_MS : LOOK_MS
    this.#isStirred = false
    const leftMs = Math.max(0, this.#lookedMs + everyMs - this.#options.now())
    this.#timer = setTimeout(() => void this.#look(), leftMs)
  }

  async #look(): Promise<void> {
    this.#lookedMs = this.#options.now()
    this.#looking = this.#see()
    await this.#looking
    this.#looking = undefined
    this.#schedule()
  }

  async #see(): Promise<void> {
    const {eye, locals, siege, expected, wallClock, now, onSnapshot} = this.#options
    const [survey, local] = await Promise.all([eye.survey(), locals.list()])
    if (this.#isOver) return
    const at = wallClock()
    const supervisors = new Map(local.flatMap(({nodeId, supervisorPid}) =>
      nodeId === null ? [] : [[nodeId, supervisorPid] as const]))
    const rows = nodeRows(survey, this.#rates.look(survey, now()), supervisors)
    const totals = totalsOf(rows)
    const master = masterOf(survey)
    const mastership = {master: master?.node ?? null, term: master?.term ?? survey.leaseTerm}
    this.events.look(at, rows, countersOf(survey), mastership)
    this.history.add(at, totals, new Map(rows.map((row) => [row.id, sampleOf(row)])))
    this.#last = {
      type: 'snapshot',
      at,
      ...mastership,
      expected: expected ?? null,
      nodes: rows,
      totals,
      alerts: alertsOf({survey, rows, expected, slow: this.events.slow(at)}),
      local: local.map((node) => ({...node, state: node.nodeId === null ? 'starting' : 'running'})),
      siege: siege(),
    }
    onSnapshot(this.#last)
  }
}


function countersOf({nodes}: Survey) {
  return nodes.flatMap(({id, stats}) =>
    stats === undefined ? [] : [{id, counters: stats.counters}])
}
