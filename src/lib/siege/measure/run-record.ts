/** What is known of a run while it goes on: its seconds, its silences, its live thresholds. */
import {randomInt} from 'node:crypto'
import type {PartSecond} from '../attack/job.js'
import {RAMP} from '../attack/field.js'
import type {NodeWatch} from '../nodes/node-watch.js'
import {Schedule} from '../plan/schedule.js'
import type {NodeSample} from '../run-report.js'
import type {NodeSecond, SecondSample} from '../second-sample.js'
import type {SiegeSettings} from '../settings.js'
import {LiveThresholds} from '../verdict/live-thresholds.js'
import {SecondGatherer} from './second-gatherer.js'
import type {Gathered} from './second-gatherer.js'

export interface RunRecordOptions {
  readonly settings: SiegeSettings
  readonly nodes: NodeWatch
  readonly onSecond: (sample: SecondSample) => void
  /** With --abort-on-fail: a threshold that cannot hold any more. */
  readonly onBroken: (text: string) => void
  readonly onGathered: (second: Gathered) => void
}

const RUN_MAX = 2 ** 32 - 1

export class RunRecord {
  /** Of this siege alone: other sieges' messages carry another. */
  readonly run = randomInt(1, RUN_MAX)
  readonly schedule: Schedule
  readonly seconds: SecondSample[] = []
  /** Deliveries in each hundredth of a second since the load began. */
  readonly bins: number[] = []
  readonly #options: RunRecordOptions
  readonly #gatherer: SecondGatherer
  readonly #live: LiveThresholds | undefined
  #marks: string[] = []
  #isBroken = false
  #work: Promise<void> = Promise.resolve()

  constructor(options: RunRecordOptions) {
    const {settings} = options
    this.#options = options
    this.schedule = new Schedule(settings.stretches)
    this.#live = settings.abortsOnFail ? new LiveThresholds(settings) : undefined
    this.#gatherer = new SecondGatherer({
      parts: settings.processes,
      schedule: this.schedule,
      openingS: Math.ceil(settings.connections / settings.connectPerS),
      phaseAt: (atS) => phaseAt(settings, atS),
      onSecond: (second) => this.#gathered(second),
    })
  }

  add(second: PartSecond): void {
    this.#gatherer.add(second)
  }

  mark(text: string): void {
    this.#marks.push(text)
  }

  /** The nodes have been asked for all seconds so far. */
  settled(): Promise<void> {
    return this.#work
  }

  #gathered(second: Gathered): void {
    const {tally: _, histogram: __, bins, isLoad, ...sample} = second
    const marks = this.#marks
    this.#marks = []
    if (isLoad) {
      const from = (second.atS - 1) * bins.length
      while (this.bins.length < from) this.bins.push(0)
      for (const [index, count] of bins.entries()) this.bins[from + index] = count
    }
    this.#options.onGathered(second)
    const isMeasured = isLoad && sample.phase !== RAMP && sample.phase !== 'drain'
    const broken = isMeasured ? this.#live?.broken(second) : undefined
    if (broken !== undefined && !this.#isBroken) {
      this.#isBroken = true
      this.#options.onBroken(broken)
    }
    this.#work = this.#work.then(() => this.#sampled({...sample, marks}, isLoad))
  }

  async #sampled(sample: Omit<SecondSample, 'nodes'>, isLoad: boolean): Promise<void> {
    const isUnderLoad = isLoad && sample.phase !== 'drain'
    const nodes = await this.#options.nodes.sample(sample.atS, isUnderLoad)
    const whole = {...sample, nodes: nodes.map(withoutTime)}
    this.seconds.push(whole)
    this.#options.onSecond(whole)
  }
}

function withoutTime(sample: NodeSample & {readonly node: string}): NodeSecond {
  const {node, connections, rssBytes, heapBytes, cpuPercent, loopDelayMs, queueBytes, role} = sample
  return {node, connections, rssBytes, heapBytes, cpuPercent, loopDelayMs, queueBytes, role}
}

function phaseAt({stretches}: SiegeSettings, atS: number): string {
  let endS = 0
  for (const {name, durationS} of stretches) {
    endS += durationS
    if (atS <= endS) return name
  }
  return 'drain'
}
