/**
 * Names a process for good: pids are given again, so the time of its start belongs to it. What a
 * process leaves behind when it is killed bears its mark, and whoever comes later can tell.
 */
import {readFileSync} from 'node:fs'

/** "4711-8123456": pid and start, in ticks since the boot; no more than the pid without /proc. */
export type ProcessMark = `${number}-${number}`

const MARK = /^([1-9]\d{0,9})-(0|[1-9]\d{0,14})$/
/** Of /proc/PID/stat, counted behind the name, which may hold anything. */
const START_FIELD = 19

/** Undefined for a process that is not there. */
export function markOf(pid: number): ProcessMark | undefined {
  if (!isThere(pid)) return undefined
  return `${pid}-${startOf(pid)}`
}

export function readMark(text: string): ProcessMark | undefined {
  const [, pid, start] = MARK.exec(text) ?? []
  return pid === undefined ? undefined : `${Number(pid)}-${Number(start)}`
}

export function isMarkAlive(mark: ProcessMark): boolean {
  return markOf(pidOf(mark)) === mark
}

export function pidOf(mark: ProcessMark): number {
  return Number(mark.slice(0, mark.indexOf('-')))
}

/** It may be another user's: that is there as well. */
function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function startOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_FIELD] ?? 0)
  } catch {
    // No /proc on this system.
    return 0
  }
}
