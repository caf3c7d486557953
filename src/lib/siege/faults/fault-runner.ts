/** Does the faults of drills in the middle of a siege, each at its time, one after the other. */
import {setTimeout as delay} from 'node:timers/promises'
import type {Crowd} from '../../drill/crowd.js'
import type {Drill, DrillContext} from '../../drill/drill.js'
import {drillsNamed} from '../../drill/drills.js'
import {WsmeshError} from '../../util/errors.js'
import type {FaultReport} from '../run-report.js'
import type {FaultPlan} from '../settings.js'
import type {LocalNode} from './local-faults.js'
import {LOCAL_FAULTS} from './local-faults.js'
import type {OwnMesh} from '../targets/own-mesh.js'
import {latencyText} from '../verdict/in-words.js'
import {recoveryOf} from './recovery.js'

export interface FaultRunnerOptions {
  readonly plans: readonly FaultPlan[]
  /** Undefined: the mesh is somebody else's, on this machine. */
  readonly own: OwnMesh | undefined
  readonly nodes: () => readonly LocalNode[]
  /** Milliseconds since the load began. */
  readonly atMs: () => number
  readonly onMark: (text: string) => void
  /** Nodes have been started again, with other addresses. */
  readonly onHealed: () => void
}

/** Long enough that a curve shows it. */
const HOLD_MS_MIN = 2000
const EXPECT_MS = 10_000
const WHOLE_MS = 20_000
const LOOK_AGAIN_MS = 50

interface Done {
  readonly plan: FaultPlan
  readonly what: string
  /** Nothing may be delivered for so long. */
  readonly firstMs: number
  readonly run: () => Promise<void>
  atMs: number | undefined
  healedAtMs: number | undefined
  readonly broken: string[]
}

export class FaultRunner {
  readonly #options: FaultRunnerOptions
  readonly #faults: readonly Done[]
  readonly #abort = new AbortController()
  #work: Promise<void> = Promise.resolve()

  constructor(options: FaultRunnerOptions) {
    this.#options = options
    this.#faults = options.plans.toSorted((a, b) => a.atMs - b.atMs).map((plan) => {
      return options.own === undefined ? this.#local(plan) : this.#drill(plan, options.own)
    })
  }

  start(): void {
    this.#work = this.#all()
  }

  /** The load is over: what has not begun will not, what is under way is healed. */
  async end(): Promise<void> {
    this.#abort.abort()
    await this.#work
  }

  reports(bins: readonly number[], loadMs: number): readonly FaultReport[] {
    return this.#faults.map((fault, index) => {
      const next = this.#faults.slice(index + 1).find(({atMs}) => atMs !== undefined)?.atMs
      return reportOf(fault, bins, Math.min(next ?? loadMs, loadMs))
    })
  }

  async #all(): Promise<void> {
    for (const fault of this.#faults) {
      try {
        await this.#sleep(Math.max(0, fault.plan.atMs - this.#options.atMs()))
        await this.#one(fault)
      } catch (error) {
        if (this.#abort.signal.aborted) await this.#heal()
        else if (error instanceof WsmeshError) fault.broken.push(error.message)
        else throw error
      }
      if (this.#abort.signal.aborted) return
    }
  }

  async #one(fault: Done): Promise<void> {
    await fault.run()
    const {atMs, onMark} = this.#options
    fault.healedAtMs = atMs()
    onMark(`healed ${fault.plan.name}`)
  }

  #drill(plan: FaultPlan, own: OwnMesh): Done {
    const [drill] = drillsNamed(plan.name)
    if (drill === undefined) throw new RangeError(`No drill ${plan.name}`)
    const fault: Done = {
      plan, what: drill.fault, firstMs: drill.promise.firstMs,
      atMs: undefined, healedAtMs: undefined, broken: [],
      run: async () => {
        await drill.run(this.#contextOf(fault, drill, own))
        this.#options.onHealed()
        await own.mesh.whole(WHOLE_MS)
      },
    }
    return fault
  }

  #local(plan: FaultPlan): Done {
    const local = LOCAL_FAULTS[plan.name]
    if (local === undefined) throw new RangeError(`No local fault ${plan.name}`)
    const fault: Done = {
      plan, what: local.fault, firstMs: local.firstMs,
      atMs: undefined, healedAtMs: undefined, broken: [],
      run: () => local.run({
        nodes: this.#options.nodes,
        strike: () => this.#struck(fault),
        sleep: (ms) => this.#sleep(ms),
      }),
    }
    return fault
  }

  #struck(fault: Done): void {
    fault.atMs = this.#options.atMs()
    this.#options.onMark(fault.plan.name)
  }

  #contextOf(fault: Done, drill: Drill, own: OwnMesh): DrillContext {
    const {onMark} = this.#options
    const [, holdMs] = drill.holdMs
    return {
      report: onMark,
      mesh: own.mesh,
      store: own.store,
      get crowd(): Crowd {
        throw new RangeError(`${drill.name} needs the clients of a drill`)
      },
      isShort: true,
      holdMs,
      strike: async (_victims, make) => {
        await make?.()
        this.#struck(fault)
      },
      hold: () => this.#sleep(Math.max(holdMs, HOLD_MS_MIN)),
      sleep: (ms) => this.#sleep(ms),
      expect: async (what, isSo) => {
        const deadlineMs = performance.now() + EXPECT_MS
        while (!(await isSo())) {
          if (performance.now() > deadlineMs) {
            fault.broken.push(`waited in vain for ${what}`)
            return
          }
          await this.#sleep(LOOK_AGAIN_MS)
        }
      },
      excuse: (why) => onMark(`${fault.plan.name}: ${why}`),
      broken: (what) => fault.broken.push(what),
    }
  }

  async #heal(): Promise<void> {
    const {own} = this.#options
    if (own === undefined) return
    const {mesh, store} = own
    await mesh.heal()
    for (const place of mesh.places) mesh.continue(place)
    await store.up()
  }

  #sleep(ms: number): Promise<void> {
    return delay(ms, undefined, {signal: this.#abort.signal})
  }
}

function seconds(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms) / 1000
}

function reportOf(fault: Done, bins: readonly number[], untilMs: number): FaultReport {
  const {plan, what, firstMs, atMs, healedAtMs} = fault
  const broken = [...fault.broken]
  const common = {name: plan.name, what, plannedAtS: plan.atMs / 1000}
  if (atMs === undefined) {
    broken.push('it never happened: the load was over before')
    return {
      ...common, atS: null, healedAtS: null, gapMs: null, recoveredAfterMs: null, curve: [], broken,
    }
  }
  const recovery = recoveryOf(bins, atMs, untilMs)
  if ((recovery.gapMs ?? 0) > firstMs) {
    const gap = latencyText((recovery.gapMs ?? 0) * 1000)
    broken.push(`nothing was delivered for ${gap}, ${latencyText(firstMs * 1000)} are promised`)
  }
  if (recovery.recoveredAfterMs === null) {
    broken.push('deliveries did not come back to nine tenths of what they were')
  }
  return {...common, atS: seconds(atMs), healedAtS: seconds(healedAtMs), ...recovery, broken}
}
