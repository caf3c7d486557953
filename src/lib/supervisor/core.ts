/**
 * What a supervisor does with what happens to its nodes: `step(event, nowMs)` gives effects, and
 * nothing else decides. Pure: no clock, timer, process or socket. A *worker* is a place that a node
 * has; the process in it changes. A *child* is one process, known by its key.
 */
import {assert, unreachable} from '../util/assert.js'
import {firstProbe, isProbeDue, judgeProbe, probeSent} from './probing.js'
import type {CoreConfig, SupervisorEffect, SupervisorEvent} from './event.js'
import type {ProbeAnswer} from './probing.js'
import {afterCrash, isHopeless, STATUS_RESTART} from './restart-policy.js'
import type {ChildEnd} from './restart-policy.js'
import {judgeWeight} from './weighing.js'
import {howEnded, inWords, Roster} from './worker.js'
import type {Child, Phase, Roll, Worker} from './worker.js'

/** Time to examine a node that hangs, a snapshot of its heap included. */
const DYING_MS = 30_000

export class SupervisorCore {
  readonly #config: CoreConfig
  readonly #roster: Roster
  readonly #workers: readonly Worker[]
  #effects: SupervisorEffect[] = []
  #now = 0
  #nextKey = 1
  #isUp = false
  #isStopping = false
  #hasExited = false
  #rolls: Roll[] = []
  #rolling: Roll | undefined
  #reload: {restarted: number} | undefined
  #reloadAgain = false

  constructor(config: CoreConfig) {
    this.#config = config
    this.#roster = new Roster(config.workers)
    this.#workers = this.#roster.workers
  }

  step(event: SupervisorEvent, nowMs: number): readonly SupervisorEffect[] {
    this.#now = nowMs
    this.#effects = []
    if (!this.#hasExited) this.#take(event)
    return this.#effects
  }

  #take(event: SupervisorEvent): void {
    switch (event.type) {
      case 'start':
        return this.#spawnFirst()
      case 'ready':
        return this.#ready(event.key)
      case 'ended':
        return this.#ended(event.key, event.end)
      case 'probed':
        return this.#probed(event.key, event.answer)
      case 'examined':
        return this.#examined(event.key, event.found)
      case 'weighed':
        return this.#weighed(event.key, event.rssBytes)
      case 'reload':
        return this.#startReload()
      case 'stop':
        return this.#stop()
      case 'stop-now':
        return this.#stopNow()
      case 'tick':
        return this.#tick()
      default:
        return unreachable(event)
    }
  }

  #emit(effect: SupervisorEffect): void {
    this.#effects.push(effect)
  }

  #say(level: 'info' | 'warn' | 'error', text: string, about: Child | Worker): void {
    const whose = 'key' in about ? {key: about.key, worker: about.worker} : {worker: about.index}
    this.#emit({type: 'say', level, text, ...whose})
  }

  /** One finds out for all whether the settings are any good. */
  #spawnFirst(): void {
    const [first] = this.#workers
    assert(first !== undefined, 'A supervisor has a worker')
    first.child = this.#spawn(first)
  }

  #spawn(worker: Worker): Child {
    worker.startAtMs = undefined
    const child: Child = {
      key: this.#nextKey++,
      worker: worker.index,
      startedMs: this.#now,
      phase: 'starting',
      phaseMs: this.#now,
      probe: firstProbe(this.#now, this.#config.probeMs),
      fat: 0,
      killed: undefined,
    }
    this.#emit({type: 'spawn', key: child.key, worker: worker.index})
    return child
  }

  #enter(child: Child, phase: Phase): void {
    child.phase = phase
    child.phaseMs = this.#now
  }

  #signal(child: Child, signal: 'SIGTERM' | 'SIGKILL'): void {
    this.#enter(child, signal === 'SIGTERM' ? 'draining' : 'dying')
    this.#emit({type: 'signal', key: child.key, signal})
  }

  #ready(key: number): void {
    const found = this.#roster.find(key)
    if (found === undefined || found.child.phase !== 'starting') return
    const {child, worker} = found
    this.#enter(child, 'ready')
    worker.wasReady = true
    if (worker.successor === child) this.#succeed(worker, child)
    else if (this.#rolling?.worker === worker.index) this.#rolled(worker)
    if (this.#isStopping) return
    for (const other of this.#workers) {
      const isNew = other.child === undefined && !other.wasReady && !other.isOff
      if (isNew && other.startAtMs === undefined) other.child = this.#spawn(other)
    }
    this.#checkUp()
  }

  #checkUp(): void {
    if (this.#isUp || !this.#workers.every(({wasReady, isOff}) => wasReady || isOff)) return
    this.#isUp = true
    this.#emit({type: 'up'})
  }

  /** The new node is part of the mesh and takes clients: the old one may go. */
  #succeed(worker: Worker, successor: Child): void {
    const old = worker.child
    worker.child = successor
    worker.successor = undefined
    if (old === undefined) {
      this.#rolled(worker)
      return
    }
    this.#roster.leaving.set(old.key, old)
    this.#signal(old, 'SIGTERM')
  }

  #ended(key: number, end: ChildEnd): void {
    const found = this.#roster.find(key)
    if (found === undefined) return
    const {child, worker} = found
    if (worker.successor === child) worker.successor = undefined
    else if (worker.child === child) worker.child = undefined
    this.#roster.leaving.delete(key)
    if (this.#isStopping) return this.#exitWhenEmpty()
    if (worker.child?.phase === 'ready') return this.#besides(child, worker, end)
    if (worker.successor !== undefined) {
      // It was to be replaced anyway.
      this.#say('warn', `The node ${howEnded(child, end)}; its successor starts already`, child)
      worker.child = worker.successor
      worker.successor = undefined
      return
    }
    this.#vacant(child, worker, end)
  }

  /** A process ended beside the node that the worker has. */
  #besides(child: Child, worker: Worker, end: ChildEnd): void {
    if (child.phase === 'starting' || (child.phase === 'dying' && this.#isRollOf(worker))) {
      this.#rollFailed(`the new node ${howEnded(child, end)}`, worker)
    } else if (this.#isRollOf(worker)) {
      this.#rolled(worker)
    }
  }

  #isRollOf(worker: Worker): boolean {
    return this.#rolling?.worker === worker.index
  }

  /** The worker has no node any more. */
  #vacant(child: Child, worker: Worker, end: ChildEnd): void {
    if (child.phase === 'draining') {
      this.#say('info', 'The node has left: its successor is started', child)
      worker.child = this.#spawn(worker)
    } else if (end.status === STATUS_RESTART) {
      this.#say('info', 'The node asks to be started again: it is, at once', child)
      worker.child = this.#spawn(worker)
    } else if (end.status === 0) {
      this.#turnedOff(child, worker)
    } else {
      this.#crashed(child, worker, end)
    }
  }

  #turnedOff(child: Child, worker: Worker): void {
    this.#say('info', 'The node was stopped by somebody else: it stays so', child)
    worker.isOff = true
    if (this.#isRollOf(worker)) this.#rolled(worker)
    this.#checkUp()
    if (this.#workers.every(({isOff}) => isOff)) {
      this.#exit(undefined, 'All nodes were stopped')
    }
  }

  #crashed(child: Child, worker: Worker, end: ChildEnd): void {
    const how = howEnded(child, end)
    const isFirst = this.#workers.every(({wasReady}) => !wasReady)
    if (isFirst && isHopeless(end)) return this.#exit(end, 'The node does not start')
    const isNew = this.#isRollOf(worker) && child.startedMs >= (this.#rolling?.sinceMs ?? 0)
    if (isNew) this.#rollFailed(`the new node ${how}`, worker)
    const verdict = afterCrash(worker.crashes, this.#now, this.#config.restarts)
    worker.crashes = verdict.crashes
    const {windowMs} = this.#config.restarts
    if (verdict.type === 'restart') {
      const level = child.killed === undefined ? 'warn' : 'error'
      this.#say(level, `The node ${how}; started again ${inWords(verdict.pauseMs)}`, child)
      if (verdict.pauseMs === 0) worker.child = this.#spawn(worker)
      else worker.startAtMs = this.#now + verdict.pauseMs
      return
    }
    const times = `${verdict.crashes.length} times in ${windowMs / 1000} s`
    const isAnyAlive = this.#workers.some((other) => other.child !== undefined)
    const last = {...end, said: child.killed ?? end.said}
    if (!isAnyAlive) return this.#exit(last, `The node ended ${times}`)
    this.#say('error', `The node ${how}, ${times}; next try ${inWords(windowMs)}`, child)
    worker.startAtMs = this.#now + windowMs
  }

  #probed(key: number, answer: ProbeAnswer): void {
    const found = this.#roster.find(key)
    if (found === undefined) return
    const {child} = found
    if (child.phase !== 'ready' && child.phase !== 'starting') return
    const {probeMs, loadMs} = this.#config
    const isLoading = child.phase === 'starting' && this.#now - child.startedMs < loadMs
    if (isLoading) {
      child.probe = firstProbe(this.#now, probeMs)
      return
    }
    const {verdict, next} = judgeProbe(child.probe, answer, this.#now, probeMs)
    child.probe = next
    if (verdict === 'trouble') {
      this.#say('warn', `The node answers, but is not well: ${next.trouble}`, child)
    } else if (verdict === 'recovered') {
      this.#say('info', 'The node is well again', child)
    } else if (verdict === 'hung') {
      const why = answer.type === 'well' ? '' : answer.why
      child.killed = `hung (${why})`
      this.#enter(child, 'dying')
      this.#emit({type: 'bury', key, why})
    }
  }

  #examined(key: number, found: string): void {
    const child = this.#roster.find(key)?.child
    if (child === undefined) return
    child.killed = `${child.killed ?? 'hung'}${found}`
    this.#signal(child, 'SIGKILL')
  }

  #weighed(key: number, rssBytes: number): void {
    const found = this.#roster.find(key)
    const limit = this.#config.rssBytesMax
    if (limit === undefined || found?.child.phase !== 'ready' || this.#isStopping) return
    const {child, worker} = found
    if (worker.child !== child) return
    const {verdict, fat, is} = judgeWeight(rssBytes, limit, child.fat)
    child.fat = fat
    if (verdict === 'kill') {
      child.killed = `took ${is}, and was killed`
      this.#signal(child, 'SIGKILL')
      return
    }
    const waits = this.#rolls.some((roll) => roll.worker === worker.index)
    if (verdict === 'fine' || waits || this.#isRollOf(worker)) return
    this.#say('warn', `The node takes ${is}: replaced`, child)
    this.#rolls.push({worker: worker.index, why: 'memory', sinceMs: 0})
    this.#rollOn()
  }

  #startReload(): void {
    if (this.#isStopping) return
    if (this.#reload !== undefined) {
      this.#reloadAgain = true
      return
    }
    this.#reload = {restarted: 0}
    this.#emit({type: 'reload-began'})
    for (const worker of this.#workers) {
      // What somebody stopped, or what waits after crashes, gets its new settings now.
      worker.isOff = false
      this.#rolls.push({worker: worker.index, why: 'reload', sinceMs: 0})
    }
    this.#rollOn()
  }

  #rollOn(): void {
    if (this.#rolling !== undefined || this.#isStopping) return
    const next = this.#rolls.shift()
    if (next === undefined) return this.#reloadEnded(undefined)
    if (this.#reload !== undefined && next.why === 'memory'
      && !this.#rolls.some(({why}) => why === 'reload')) this.#reloadEnded(undefined)
    this.#rolling = {...next, sinceMs: this.#now}
    const worker = this.#workers[next.worker]
    assert(worker !== undefined, 'A roll is of a worker')
    if (worker.child === undefined) worker.child = this.#spawn(worker)
    // One that is not there yet has no clients: another start takes its place when it has ended.
    else if (worker.child.phase === 'starting') this.#signal(worker.child, 'SIGTERM')
    else if (worker.child.phase !== 'ready') return
    else if (this.#config.overlaps) worker.successor = this.#spawn(worker)
    else this.#signal(worker.child, 'SIGTERM')
  }

  #rolled(worker: Worker): void {
    if (this.#rolling?.why === 'reload' && this.#reload !== undefined && !worker.isOff) {
      this.#reload.restarted += 1
      const key = worker.child?.key
      if (key !== undefined) this.#emit({type: 'reloaded', key, worker: worker.index})
    }
    this.#rolling = undefined
    this.#rollOn()
  }

  #rollFailed(why: string, worker: Worker): void {
    const wasReload = this.#rolling?.why === 'reload'
    this.#rolling = undefined
    if (wasReload) {
      this.#rolls = this.#rolls.filter((roll) => roll.why !== 'reload')
      this.#reloadEnded(why)
    } else if (worker.child !== undefined) {
      this.#say('error', `The successor does not start, the old node goes on: ${why}`, worker.child)
      worker.child.fat = -60
    }
    this.#rollOn()
  }

  #reloadEnded(failed: string | undefined): void {
    if (this.#reload === undefined) return
    const {restarted} = this.#reload
    this.#reload = undefined
    this.#emit({type: 'reload-ended', failed, restarted})
    if (!this.#reloadAgain) return
    this.#reloadAgain = false
    this.#startReload()
  }

  #stop(): void {
    this.#isStopping = true
    this.#rolls = []
    for (const worker of this.#workers) worker.startAtMs = undefined
    for (const child of this.#roster.children()) {
      if (child.phase === 'starting' || child.phase === 'ready') this.#signal(child, 'SIGTERM')
    }
    this.#exitWhenEmpty()
  }

  #stopNow(): void {
    this.#isStopping = true
    for (const child of this.#roster.children()) this.#signal(child, 'SIGKILL')
    this.#exitWhenEmpty()
  }

  #exitWhenEmpty(): void {
    if (this.#roster.children().length === 0) this.#exit(undefined, 'All nodes have ended')
  }

  #exit(failed: ChildEnd | undefined, text: string): void {
    this.#hasExited = true
    this.#emit({type: 'exit', failed, text})
  }

  #tick(): void {
    for (const worker of this.#workers) {
      const {startAtMs} = worker
      if (startAtMs !== undefined && startAtMs <= this.#now) worker.child = this.#spawn(worker)
      const {successor} = worker
      const isLate = this.#now - (successor?.phaseMs ?? this.#now) > this.#config.startMs
      if (successor?.phase === 'starting' && isLate) this.#signal(successor, 'SIGKILL')
    }
    for (const child of this.#roster.children()) {
      const isDying = child.phase === 'dying' && this.#now - child.phaseMs > DYING_MS
      if (isDying) this.#signal(child, 'SIGKILL')
      if (child.phase === 'draining' && this.#now - child.phaseMs > this.#config.stopMs) {
        const after = `${this.#config.stopMs / 1000} s`
        this.#say('warn', `The node has not ended ${after} after it was told to: killed`, child)
        // It may be what it was told to be, gone: what follows does not depend on how it ends.
        this.#emit({type: 'signal', key: child.key, signal: 'SIGKILL'})
        child.phaseMs = this.#now
      }
      const isAlive = child.phase === 'ready' || child.phase === 'starting'
      if (!isAlive || !isProbeDue(child.probe, this.#now)) continue
      child.probe = probeSent(child.probe, this.#now)
      this.#emit({type: 'probe', key: child.key, timeoutMs: child.probe.timeoutMs})
    }
  }
}
