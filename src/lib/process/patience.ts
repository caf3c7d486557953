/**
 * How long another process may be silent, by its own time: while it, or we, wanted to run and
 * others had the processors, it was not silent. On a machine that is too small for what runs there,
 * a node would be killed else that does all it can, and the next one, too.
 */
import {readFileSync} from 'node:fs'

/** Whoever gets less of the processors than this part is not waited for any longer. */
const STRETCH_MAX = 5
/** Timers are no more exact than that. */
const EXACT_MS = 1

/** Milliseconds that are left of `ms`, when it waited for a processor for `waitedMs` meanwhile. */
export function leftOf(ms: number, elapsedMs: number, waitedMs: number): number {
  const leftMs = Math.min(ms - (elapsedMs - waitedMs), ms * STRETCH_MAX - elapsedMs)
  return leftMs < EXACT_MS ? 0 : leftMs
}

/** For how long the main thread of a process has waited for a processor so far. */
export function waitedMs(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6
  } catch {
    // It has ended, or this kernel does not count that.
    return 0
  }
}

/**
 * Calls `onOver` with the milliseconds that have passed once the process had `ms` of its own; what
 * has arrived by then is read before. Gives what ends the waiting.
 */
export function bePatient(pid: number, ms: number, onOver: (passedMs: number) => void): () => void {
  const pids = [pid, process.pid]
  const startMs = performance.now()
  const before = pids.map(waitedMs)
  let immediate: NodeJS.Immediate | undefined
  let timer = setTimeout(look, ms)

  function look(): void {
    const passedMs = performance.now() - startMs
    const waited = pids.map((each, at) => waitedMs(each) - (before[at] ?? 0))
    const leftMs = leftOf(ms, passedMs, Math.max(0, ...waited))
    if (leftMs > 0) timer = setTimeout(look, leftMs)
    // Timers come before sockets in a turn of the event loop, and this may be a late one.
    else immediate = setImmediate(() => onOver(performance.now() - startMs))
  }

  return () => {
    clearTimeout(timer)
    clearImmediate(immediate)
  }
}

/** The same for what takes a time of its own, and for no process in particular: at most so long. */
export function mostOf(ms: number): number {
  return ms * STRETCH_MAX
}
