/** `wsmesh simulate`: a long run, a slice at a time, so that Ctrl-C is heard and progress shown. */
import {setImmediate} from 'node:timers/promises'

import type {MakeCore} from '../simulation/core-like.js'
import {LongRun, type LongRunOptions} from '../simulation/long-run.js'
import {Trace} from '../simulation/trace.js'
import {formatDuration} from '../util/duration.js'
import {parseFault} from './simulate-faults.js'
import {
  configOf, hoursMs, longRunOptions, simulationJson, type SimulateFlags, type SimulationJson,
} from './simulate-view.js'
import {plural} from './plural.js'

/** Signals are heard so often. */
const SLICE_MS = 50
const PROGRESS_EACH_MS = 250
/** Of played time, before a violation. */
const TRACED_MS = 30_000
const TRACE_LINES = 120

const BEGINS = 'simulating; Ctrl-C ends it, and shows what there is by then'

export interface SimulateOptions {
  readonly flags: SimulateFlags
  readonly version: string
  readonly signal: AbortSignal
  /** Told that it begins; and of progress, if it is one. */
  readonly terminal: {readonly isTTY?: boolean; write(text: string): unknown}
  /** For tests: a core with a bug. */
  readonly makeCore?: MakeCore
}

/** Ends early when the signal says so, with what there is by then. */
export async function runSimulation(options: SimulateOptions): Promise<SimulationJson> {
  const {flags, version, signal, makeCore} = options
  const config = configOf(flags)
  const durationMs = hoursMs(config.hours)
  const faults = config.faults.map((text) => parseFault(text, durationMs))
  const runOptions = {...longRunOptions(config, faults), ...(makeCore && {makeCore})}
  options.terminal.write(`${BEGINS}\n`)
  const startedMs = performance.now()
  const run = new LongRun(runOptions)
  const isWhole = await play(run, durationMs, options, '')
  const wallS = Math.round(performance.now() - startedMs) / 1000
  const trace = run.failure ? await traceOf(run.failure.atMs, runOptions, options) : []
  show(options.terminal, '')
  return simulationJson(run, config, {
    version, wallS, trace, isInterrupted: !isWhole && signal.aborted,
  })
}

/** False when it was ended early. */
async function play(
  run: LongRun, durationMs: number, {signal, terminal}: SimulateOptions, about: string,
): Promise<boolean> {
  let toldMs = performance.now()
  for (;;) {
    const untilMs = performance.now() + SLICE_MS
    do {
      if (!run.advance()) return true
    } while (performance.now() < untilMs)
    await setImmediate()
    if (signal.aborted) return false
    if (performance.now() - toldMs < PROGRESS_EACH_MS) continue
    toldMs = performance.now()
    show(terminal, `${about}${progressText(run, durationMs)}`)
  }
}

/** One line, in place of the one before. */
function show(terminal: SimulateOptions['terminal'], text: string): void {
  if (terminal.isTTY === true) terminal.write(`\r\u001B[2K${text}`)
}

function progressText({clockMs, chronicle}: LongRun, durationMs: number): string {
  const faults = [...chronicle.begun.values()].reduce((sum, count) => sum + count, 0)
  const changes = plural(chronicle.failovers.changes, 'change')
  return `${formatDuration(clockMs)} of ${formatDuration(durationMs)}: ` +
    `${plural(faults, 'fault')}, ${changes} of master`
}

/** The same run again, with a trace of its end: it tells the same story. */
async function traceOf(
  failedMs: number, runOptions: LongRunOptions, options: SimulateOptions,
): Promise<string[]> {
  const trace = new Trace(false)
  const run = new LongRun({...runOptions, trace, traceFromMs: failedMs - TRACED_MS})
  await play(run, runOptions.durationMs, options, 'broken; once more for the trace: ')
  return trace.tail(TRACE_LINES)
}
