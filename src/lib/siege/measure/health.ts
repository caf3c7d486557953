/** How the generator itself is: it must not be what is measured. */
import {monitorEventLoopDelay} from 'node:perf_hooks'
import type {PartHealth} from '../attack/job.js'
import {clockFloorUs} from './clock.js'

/** The histogram counts from tick to tick: what lies above one tick is delay. */
const RESOLUTION_MS = 20

export interface HealthSecond {
  readonly cpuPercent: number
  readonly loopDelayMs: number
  readonly rssBytes: number
}

export class HealthWatch {
  readonly #second = monitorEventLoopDelay({resolution: RESOLUTION_MS})
  readonly #all = monitorEventLoopDelay({resolution: RESOLUTION_MS})
  #cpu = process.cpuUsage()
  #atMs = performance.now()
  #secondCpu = this.#cpu
  #secondMs = this.#atMs
  #utilization = performance.eventLoopUtilization()
  #final: PartHealth | undefined

  /** The load begins: only from now on it matters. */
  begin(): void {
    this.#second.enable()
    this.#all.enable()
    this.#all.reset()
    this.#cpu = process.cpuUsage()
    this.#atMs = performance.now()
    this.#secondCpu = this.#cpu
    this.#secondMs = this.#atMs
    this.#utilization = performance.eventLoopUtilization()
  }

  second(): HealthSecond {
    const nowMs = performance.now()
    const cpu = process.cpuUsage()
    const cpuPercent = percent(this.#secondCpu, cpu, nowMs - this.#secondMs)
    this.#secondCpu = cpu
    this.#secondMs = nowMs
    const loopDelayMs = delayMs(this.#second.max)
    this.#second.reset()
    return {cpuPercent, loopDelayMs, rssBytes: process.memoryUsage.rss()}
  }

  /**
   * The load is over: what comes after, such as adding up, is no measurement's business. `idleUs`:
   * of the event loop's time, what it only went round in until something was due.
   */
  end(idleUs = 0): void {
    const elapsedMs = performance.now() - this.#atMs
    this.#final = {
      cpuPercent: percent(this.#cpu, process.cpuUsage(), elapsedMs),
      utilization: Math.max(0, performance.eventLoopUtilization(this.#utilization).utilization
        - idleUs / 1000 / Math.max(1, elapsedMs)),
      loopDelayP99Ms: delayMs(this.#all.percentile(99)),
      loopDelayMaxMs: delayMs(this.#all.max),
      rssBytes: process.memoryUsage.rss(),
      clockFloorUs: clockFloorUs(),
    }
    this.#second.disable()
    this.#all.disable()
  }

  final(): PartHealth {
    if (this.#final === undefined) this.end()
    return this.#final ?? EMPTY
  }
}

/** What this process uses from then on, in percent of a core. */
export function cpuSince(): () => number {
  const cpu = process.cpuUsage()
  const fromMs = performance.now()
  return () => percent(cpu, process.cpuUsage(), performance.now() - fromMs)
}

const EMPTY: PartHealth = {
  cpuPercent: 0, utilization: 0, loopDelayP99Ms: 0, loopDelayMaxMs: 0, rssBytes: 0,
  clockFloorUs: 0,
}

function delayMs(nanoseconds: number): number {
  const ms = nanoseconds / 1e6 - RESOLUTION_MS
  return Number.isFinite(ms) ? Math.max(0, Math.round(ms * 100) / 100) : 0
}

function percent(from: NodeJS.CpuUsage, to: NodeJS.CpuUsage, elapsedMs: number): number {
  if (elapsedMs <= 0) return 0
  const usedUs = to.user + to.system - from.user - from.system
  return Math.round((usedUs / (elapsedMs * 10)) * 10) / 10
}
