/** `supervisors/PID.json` in the data folder: which nodes are kept on this machine, and by whom. */
import {readdir, readFile, rename, unlink, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'

import {isMarkAlive, markOf, pidOf, readMark} from '../process/process-mark.js'
import type {ProcessMark} from '../process/process-mark.js'
import {isRecord, parseJson} from '../protocol/json-text.js'
import {orphansOf} from './orphans.js'

export const FOLDER = 'supervisors'
const FILES_MAX = 1000

/** A `wsmesh serve --supervise`, as it says of itself. */
export interface SupervisorFile {
  readonly pid: number
  /** Ids of its nodes; without those that are not part of the mesh yet, or not any more. */
  readonly nodes: readonly string[]
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** As it was started, for people, without passwords. */
  readonly command: string
  /** What a node failed of, until the next one is ready. */
  readonly trouble: Trouble | null
  readonly reloads: Reloads
}

export interface Trouble {
  readonly why: string
  /** What to try; may be empty. */
  readonly hint: string
}

/** What became of the reloads that it was asked for. */
export interface Reloads {
  /** Since it was started. */
  readonly begun: number
  /** As many, or one less while one is under way. */
  readonly ended: number
  /** Of the last one that began, in order. */
  readonly replaced: readonly Replaced[]
  /** Why that one was given up, once it has ended. */
  readonly failed: string | null
}

/** Ids of nodes. `before` is null where the worker had none. */
export interface Replaced {
  readonly before: string | null
  readonly now: string
}

export const NO_RELOADS: Reloads = {begun: 0, ended: 0, replaced: [], failed: null}

/** Those of this data folder that live, whoever started them. Never rejects. */
export async function listSupervisors(dataDir: string): Promise<readonly SupervisorFile[]> {
  const folder = join(dataDir, FOLDER)
  const names = await readdir(folder).catch(() => [])
  const files = names.filter((name) => /^\d+\.json$/.test(name)).slice(0, FILES_MAX)
  const read = await Promise.all(files.map((name) => recall(join(folder, name))))
  return read.filter((file) => file !== undefined)
}

/** Undefined as long as it has not said anything, and when it has ended. */
export async function findSupervisor(
  dataDir: string, pid: number,
): Promise<SupervisorFile | undefined> {
  return recall(fileOf(join(dataDir, FOLDER), pid))
}

/**
 * One after another: the last one holds. `processes`: of its nodes, and of those that come and go.
 */
export async function remember(
  folder: string, file: SupervisorFile, processes: readonly ProcessMark[] = [],
): Promise<void> {
  const path = fileOf(folder, file.pid)
  const mark = markOf(file.pid) ?? null
  const text = `${JSON.stringify({...file, mark, processes}, null, 2)}\n`
  await writeFile(`${path}.draft`, text, {mode: 0o600})
  await rename(`${path}.draft`, path)
}

export async function forget(folder: string, pid: number): Promise<void> {
  await unlink(fileOf(folder, pid)).catch(() => undefined)
}

/** Undefined for what is no such file, or of a process that has ended: its file is removed. */
async function recall(path: string): Promise<SupervisorFile | undefined> {
  const read = parseJson(await readFile(path, 'utf8').catch(() => ''))
  if (!read.ok || !isRecord(read.value)) return undefined
  const {nodes, startedAt, command, mark: text, trouble, reloads} = read.value
  const mark = typeof text === 'string' ? readMark(text) : undefined
  if (mark === undefined || typeof startedAt !== 'number' || typeof command !== 'string') {
    return undefined
  }
  if (!isMarkAlive(mark)) {
    // By what it says the next supervisor finds those of its nodes that hang.
    if (orphansOf(read.value).length === 0) await forgetDead(path, pidOf(mark))
    return undefined
  }
  return {
    pid: pidOf(mark),
    nodes: Array.isArray(nodes) ? nodes.filter((id) => typeof id === 'string') : [],
    startedAt,
    command,
    trouble: readTrouble(trouble),
    reloads: readReloads(reloads),
  }
}

/** Its file, and the sockets of its nodes. */
async function forgetDead(path: string, pid: number): Promise<void> {
  const folder = dirname(path)
  const names = await readdir(folder).catch(() => [])
  const sockets = names.filter((name) => name.startsWith(`${pid}-`) && name.endsWith('.sock'))
  for (const left of [...sockets.map((name) => join(folder, name)), path]) {
    await unlink(left).catch(() => undefined)
  }
}

function readTrouble(value: unknown): Trouble | null {
  if (!isRecord(value)) return null
  const {why, hint} = value
  return typeof why === 'string' && typeof hint === 'string' ? {why, hint} : null
}

function readReloads(value: unknown): Reloads {
  if (!isRecord(value)) return NO_RELOADS
  const {begun, ended, replaced, failed} = value
  if (typeof begun !== 'number' || typeof ended !== 'number') return NO_RELOADS
  return {
    begun,
    ended,
    replaced: Array.isArray(replaced) ? replaced.flatMap(readReplaced) : [],
    failed: typeof failed === 'string' ? failed : null,
  }
}

function readReplaced(value: unknown): readonly Replaced[] {
  if (!isRecord(value) || typeof value['now'] !== 'string') return []
  const {before, now} = value
  return [{before: typeof before === 'string' ? before : null, now}]
}

function fileOf(folder: string, pid: number): string {
  return join(folder, `${pid}.json`)
}
