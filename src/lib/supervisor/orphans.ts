/**
 * Nodes of a supervisor that was killed itself (`kill -9`). They end by themselves, but one that
 * hangs cannot: it keeps the port, and clients that nobody serves. The next supervisor of the data
 * folder finds it by the file that the dead one left.
 */
import {readdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as delay} from 'node:timers/promises'

import {isMarkAlive, pidOf, readMark} from '../process/process-mark.js'
import type {ProcessMark} from '../process/process-mark.js'
import {isRecord, parseJson} from '../protocol/json-text.js'
import {WsmeshError} from '../util/errors.js'

/** A drain takes up to 9 s. */
export const PATIENCE_MS = 10_000
const LOOK_MS = 50
/** The kernel takes its time over a process that waits for a disk. */
const KILL_MS = 2000

export interface Orphan {
  readonly pid: number
  /** It was killed; else it ended by itself. */
  readonly hung: boolean
}

/** The processes of nodes that live, and whose supervisor does not. Never rejects. */
export async function findOrphans(folder: string): Promise<readonly ProcessMark[]> {
  const names = await readdir(folder).catch(() => [])
  const found = await Promise.all(
    names.filter((name) => /^\d+\.json$/.test(name)).map(async (name) => {
      const read = parseJson(await readFile(join(folder, name), 'utf8').catch(() => ''))
      return read.ok && isRecord(read.value) ? orphansOf(read.value) : []
    }),
  )
  return found.flat()
}

/** Of the content of a supervisor's file. */
export function orphansOf(file: Readonly<Record<string, unknown>>): readonly ProcessMark[] {
  const {mark, processes} = file
  const own = typeof mark === 'string' ? readMark(mark) : undefined
  if (own === undefined || isMarkAlive(own) || !Array.isArray(processes)) return []
  const marks = processes.map((text) => (typeof text === 'string' ? readMark(text) : undefined))
  return marks.filter((each) => each !== undefined).filter(isMarkAlive)
}

/** Waits for them, and kills those that live longer; resolves when all have ended. */
export async function endOrphans(
  marks: readonly ProcessMark[], patienceMs: number,
): Promise<readonly Orphan[]> {
  return Promise.all(marks.map(async (mark) => {
    const untilMs = performance.now() + patienceMs
    while (isMarkAlive(mark) && performance.now() < untilMs) await delay(LOOK_MS)
    const hung = isMarkAlive(mark)
    // It may end in this moment.
    if (hung) tryKill(pidOf(mark))
    const killedMs = performance.now()
    while (isMarkAlive(mark) && performance.now() < killedMs + KILL_MS) await delay(LOOK_MS)
    return {pid: pidOf(mark), hung}
  }))
}

/** Until then an address in use may be theirs: tries again. Rejects as `bind` does. */
export async function bindAfter<T>(ended: Promise<unknown>, bind: () => Promise<T>): Promise<T> {
  const state = {isOver: false}
  void ended.finally(() => (state.isOver = true))
  for (;;) {
    const {isOver} = state
    try {
      return await bind()
    } catch (error) {
      const isTaken = error instanceof WsmeshError && error.code === 'ADDRESS_IN_USE'
      if (!isTaken || isOver) throw error
    }
    await Promise.race([ended, delay(LOOK_MS)])
  }
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended, or is another user's: then the address stays in use, which is said.
  }
}
