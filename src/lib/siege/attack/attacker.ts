/** One process of a siege: its clients, its publishers, its part of the schedule, its books. */
import {setTimeout as delay} from 'node:timers/promises'
import {SentBook} from '../ledger/sent-book.js'
import type {SentStream} from '../ledger/sent-book.js'
import {nowUs} from '../measure/clock.js'
import {collectGarbage} from '../measure/collect-garbage.js'
import {HealthWatch} from '../measure/health.js'
import {encode} from '../measure/histograms.js'
import {Schedule} from '../plan/schedule.js'
import type {ConnectionReport} from '../run-report.js'
import {ConnectPacer} from './connect-pacer.js'
import {Field} from './field.js'
import {eachMeter} from './job.js'
import type {
  Attack, AttackJob, AttackTarget, OnSecond, OpenResult, PartFinal, PartSent,
} from './job.js'
import {openPublishers} from './open-publishers.js'
import {Pacer} from './pacer.js'
import {Proofs} from './proofs.js'
import type {Publisher} from './publisher.js'
import {Receiver} from './receiver.js'

const LOOK_AGAIN_MS = 20
const CONNECTIONS_REPORTED = 20
/** Leaving together saves work, and may show in this part of what is measured. */
const TOGETHER_SHARE = 0.05
const TOGETHER_US_MAX = 500
/** So many connections leave so much behind that collecting it would fall into the load. */
const COLLECT_FROM = 1000
const SIP_MS = 1000
const MINUTE_MS = 60_000

const NOTHING = {sent: 0, excluded: new Set<number>()} as const

export class Attacker implements Attack {
  readonly #job: AttackJob
  readonly #field: Field
  readonly #onSecond: OnSecond
  readonly #sent = new SentBook()
  readonly #health = new HealthWatch()
  #receivers: readonly Receiver[] = []
  #publishers: readonly Publisher[] = []
  #connects: ConnectPacer | undefined
  #pacer: Pacer | undefined
  #timers: NodeJS.Timeout[] = []
  #turn = 0
  #churned = 0
  #isLoading = false
  #totals = new Map<number, {readonly sent: number; readonly excluded: ReadonlySet<number>}>()
  #senders: readonly number[] = []
  #isOver = false

  constructor(job: AttackJob, onSecond: OnSecond) {
    this.#job = job
    this.#field = new Field(job)
    this.#onSecond = onSecond
  }

  async open(): Promise<OpenResult> {
    const proofs = await Proofs.open(this.#job)
    this.#receivers = await this.#makeReceivers(proofs)
    this.#publishers = await openPublishers({
      field: this.#field, sent: this.#sent, secret: proofs.secret,
    })
    this.#everySecond(nowUs())
    this.#connects = new ConnectPacer(this.#receivers, this.#job)
    await this.#connects.done(() => this.#isOver)
    if (this.#receivers.length >= COLLECT_FROM) collectGarbage()
    const open = this.#receivers.filter(({isIn}) => isIn).length
    return {wanted: this.#receivers.length, open, errors: this.#field.errors.list()}
  }

  load(startUs: number): Promise<PartSent> {
    const schedule = new Schedule(this.#job.stretches)
    return new Promise((resolve) => {
      this.#pacer = new Pacer({
        schedule,
        part: this.#job.part,
        parts: this.#job.parts,
        onSlot: (slot, intendedUs) => this.#slot(slot, intendedUs),
        onBatch: () => this.#flush(),
        togetherUs: () => Math.min(TOGETHER_US_MAX, this.#field.typicalUs * TOGETHER_SHARE),
        onDropped: (slots) => (this.#field.tally.dropped += slots),
        onEnd: () => resolve(this.#answered()),
      })
      this.#field.startUs = startUs
      this.#field.onActivity = () => this.#pacer?.poll()
      this.#isLoading = true
      this.#health.begin()
      this.#everySecond(startUs)
      this.#churnOften()
      this.#pacer.start(startUs)
    })
  }

  async settle(streams: readonly SentStream[]): Promise<void> {
    this.#totals = new Map(streams.map(({stream, sent, excluded}) =>
      [stream, {sent, excluded: new Set(excluded)}]))
    this.#senders = [...new Set(streams.map(({stream}) => this.#field.senderOf(stream)))]
    const deadlineMs = performance.now() + this.#job.drainMs
    while (performance.now() < deadlineMs && !this.#isOver) {
      const startMs = performance.now()
      if (this.#isWhole()) return
      // Looking at many books takes long, and what arrives meanwhile waits.
      await delay(Math.max(LOOK_AGAIN_MS, (performance.now() - startMs) * 4))
    }
  }

  async finish(): Promise<PartFinal> {
    this.#stopTimers()
    const {tally, meters, stretches, errors, closes} = this.#field
    const reports = this.#receivers.filter(({isSlow}) => !isSlow).map((it) => this.#reportOf(it))
    const sum = (of: (report: ConnectionReport) => number): number =>
      reports.reduce((total, report) => total + of(report), 0)
    const final: PartFinal = {
      tally: {...tally},
      lost: sum(({lost}) => lost),
      expected: sum(({lost, delivered}) => lost + delivered),
      histograms: eachMeter((meter) => encode(meters[meter])),
      stretches: stretches.map(encode),
      errors: errors.list(),
      closes: closes.list(),
      connections: worstOf(reports),
      fastest: this.#receivers.flatMap(({index, fastestUs}) =>
        fastestUs === undefined ? [] : [{connection: index, us: fastestUs}]),
      health: this.#health.final(),
    }
    await this.#leave()
    return final
  }

  retarget(targets: readonly AttackTarget[]): void {
    this.#field.targets = targets
  }

  stop(): void {
    this.#pacer?.stop()
  }

  destroy(): void {
    this.#isOver = true
    this.#pacer?.stop()
    this.#stopTimers()
    for (const receiver of this.#receivers) receiver.destroy()
    for (const publisher of this.#publishers) publisher.close()
  }

  #stopTimers(): void {
    for (const timer of this.#timers) clearInterval(timer)
    clearTimeout(this.#secondTimer)
  }

  async #makeReceivers(proofs: Proofs): Promise<readonly Receiver[]> {
    const {part, parts, audience, localAddresses, slowReadersPercent} = this.#job
    const receivers: Receiver[] = []
    for (let index = part; index < audience.connections; index += parts) {
      receivers.push(new Receiver({
        field: this.#field,
        index,
        token: await proofs.of(this.#field.audience.userOf(index)),
        isSlow: isAmong(index, slowReadersPercent),
        localAddress: localAddresses[index % Math.max(1, localAddresses.length)],
      }))
    }
    return receivers
  }

  /** Late here is the generator's own fault; what waits for a connection after that is not. */
  #slot(slot: number, intendedUs: number): void {
    this.#field.record('late', intendedUs, nowUs() - intendedUs)
    const {kind, index} = this.#field.audience.addressee(slot)
    if (kind === 'echo') {
      const receiver = this.#receivers[this.#turn % this.#receivers.length]
      this.#turn += 1
      if (receiver?.isSlow === true) return this.#slot(slot, intendedUs)
      receiver?.hit(intendedUs)
      if (receiver !== undefined) this.#dirty.push(receiver)
      return
    }
    const publisher = this.#publishers[this.#turn % this.#publishers.length]
    this.#turn += 1
    publisher?.publish({kind, target: index, intendedUs})
  }

  readonly #dirty: Receiver[] = []

  #flush(): void {
    for (const publisher of this.#publishers) publisher.flush()
    for (const receiver of this.#dirty) receiver.flush()
    this.#dirty.length = 0
  }

  /** Until all have their answers, or have had their time. */
  async #answered(): Promise<PartSent> {
    this.#isLoading = false
    this.#health.end(this.#pacer?.idleUs)
    const deadlineMs = performance.now() + this.#job.drainMs
    const pending = (): number => this.#publishers.reduce((sum, {pending: n}) => sum + n, 0)
    while (pending() > 0 && performance.now() < deadlineMs && !this.#isOver) {
      await delay(LOOK_AGAIN_MS)
    }
    for (const publisher of this.#publishers) publisher.giveUp()
    return {streams: this.#sent.streams()}
  }

  #isWhole(): boolean {
    return this.#receivers.every((receiver) => receiver.isSlow || this.#lostOf(receiver) === 0)
  }

  #lostOf(receiver: Receiver): number {
    return receiver.result((stream) => this.#totals.get(stream) ?? NOTHING, this.#senders).lost
  }

  #reportOf(receiver: Receiver): ConnectionReport {
    const {index, user, nodeName, duplicated, reordered, misdelivered, corrupted} = receiver
    const result = receiver.result((stream) => this.#totals.get(stream) ?? NOTHING, this.#senders)
    return {
      connection: index, user: String(user), node: nodeName, ...result,
      duplicated, reordered, misdelivered, corrupted, closes: receiver.closes,
    }
  }

  /** Whole seconds from then on; a late timer moves none of the later ones. */
  #everySecond(startUs: number): void {
    for (const timer of this.#timers) clearInterval(timer)
    clearTimeout(this.#secondTimer)
    this.#timers = []
    this.#nextSecond(startUs, 1)
    if (this.#job.slowReadersPercent > 0) {
      this.#timers.push(setInterval(() => this.#sip(), SIP_MS))
    }
  }

  #secondTimer: NodeJS.Timeout | undefined

  #nextSecond(startUs: number, second: number): void {
    this.#secondTimer = setTimeout(() => {
      this.#tick(second)
      this.#nextSecond(startUs, second + 1)
    }, Math.max(0, (startUs - nowUs()) / 1000 + second * 1000))
  }

  #tick(second: number): void {
    const {histogram, bins} = this.#field.takeSecond()
    this.#onSecond({
      atS: second,
      isLoad: this.#field.startUs !== undefined,
      tally: {...this.#field.tally},
      histogram: encode(histogram),
      bins,
      ...this.#health.second(),
    })
  }

  #sip(): void {
    for (const receiver of this.#receivers) receiver.sip()
  }

  /** Every other one closes in order, every other one comes back as somebody new. */
  #churnOften(): void {
    const {churnPerMinute, parts} = this.#job
    if (churnPerMinute === 0 || this.#receivers.length === 0) return
    this.#timers.push(setInterval(() => {
      if (!this.#isLoading) return
      const receiver = this.#receivers[this.#churned % this.#receivers.length]
      const turn = this.#churned
      this.#churned += 1
      receiver?.churn(turn % 2 === 0 ? 'close' : 'cut', turn % 4 < 2 ? 'resuming' : 'new')
    }, (MINUTE_MS / churnPerMinute) * parts))
  }

  async #leave(): Promise<void> {
    for (const receiver of this.#receivers) receiver.close()
    for (const publisher of this.#publishers) publisher.close()
    const deadlineMs = performance.now() + LEAVE_MS
    while (this.#receivers.some(({isIn}) => isIn) && performance.now() < deadlineMs) {
      await delay(LOOK_AGAIN_MS)
    }
    this.destroy()
  }
}

const LEAVE_MS = 3000

/** Evenly spread over all. */
function isAmong(index: number, percent: number): boolean {
  return Math.floor(((index + 1) * percent) / 100) > Math.floor((index * percent) / 100)
}

function badness(report: ConnectionReport): number {
  const {lost, duplicated, reordered, misdelivered, corrupted, closes} = report
  return (lost + duplicated + misdelivered + corrupted) * 1e6 + reordered * 1e3 + closes
}

function worstOf(reports: readonly ConnectionReport[]): readonly ConnectionReport[] {
  return reports
    .filter((report) => badness(report) > 0)
    .toSorted((a, b) => badness(b) - badness(a))
    .slice(0, CONNECTIONS_REPORTED)
}

