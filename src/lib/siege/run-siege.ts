/** A siege from its settings to its report: open, load, drain, judge. */
import type {ReachFlagValues} from '../cli/reach.js'
import {plural} from '../cli/plural.js'
import {WsmeshError} from '../util/errors.js'
import type {
  Attack, AttackJob, AttackTarget, OnSecond, OpenResult, PartFinal,
} from './attack/job.js'
import {buildReport} from './build-report.js'
import {FaultRunner} from './faults/fault-runner.js'
import {nowUs} from './measure/clock.js'
import {cpuSince} from './measure/health.js'
import {RunRecord} from './measure/run-record.js'
import {NodeWatch} from './nodes/node-watch.js'
import {preflight} from './preflight.js'
import type {Preflight} from './preflight.js'
import type {RunReport} from './run-report.js'
import type {SiegeEvent} from './second-sample.js'
import type {SiegeSettings} from './settings.js'
import {startLine} from './start-line.js'
import {StairWatch} from './stair-watch.js'
import {openBattlefield} from './targets/battlefield.js'
import type {Battlefield} from './targets/battlefield.js'
import {followPool} from './targets/follow-pool.js'

export interface SiegeContext {
  readonly reach: ReachFlagValues
  readonly packageRoot: string
  readonly version: string
  readonly env: NodeJS.ProcessEnv
  /** Ends the load; what was sent is waited for, and there is a report. */
  readonly signal: AbortSignal
  readonly onEvent: (event: SiegeEvent) => void
  /** A line of the log of a node that the siege started. */
  readonly onLog: (line: string) => void
}

/** Between the order to begin and the beginning: until it has reached all processes. */
const LEAD_US = 50_000
const LEAD_OF_PROCESSES_US = 250_000

/** What is not built yet has no file to run. */
const CAN_FORK = import.meta.url.endsWith('.js')

/** Rejects with a WsmeshError when nothing could be measured. */
export async function runSiege(settings: SiegeSettings, context: SiegeContext): Promise<RunReport> {
  const field = await openBattlefield({...context, settings})
  try {
    const checked = await preflight(settings, field.targets)
    const siege = new Siege(settings, context, field, checked)
    return await siege.run()
  } finally {
    await field.close()
  }
}

class Siege {
  readonly #settings: SiegeSettings
  readonly #context: SiegeContext
  readonly #field: Battlefield
  readonly #checked: Preflight
  readonly #record: RunRecord
  readonly #nodes: NodeWatch
  readonly #stairs: StairWatch | undefined
  #attacks: readonly Attack[] = []
  #faults: FaultRunner | undefined
  #startUs = 0
  #startedAt = new Date()
  #endS: number | undefined
  #watcherCpuPercent = 0
  #isForked = false
  #isStopped = false

  constructor(
    settings: SiegeSettings, context: SiegeContext, field: Battlefield, checked: Preflight,
  ) {
    this.#settings = settings
    this.#context = context
    this.#field = field
    this.#checked = checked
    this.#nodes = new NodeWatch(field.targets, field.secret)
    this.#stairs = settings.isStairs ? new StairWatch(settings, () => this.#stop()) : undefined
    this.#record = new RunRecord({
      settings,
      nodes: this.#nodes,
      onSecond: (sample) => context.onEvent({type: 'second', sample}),
      onBroken: (text) => {
        context.onEvent({type: 'notice', text: `ended: ${text} does not hold`})
        this.#stop()
      },
      onGathered: (second) => this.#stairs?.look(second),
    })
  }

  async run(): Promise<RunReport> {
    const {onEvent, signal} = this.#context
    onEvent({
      type: 'started', startLine: startLine(this.#settings, this.#field.targets),
      timeS: this.#record.schedule.durationS,
    })
    for (const text of this.#checked.notes) onEvent({type: 'notice', text})
    const onAbort = (): void => this.#stop()
    signal.addEventListener('abort', onAbort, {once: true})
    try {
      // While the load goes on, looking for processes would stop it.
      await this.#nodes.find()
      const onSecond: OnSecond = (second) => this.#record.add(second)
      this.#attacks = await this.#makeAttacks(onSecond)
      onEvent({type: 'phase', name: 'connect', atS: 0})
      const opened = await Promise.all(this.#attacks.map((attack) => attack.open()))
      const missing = this.#checkOpen(opened)
      const finals = await this.#attack()
      return this.#report(finals, missing)
    } finally {
      signal.removeEventListener('abort', onAbort)
      this.#nodes.close()
      for (const attack of this.#attacks) attack.destroy()
      onEvent({type: 'ended'})
    }
  }

  async #makeAttacks(onSecond: OnSecond): Promise<readonly Attack[]> {
    const {processes, isHttpGet} = this.#settings
    if (isHttpGet) {
      const {HttpAttack} = await import('./http/http-attack.js')
      return [new HttpAttack(this.#jobOf(0), onSecond)]
    }
    const {isFast} = await import('./attack/rehearsal.js')
    // A fast one has a process of its own: what watches and prints would be in its way.
    if (processes === 1 && !(isFast(this.#settings.stretches, 1) && CAN_FORK)) {
      const {Attacker} = await import('./attack/attacker.js')
      const {rehearse} = await import('./attack/rehearsal.js')
      await rehearse(this.#jobOf(0))
      return [new Attacker(this.#jobOf(0), onSecond)]
    }
    const {ChildAttack} = await import('./attack/child-attack.js')
    this.#isForked = true
    return Array.from({length: processes}, (_, part) =>
      new ChildAttack(this.#jobOf(part), onSecond))
  }

  #jobOf(part: number): AttackJob {
    const {settings} = {settings: this.#settings}
    const {connections, users, mix, protocol, from, stretches} = settings
    return {
      part,
      parts: settings.processes,
      run: this.#record.run,
      protocol,
      audience: {connections, users, mix},
      targets: this.#field.targets,
      proofs: this.#field.proofs,
      action: settings.action,
      from,
      outbox: this.#field.outbox,
      connectPerS: settings.connectPerS,
      stretches,
      detailsBytes: settings.detailsBytes,
      churnPerMinute: settings.churnPerMinute,
      slowReadersPercent: settings.slowReadersPercent,
      resends: settings.faults.length > 0,
      localAddresses: this.#checked.localAddresses,
      timeoutMs: settings.timeoutMs,
      drainMs: settings.drainMs,
    }
  }

  /** How many connections are missing. Throws when none is there. */
  #checkOpen(opened: readonly OpenResult[]): number {
    const wanted = opened.reduce((sum, result) => sum + result.wanted, 0)
    const open = opened.reduce((sum, result) => sum + result.open, 0)
    if (open > 0 || wanted === 0 || this.#isStopped) return wanted - open
    const errors = opened.flatMap((result) => result.errors)
    throw new WsmeshError('NODE_UNREACHABLE', `None of ${plural(wanted, 'connection')} came in`, {
      cause: new Error(errors.map(({text, count}) => `${count} x ${text}`).join('\n')),
      suggestions: this.#settings.protocol === 'plain'
        ? ['is a server there, and the path right?']
        : ['wsmesh pool list   (which nodes answer)',
          '--protocol plain   (a server that is no node of wsmesh)'],
    })
  }

  /** From the first message to the last answer. */
  async #attack(): Promise<readonly PartFinal[]> {
    const {onEvent} = this.#context
    this.#startUs = nowUs() + (this.#attacks.length === 1 ? LEAD_US : LEAD_OF_PROCESSES_US)
    this.#startedAt = new Date()
    const loads = this.#attacks.map((attack) => attack.load(this.#startUs))
    const watcherCpu = cpuSince()
    onEvent({type: 'phase', name: 'load', atS: 0})
    this.#startFaults()
    const following = this.#followPool()
    if (this.#isStopped) this.#stop()
    const sent = await Promise.all(loads)
    if (this.#isForked) this.#watcherCpuPercent = watcherCpu()
    this.#endS ??= this.#record.schedule.durationS
    onEvent({type: 'phase', name: 'drain', atS: this.#endS})
    await this.#faults?.end()
    following?.end()
    const streams = sent.flatMap((part) => part.streams)
    await Promise.all(this.#attacks.map((attack) => attack.settle(streams)))
    await this.#record.settled()
    return Promise.all(this.#attacks.map((attack) => attack.finish()))
  }

  #startFaults(): void {
    const {own} = this.#field
    if (this.#settings.faults.length === 0) return
    this.#faults = new FaultRunner({
      plans: this.#settings.faults,
      own,
      nodes: () => this.#nodes.localNodes(),
      atMs: () => this.#atS() * 1000,
      onMark: (text) => {
        this.#record.mark(text)
        this.#context.onEvent({type: 'notice', text: `${this.#atS().toFixed(1)} s: ${text}`})
      },
      onHealed: () => {
        if (own === undefined) return
        this.#retarget(own.targets)
      },
    })
    this.#faults.start()
  }

  /** Nodes of a pool may be replaced meanwhile, each by one with another address. */
  #followPool(): {readonly end: () => void} | undefined {
    const {urls, protocol, ownNodes} = this.#settings
    if (ownNodes > 0 || protocol === 'plain' || urls.length > 0) return undefined
    const {reach, onEvent} = this.#context
    return followPool(reach, this.#field.targets, (targets) => {
      const names = targets.map(({name}) => name).join(', ')
      onEvent({type: 'notice', text: `${this.#atS().toFixed(1)} s: nodes are now ${names}`})
      this.#retarget(targets)
    })
  }

  #retarget(targets: readonly AttackTarget[]): void {
    this.#nodes.retarget(targets)
    for (const attack of this.#attacks) attack.retarget(targets)
  }

  /** No more load; what was sent is still waited for. */
  #stop(): void {
    this.#isStopped = true
    if (this.#startUs !== 0) this.#endS ??= Math.max(0, this.#atS())
    for (const attack of this.#attacks) attack.stop()
  }

  #atS(): number {
    return (nowUs() - this.#startUs) / 1e6
  }

  #report(finals: readonly PartFinal[], unconnected: number): RunReport {
    const durationS = this.#endS ?? this.#record.schedule.durationS
    return buildReport({
      settings: this.#settings,
      version: this.#context.version,
      startedAt: this.#startedAt,
      durationS,
      targets: this.#field.targets,
      environment: this.#checked.environment,
      notes: [...this.#field.notes, ...this.#checked.notes, ...(this.#stairs?.notes() ?? [])],
      finals,
      record: this.#record,
      nodes: this.#nodes.reports(),
      faults: this.#faults?.reports(this.#record.bins, durationS * 1000) ?? [],
      unconnected,
      isInterrupted: this.#context.signal.aborted,
      watcherCpuPercent: this.#watcherCpuPercent,
    })
  }
}
