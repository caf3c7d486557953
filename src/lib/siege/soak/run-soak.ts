/**
 * The soak: cycles of churn, each followed by rest and a sample of every server, until there are
 * enough to tell growth from noise (docs/SIEGE.md, "Soak").
 */
import type {MeshSecret} from '../../auth/mesh-secret.js'
import {WsmeshError} from '../../util/errors.js'
import {Beginnings} from './beginnings.js'
import type {ChurnKind} from './churn-kinds.js'
import {Churn} from './churn.js'
import type {Work} from './churn.js'
import type {Failover} from './failover.js'
import {SampleSeries} from './soak-samples.js'
import type {CycleSample} from './soak-samples.js'
import type {SoakTarget} from './soak-target.js'

export interface SoakOptions {
  readonly targets: readonly SoakTarget[]
  readonly protocol: 'wsmesh' | 'plain'
  readonly secret: MeshSecret | undefined
  readonly kinds: readonly ChurnKind[]
  /** Measured cycles; with `untilMs` the least. */
  readonly cycles: number
  /** Goes on with cycles for so long, if it is longer. */
  readonly forMs: number | undefined
  /** Connections at each server in one cycle. */
  readonly connections: number
  /** At least so many in one of the warm-up: caches of connections are to be full at its end. */
  readonly warmUpConnections: number
  /** Visits at each server in the warm-up, however full caches are; undefined: until they are. */
  readonly warmUpVisits?: number | undefined
  readonly connectPerS: number
  readonly detailsBytes: number
  /** Rest is waited for so long after each cycle. */
  readonly restMs: number
  /** After the last connection ended, the servers' own clean-up is given so long. */
  readonly settleMs: number
  readonly seed: number
  /** Once, early in the measured cycles; who leads then is measured as long from there. */
  readonly failover?: Failover | undefined
  readonly signal: AbortSignal
  readonly onCycle: (progress: SoakProgress) => void
}

export interface SoakProgress {
  readonly cycle: number
  readonly isWarmUp: boolean
  /** Of the cycles so far. */
  readonly warmUpCycles: number
  /** To be measured in all; a master that changes makes them more. */
  readonly cycles: number
  readonly atS: number
  readonly work: Work
  readonly samples: ReadonlyMap<string, CycleSample>
}

export interface SoakRecord {
  readonly name: string
  readonly samples: readonly CycleSample[]
  /** Why it was not sampled to the end; undefined: it was. */
  readonly lost: string | undefined
  /** What of the samples' time was not rest. */
  readonly unrest: readonly string[]
}

export interface SoakRun {
  readonly records: readonly SoakRecord[]
  readonly work: Work
  readonly isInterrupted: boolean
  readonly durationS: number
  /** As they were at the end. */
  readonly targets: readonly SoakTarget[]
  /** What became of the master, when, and who was begun afresh; empty: it was always the same. */
  readonly failovers: readonly string[]
}

/** The measured cycle with the failover: those before it are the beginning of who goes on. */
const FAILOVER_AT = 3
const WARM_UP_MIN = 5
const WARM_UP_MAX = 40
/** A cache that grows by less than this part of the connections is none of theirs. */
const FILLING_SHARE = 0.05
const SAMPLE_TRIES = 3
const TRY_PAUSE_MS = 5000
const UNSETTLED = -1
/** Nodes take up to 50 s to find one out: in each cycle, most of a soak would be that. */
const HALF_OPEN_EACH = 4

/** Connections, then messages: what a leak goes with is told apart by doses that differ. */
const DOSES = [[1, 1], [0.5, 1], [1, 0.5], [0.5, 0.5]] as const

export async function runSoak(options: SoakOptions): Promise<SoakRun> {
  return new Soak(options).run()
}

class Soak {
  readonly #options: SoakOptions
  readonly #churn: Churn
  readonly #series = new Map<string, SampleSeries>()
  readonly #lost = new Map<string, string>()
  readonly #unrest = new Map<string, string[]>()
  readonly #startMs = performance.now()
  readonly #failovers: string[] = []
  readonly #beginnings: Beginnings
  /** Who was master when the mesh was last seen whole. */
  readonly #leads = new Map<string, boolean>()
  #targets: readonly SoakTarget[]
  #failoverCycle = 0
  #warmUpCycles = 0
  #linksOfAll = 0
  /** Connections that others had at the beginning. */
  readonly #others = new Map<string, number>()

  constructor(options: SoakOptions) {
    this.#options = options
    this.#targets = options.targets
    this.#churn = new Churn(options)
    this.#beginnings = new Beginnings({warmUpCycles: WARM_UP_MIN, cycles: options.cycles})
    for (const {place} of options.targets) {
      this.#series.set(place.name, new SampleSeries())
      this.#unrest.set(place.name, [])
    }
  }

  async run(): Promise<SoakRun> {
    const {targets, signal, forMs = 0, failover} = this.#options
    for (const target of targets) {
      this.#others.set(target.place.name, (await target.rest()).connections ?? 0)
    }
    const links = await this.#links()
    // Fewer are not all of the mesh: then nobody knows how many links there should be.
    if (links === 2 * (targets.length - 1)) this.#linksOfAll = links
    let cycle = await this.#warmUp()
    this.#beginnings.measureFrom(cycle)
    if (failover !== undefined) this.#failoverCycle = cycle + FAILOVER_AT
    const isEnough = (): boolean =>
      cycle >= this.#beginnings.lastCycle && this.#elapsedMs() >= forMs
    while (!this.#isOver() && !isEnough()) {
      const [connections, messages] = DOSES[cycle % DOSES.length] ?? [1, 1]
      cycle += 1
      await this.#cycle(cycle, {isWarmUp: false, connections, messages, drains: true})
    }
    this.#churn.letGo()
    return {
      records: targets.map(({place: {name}}) => ({
        name,
        samples: this.#series.get(name)?.all ?? [],
        lost: this.#lost.get(name),
        unrest: this.#unrest.get(name) ?? [],
      })),
      work: this.#churn.work,
      isInterrupted: signal.aborted,
      durationS: this.#elapsedMs() / 1000,
      targets: this.#targets,
      failovers: this.#failovers,
    }
  }

  /** Until caches with a bound have stopped to grow. The last of it rests as long as any cycle. */
  async #warmUp(): Promise<number> {
    const {connections, warmUpConnections, warmUpVisits} = this.#options
    const each = warmUpVisits === undefined ? warmUpConnections : warmUpVisits / WARM_UP_MIN
    const more = Math.max(1, each / connections)
    for (let cycle = 1; ; cycle += 1) {
      const isEnough = warmUpVisits !== undefined || this.#areCachesFull()
      const isLast = cycle >= WARM_UP_MAX || (cycle >= WARM_UP_MIN && isEnough)
      await this.#cycle(cycle, {isWarmUp: true, connections: more, messages: 1, drains: isLast})
      if (isLast || this.#isOver()) return cycle
    }
  }

  #areCachesFull(): boolean {
    return [...this.#series.values()].every(({all}) => {
      const [before, last] = all.slice(-2)
      if (before === undefined || last === undefined) return false
      const {connections, warmUpConnections} = this.#options
      const filling = Math.max(connections, warmUpConnections) * FILLING_SHARE
      return Object.entries(last.sample.gauges).every(
        ([name, {kind, value}]) =>
          kind !== 'bounded' || value - (before.sample.gauges[name]?.value ?? 0) < filling,
      )
    })
  }

  async #cycle(
    cycle: number,
    dose: {
      readonly isWarmUp: boolean
      readonly connections: number
      readonly messages: number
      readonly drains: boolean
    },
  ): Promise<void> {
    const {connections, kinds, onCycle} = this.#options
    const visitsEach = Math.max(1, Math.round(connections * dose.connections))
    const isFailover = cycle === this.#failoverCycle && this.#options.failover !== undefined
    const failedOver = isFailover ? this.#failOver(this.#options.failover, cycle) : undefined
    const hasHalfOpen = kinds.length === 1 || cycle % HALF_OPEN_EACH === 0
    await this.#churn.run({visitsEach, messageShare: dose.messages, hasHalfOpen})
    await failedOver
    await this.#rest(dose.drains)
    const samples = new Map<string, CycleSample>()
    // One after the other: while one stands still to be counted, the others keep the mesh.
    for (const target of this.#targets) {
      await this.#whole()
      if (this.#isOver()) return
      const sample = await this.#sample(target, cycle, dose.isWarmUp)
      if (sample !== undefined) samples.set(target.place.name, sample)
    }
    const atS = this.#elapsedMs() / 1000
    const {isWarmUp} = dose
    if (isWarmUp) this.#warmUpCycles = cycle
    const warmUpCycles = this.#warmUpCycles
    const cycles = this.#beginnings.lastCycle - warmUpCycles
    onCycle({cycle, isWarmUp, warmUpCycles, cycles, atS, work: this.#churn.work, samples})
  }

  /** While visits go on. */
  async #failOver(failover: Failover, cycle: number): Promise<void> {
    this.#churn.excuse(true)
    try {
      const {what, replaced} = await failover.run(this.#targets)
      this.#failovers.push(`in cycle ${cycle} ${what}`)
      if (replaced === undefined) return
      const {index, target} = replaced
      this.#targets = this.#targets.with(index, target)
      this.#churn.retarget(this.#targets)
      this.#series.set(target.place.name, new SampleSeries())
      this.#beginnings.afresh(target.place.name, cycle)
    } catch (error) {
      if (!(error instanceof WsmeshError)) throw error
      const [first] = this.#targets
      if (first !== undefined) this.#lost.set(first.place.name, `the failover: ${error.message}`)
    } finally {
      this.#churn.excuse(false)
    }
  }

  /** Until nobody is connected and nothing is on its way; with `drains`, nothing kept either. */
  async #rest(drains: boolean): Promise<void> {
    const {restMs, settleMs} = this.#options
    const targets = this.#targets
    const endMs = performance.now() + restMs
    let isCalm = false
    while (!isCalm && performance.now() < endMs && !this.#isOver()) {
      await delay(settleMs / 2)
      const states = await Promise.all(targets.map((target) => this.#unrestOf(target, drains)))
      isCalm = this.#churn.left === 0 && states.every((state) => state === undefined)
    }
    this.#churn.letGo()
    await delay(settleMs)
    if (isCalm || !drains) return
    for (const target of targets) {
      const state = await this.#unrestOf(target, drains)
      if (state !== undefined) this.#unrest.get(target.place.name)?.push(state)
    }
  }

  /**
   * Who was counted stood still, and may have been taken for dead: what it holds is compared when
   * the mesh is as it was.
   */
  async #whole(): Promise<void> {
    const endMs = performance.now() + this.#options.restMs
    while (performance.now() < endMs && !this.#isOver()) {
      if ((await this.#links()) >= this.#linksOfAll) return
      await delay(this.#options.settleMs / 2)
    }
  }

  /** Of all nodes together; -1: one of them is not settled, or does not answer. */
  async #links(): Promise<number> {
    const states = await Promise.all(this.#targets.map(async (target) =>
      target.rest().catch(() => undefined)))
    let links = 0
    for (const state of states) {
      if (state === undefined) return UNSETTLED
      const {place} = state
      if (place?.isSettled === false) return UNSETTLED
      links += place?.links ?? 0
    }
    for (const [index, {place}] of this.#targets.entries()) {
      const state = states[index]?.place
      if (state) this.#leads.set(place.name, state.isMaster)
    }
    return links
  }

  async #unrestOf(target: SoakTarget, drains: boolean): Promise<string | undefined> {
    try {
      const {connections, underWay, history} = await target.rest()
      const others = this.#others.get(target.place.name) ?? 0
      if ((connections ?? 0) > others) return `${connections} connections were left`
      if (underWay > 0) return 'messages were on their way'
      return drains && history > 0 ? `${history} messages were still in the history` : undefined
    } catch {
      // Whether it is gone for good is found out when it is sampled.
      return 'it did not answer'
    }
  }

  async #sample(
    target: SoakTarget, cycle: number, isWarmUp: boolean,
  ): Promise<CycleSample | undefined> {
    const {name, clientUrl} = target.place
    for (let tries = 1; ; tries += 1) {
      try {
        const {sample} = await target.sample()
        const atS = this.#elapsedMs() / 1000
        const {messages, byTarget} = this.#churn.work
        const done = byTarget.get(clientUrl) ?? {}
        const work = {connection: 0, message: messages, hour: atS / 3600, ...done}
        const leads = this.#leads.get(name)
        this.#afreshIfOtherPart(name, cycle, leads)
        const isFresh = isWarmUp || this.#beginnings.isWarmUp(name, cycle)
        const taken = {cycle, isWarmUp: isFresh, atS, work, sample, leads}
        this.#lostByRestart(name, taken)
        this.#series.get(name)?.add(taken)
        return taken
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error)
        if (tries >= SAMPLE_TRIES || this.#options.signal.aborted) {
          this.#lost.set(name, `no sample after cycle ${cycle}: ${why}`)
          return undefined
        }
        await delay(TRY_PAUSE_MS)
      }
    }
  }

  /** The master of before the failover, and that of now. */
  #afreshIfOtherPart(name: string, cycle: number, leads: boolean | undefined): void {
    const isOther = leads !== undefined && this.#beginnings.sees(name, leads)
    if (!isOther || cycle !== this.#failoverCycle) return
    this.#beginnings.afresh(name, cycle)
    this.#series.get(name)?.startAgain()
    const what = leads ? 'leads since then' : 'leads no longer'
    this.#failovers.push(`${name} ${what}: its measure begins afresh, five cycles warm it up`)
  }

  #isOver(): boolean {
    return this.#options.signal.aborted || this.#lost.size > 0
  }

  /** Another process answers: nothing can be compared any more. */
  #lostByRestart(name: string, {cycle, sample}: CycleSample): void {
    const [first] = this.#series.get(name)?.all ?? []
    if (first === undefined) return
    const isSame = first.sample.pid === sample.pid && sample.uptimeMs >= first.sample.uptimeMs
    if (isSame) return
    this.#lost.set(name, `its process was another one after cycle ${cycle}: restarted`)
  }

  #elapsedMs(): number {
    return performance.now() - this.#startMs
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
