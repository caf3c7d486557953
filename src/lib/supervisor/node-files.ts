/** `supervisors/PID.json` in the data folder: which nodes are kept on this machine. */
import {readdir, readFile, rename, unlink, writeFile} from 'node:fs/promises'
import {join} from 'node:path'

import {isMarkAlive, markOf, pidOf, readMark} from '../process/process-mark.js'
import {isRecord, parseJson} from '../protocol/json-text.js'
import {WsmeshError} from '../util/errors.js'

export const FOLDER = 'supervisors'
const FILES_MAX = 1000

export interface SupervisedNode {
  /** Of the process that keeps it. */
  readonly pid: number
  /** Null until it is part of the mesh, and while it is started again. */
  readonly node: string | null
  readonly clientUrl: string | null
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** As it was started, for people. */
  readonly command: string
}

/** Those of this data folder that live, whoever started them. Never rejects. */
export async function listSupervisedNodes(dataDir: string): Promise<readonly SupervisedNode[]> {
  const folder = join(dataDir, FOLDER)
  const names = await readdir(folder).catch(() => [])
  const files = names.filter((name) => /^\d+\.json$/.test(name)).slice(0, FILES_MAX)
  const read = await Promise.all(files.map((name) => recall(join(folder, name))))
  return read.filter((node) => node !== undefined)
}

/**
 * Has the supervisor restart its node (SIGHUP). Rejects with NODE_UNREACHABLE for a process that is
 * none of this data folder's.
 */
export async function restartSupervisedNode(dataDir: string, pid: number): Promise<void> {
  const isKnown = (await listSupervisedNodes(dataDir)).some((node) => node.pid === pid)
  if (!isKnown) {
    throw new WsmeshError('NODE_UNREACHABLE', `Process ${pid} is no supervisor of ${dataDir}`)
  }
  process.kill(pid, 'SIGHUP')
}

export async function remember(folder: string, node: SupervisedNode): Promise<void> {
  const path = fileOf(folder, node.pid)
  const text = `${JSON.stringify({...node, mark: markOf(node.pid) ?? null}, null, 2)}\n`
  await writeFile(`${path}.draft`, text, {mode: 0o600})
  await rename(`${path}.draft`, path)
}

export async function forget(folder: string, pid: number): Promise<void> {
  await unlink(fileOf(folder, pid)).catch(() => undefined)
}

/** Undefined for what is no such file, or of a process that has ended: its file is removed. */
async function recall(path: string): Promise<SupervisedNode | undefined> {
  const read = parseJson(await readFile(path, 'utf8').catch(() => ''))
  if (!read.ok || !isRecord(read.value)) return undefined
  const {node, clientUrl, startedAt, command, mark: text} = read.value
  const mark = typeof text === 'string' ? readMark(text) : undefined
  if (mark === undefined || typeof startedAt !== 'number' || typeof command !== 'string') {
    return undefined
  }
  if (!isMarkAlive(mark)) {
    await unlink(path).catch(() => undefined)
    return undefined
  }
  return {
    pid: pidOf(mark),
    node: typeof node === 'string' ? node : null,
    clientUrl: typeof clientUrl === 'string' ? clientUrl : null,
    startedAt,
    command,
  }
}

function fileOf(folder: string, pid: number): string {
  return join(folder, `${pid}.json`)
}
