/**
 * What can be learnt of a node that hangs, before it is killed. Its event loop runs no more, so it
 * can do nothing itself: Node's own report on a signal (--report-on-signal) waits for the loop, and
 * was measured to write nothing during `while (true) {}`. Its inspector answers: SIGUSR1 opens it
 * on a thread of its own, it pauses JavaScript wherever it runs, and what is asked is answered in
 * the paused frame. It listens on the loopback alone, at an address that nobody is told but us.
 */
import {readFile} from 'node:fs/promises'
import {setTimeout as delay} from 'node:timers/promises'

import {describeError} from '../node/log.js'
import type {HangFile} from '../process/hang-file.js'
import {bePatient} from '../process/patience.js'
import {isRecord, parseJson} from '../protocol/json-text.js'
import {describePlace, stackOf, withoutSecrets} from './hang-findings.js'
import type {StackFrame} from './hang-findings.js'
import {HangFolder, stemOf} from './hang-folder.js'
import {Inspector} from './inspector.js'

export interface HungNode {
  readonly pid: number
  /** Its id, or what is known of it. */
  readonly node: string
  readonly why: string
  /** As it was started, without passwords. */
  readonly command: string
  /** Asks it for its inspector's address; undefined: none in that time. */
  readonly inspect: (timeoutMs: number) => Promise<string | undefined>
}

export interface ExamineOptions {
  readonly dataDir: string
  readonly asked: ReadonlySet<HangFile>
  readonly wallClock: () => number
}

/** The clients of the node wait meanwhile, for the report in any case. */
const REPORT_MS = 1500
const PROFILE_MS = 500
/** A heap of 1 GiB takes about this long. */
const HEAP_MS = 15_000
const ANSWER_MS = 700
const RECOMPILED_MAX = 5

/** Says for people where it hung and which files were written: " in spin (…), see …". */
export async function examineHung(hung: HungNode, options: ExamineOptions): Promise<string> {
  if (options.asked.size === 0) return ''
  try {
    return await new Examination(hung, options).run()
  } catch (error) {
    return `, and nothing of it could be kept: ${describeError(error)}`
  }
}

class Examination {
  readonly #hung: HungNode
  readonly #asked: ReadonlySet<HangFile>
  readonly #folder: HangFolder
  readonly #wallMs: number
  readonly #stem: string
  readonly #files: string[] = []
  #stack: readonly StackFrame[] = []
  /** While it is paused. */
  #paused: Paused | undefined

  constructor(hung: HungNode, {dataDir, asked, wallClock}: ExamineOptions) {
    this.#hung = hung
    this.#asked = asked
    this.#folder = new HangFolder(dataDir)
    this.#wallMs = wallClock()
    this.#stem = stemOf(this.#wallMs, hung.node, hung.pid)
  }

  async run(): Promise<string> {
    await this.#folder.open()
    const kernel = await this.#askKernel()
    // One that was stopped (SIGSTOP) answers nobody: no use in waiting for it.
    const isStopped = kernel.state.startsWith('T')
    const inspector = isStopped ? undefined : await this.#openInspector()
    const report = inspector && await this.#askNode(inspector)
    await this.#keepReport(kernel, report)
    if (inspector !== undefined) {
      if (this.#asked.has('cpu')) await this.#keepProfile(inspector)
      if (this.#asked.has('heap')) await this.#keepHeap(inspector)
      inspector.close()
    }
    const where = isStopped ? ', stopped by a signal' : describePlace(this.#stack)
    return this.#files.length === 0 ? where : `${where}, see ${this.#files.join(', ')}`
  }

  async #openInspector(): Promise<Inspector | undefined> {
    const url = await this.#hung.inspect(ANSWER_MS)
    return url === undefined ? undefined : Inspector.open(url, this.#hung.pid, ANSWER_MS)
  }

  /** What a process that answers nothing is doing, for the kernel. */
  async #askKernel() {
    const {pid} = this.#hung
    const of = (name: string): Promise<string> =>
      readFile(`/proc/${pid}/${name}`, 'utf8').then((text) => text.trim(), () => '')
    const [status, waitsIn] = await Promise.all([of('status'), of('wchan')])
    const line = (name: string): string =>
      new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1] ?? ''
    return {state: line('State'), waitsIn, memory: line('VmRSS'), threads: line('Threads')}
  }

  /** Pauses it, and has it write its report from there. */
  async #askNode(inspector: Inspector): Promise<unknown> {
    const paused = await pause(inspector, this.#hung.pid)
    if (paused === undefined) return undefined
    this.#paused = paused
    this.#stack = paused.stack
    // Without the names of its peers, which it would ask the DNS for, one after another.
    const expression = `globalThis.process.report.excludeNetwork = true,
      JSON.stringify(globalThis.process.report.getReport())`
    const text = await evaluate(inspector, paused.frameId, expression, REPORT_MS)
    const read = typeof text === 'string' ? parseJson(text) : undefined
    return read?.ok === true ? withoutSecrets(read.value) : undefined
  }

  async #keepReport(kernel: object, report: unknown): Promise<void> {
    if (!this.#asked.has('report')) return
    const {pid, node, why, command} = this.#hung
    const wsmesh = {
      hang: 1, at: new Date(this.#wallMs).toISOString(), node, pid, why, command, kernel,
      stack: this.#stack,
    }
    const all = isRecord(report) ? {wsmesh, ...report} : {wsmesh}
    await this.#keep('report', JSON.stringify(all, null, 2))
  }

  async #keepProfile(inspector: Inspector): Promise<void> {
    await recompile(inspector, this.#paused?.locations ?? [])
    await inspector.post('Profiler.enable', {}, ANSWER_MS)
    await inspector.post('Profiler.start', {}, ANSWER_MS)
    await inspector.post('Debugger.resume', {}, ANSWER_MS)
    this.#paused = undefined
    await delay(PROFILE_MS)
    const profile = (await inspector.post('Profiler.stop', {}, ANSWER_MS * 2))?.['profile']
    if (profile !== undefined) await this.#keep('cpu', JSON.stringify(profile))
  }

  /** The process writes it itself: it need not pass through anybody's memory. */
  async #keepHeap(inspector: Inspector): Promise<void> {
    const path = this.#folder.fileFor('heap', this.#stem)
    this.#paused ??= await pause(inspector, this.#hung.pid)
    if (this.#paused === undefined) return
    const expression = `globalThis.process.getBuiltinModule('v8')
      .writeHeapSnapshot(${JSON.stringify(path)})`
    const written = await evaluate(inspector, this.#paused.frameId, expression, HEAP_MS)
    this.#files.push(written === path ? path : `${path} (a part: it took too long)`)
    await this.#folder.tidy('heap')
  }

  async #keep(kind: HangFile, text: string): Promise<void> {
    this.#files.push(await this.#folder.write(kind, this.#stem, text))
    await this.#folder.tidy(kind)
  }
}

interface Paused {
  /** Of the innermost frame. */
  readonly frameId: string
  readonly stack: readonly StackFrame[]
  /** Where each of its functions is, as the inspector says it. */
  readonly locations: readonly unknown[]
}

/** Undefined where JavaScript does not run, or cannot be paused. */
async function pause(inspector: Inspector, pid: number): Promise<Paused | undefined> {
  const urls = new Map<string, string>()
  inspector.on('Debugger.scriptParsed', ({scriptId, url}) => {
    if (typeof scriptId === 'string' && typeof url === 'string') urls.set(scriptId, url)
  })
  const paused = new Promise<Readonly<Record<string, unknown>> | undefined>((resolve) => {
    inspector.on('Debugger.paused', resolve)
    bePatient(pid, ANSWER_MS, () => resolve(undefined))
  })
  await inspector.post('Debugger.enable', {}, ANSWER_MS)
  await inspector.post('Debugger.pause', {}, ANSWER_MS)
  const {callFrames} = (await paused) ?? {}
  const frames = Array.isArray(callFrames) ? callFrames.filter(isRecord) : []
  const frameId = frames[0]?.['callFrameId']
  if (typeof frameId !== 'string') return undefined
  const locations = frames.map(({location}) => location)
  return {frameId, stack: stackOf(frames, urls), locations}
}

/**
 * The profiler does not know code that was compiled while it was off and has run ever since: such a
 * loop is taken for its caller. A breakpoint has V8 give up the compiled code of a function.
 */
async function recompile(inspector: Inspector, locations: readonly unknown[]): Promise<void> {
  for (const location of locations.slice(0, RECOMPILED_MAX)) {
    const answer = await inspector.post(
      'Debugger.setBreakpoint', {location, condition: 'false'}, ANSWER_MS)
    const breakpointId = answer?.['breakpointId']
    await inspector.post('Debugger.removeBreakpoint', {breakpointId}, ANSWER_MS)
  }
}

async function evaluate(
  inspector: Inspector, callFrameId: string, expression: string, timeoutMs: number,
): Promise<unknown> {
  const params = {callFrameId, expression, returnByValue: true}
  const answer = await inspector.post('Debugger.evaluateOnCallFrame', params, timeoutMs)
  const result = answer?.['result']
  return isRecord(result) ? result['value'] : undefined
}
