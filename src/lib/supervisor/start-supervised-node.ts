/**
 * A node that goes on when whoever started it has ended: a process of its own session, found again
 * by a file in the data folder, `supervisors/PID.json`.
 */
import {spawn} from 'node:child_process'
import {open, readdir, readFile, rename, unlink, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as delay} from 'node:timers/promises'

import {ensureDataDir} from '../auth/data-dir.js'
import {readStdoutLine} from '../process/child-line.js'
import {isMarkAlive, markOf, pidOf, readMark} from '../process/process-mark.js'
import {isRecord, parseJson} from '../protocol/json-text.js'
import {WsmeshError} from '../util/errors.js'

/** How such a node is started, before its own flags. */
export const SUPERVISED_SERVE: readonly string[] = ['serve']
const FOLDER = 'supervisors'
/** A node that ends at once is told of as one that did not start. */
const READY_MS = 10_000
const LOOK_MS = 50
const FILES_MAX = 1000

export interface SupervisedNode {
  /** Of the process that keeps it: its end is the node's. */
  readonly pid: number
  /** Null until it is part of the mesh. */
  readonly node: string | null
  readonly clientUrl: string | null
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** As it was started, for people. */
  readonly command: string
}

export interface StartOptions {
  readonly dataDir: string
  /** bin/run.js of this package. */
  readonly binFile: string
  /** Flags of `wsmesh serve`. */
  readonly flags: readonly string[]
  /** By its variables it finds pool and secret; nothing else of them is on its command line. */
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  /** How the command is shown. */
  readonly command: string
}

/**
 * Starts one on this machine, and waits until it is part of the mesh, or for 10 s. Rejects with
 * NODE_FAILED, with what it said, when it ended before.
 */
export async function startSupervisedNode(options: StartOptions): Promise<SupervisedNode> {
  const {dataDir, binFile, flags, env, cwd, command} = options
  const folder = join(dataDir, FOLDER)
  await ensureDataDir(folder)
  const startedAt = Date.now()
  const log = join(folder, `${startedAt}-${process.pid}.log`)
  const output = await open(log, 'a', 0o600)
  try {
    const child = spawn(process.execPath, [binFile, ...SUPERVISED_SERVE, '--json', ...flags], {
      env, cwd, detached: true, stdio: ['ignore', output.fd, output.fd],
    })
    const failure = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message))
      child.once('exit', (status, signal) => resolve(`it ended with ${signal ?? status}`))
    })
    child.unref()
    const {pid} = child
    if (pid === undefined) throw failed(await failure, '')
    const started = {pid, node: null, clientUrl: null, startedAt, command}
    await remember(folder, started)
    return await untilReady(folder, started, log, failure)
  } finally {
    await output.close()
  }
}

/** Those of this data folder that live, whoever started them. Never rejects. */
export async function listSupervisedNodes(dataDir: string): Promise<readonly SupervisedNode[]> {
  const folder = join(dataDir, FOLDER)
  const names = await readdir(folder).catch(() => [])
  const files = names.filter((name) => /^\d+\.json$/.test(name)).slice(0, FILES_MAX)
  const read = await Promise.all(files.map((name) => recall(join(folder, name))))
  return read.filter((node) => node !== undefined)
}

async function untilReady(
  folder: string, started: SupervisedNode, log: string, failure: Promise<string>,
): Promise<SupervisedNode> {
  let why: string | undefined
  void failure.then((text) => (why = text))
  const endMs = performance.now() + READY_MS
  while (performance.now() < endMs) {
    const said = await readFile(log, 'utf8').catch(() => '')
    const lines = said.split('\n').map((line) => readStdoutLine(line))
    const ready = lines.find((line) => line.type === 'ready')
    if (ready !== undefined) {
      const {node, clientUrl} = ready.ready
      const known = {...started, node, clientUrl}
      await remember(folder, known)
      return known
    }
    if (why !== undefined) {
      const error = lines.find((line) => line.type === 'error')
      await unlink(join(folder, `${started.pid}.json`)).catch(() => undefined)
      throw failed(error?.message ?? why, error?.hint ?? '')
    }
    await delay(LOOK_MS)
  }
  return started
}

function failed(why: string, hint: string): WsmeshError {
  return new WsmeshError('NODE_FAILED', `The node did not start: ${why}`, {
    suggestions: hint === '' ? [] : [hint],
  })
}

async function remember(folder: string, node: SupervisedNode): Promise<void> {
  const path = join(folder, `${node.pid}.json`)
  const text = `${JSON.stringify({...node, mark: markOf(node.pid) ?? null}, null, 2)}\n`
  await writeFile(`${path}.draft`, text, {mode: 0o600})
  await rename(`${path}.draft`, path)
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
