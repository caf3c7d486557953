/**
 * Starts `wsmesh serve --supervise` as a process that goes on when who started it has ended, and
 * is found again by its file in the data folder (node-files.ts).
 */
import {spawn} from 'node:child_process'
import {open, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as delay} from 'node:timers/promises'

import {ensureDataDir} from '../auth/data-dir.js'
import {readStdoutLine} from '../process/child-line.js'
import {WsmeshError} from '../util/errors.js'
import {findSupervisor, FOLDER, NO_RELOADS} from './node-files.js'
import type {SupervisorFile, Trouble} from './node-files.js'

const READY_MS = 10_000
const LOOK_MS = 50

export interface StartOptions {
  readonly dataDir: string
  /** bin/run.js of this package. */
  readonly binFile: string
  /** Flags of `wsmesh serve`. */
  readonly flags: readonly string[]
  /** By its variables it finds pool and secret; nothing else of them is on its command line. */
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  /** How it is shown until it says so itself. */
  readonly command: string
}

/**
 * Starts one on this machine, and waits until its node is part of the mesh, or for 10 s. Rejects
 * with NODE_FAILED, with what it said, when the node ended before: it would be tried again, but who
 * asked for it is to hear at once why, and nothing is left.
 */
export async function startSupervisor(options: StartOptions): Promise<SupervisorFile> {
  const {dataDir, binFile, flags, env, cwd, command} = options
  const folder = join(dataDir, FOLDER)
  await ensureDataDir(folder)
  const startedAt = Date.now()
  const log = join(folder, `${startedAt}-${process.pid}.log`)
  const output = await open(log, 'a', 0o600)
  try {
    const args = [binFile, 'serve', '--supervise', '--json', ...flags]
    const child = spawn(process.execPath, args, {
      env, cwd, detached: true, stdio: ['ignore', output.fd, output.fd],
    })
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message))
      child.once('exit', (status, signal) => resolve(`it ended with ${signal ?? status}`))
    })
    child.unref()
    const {pid} = child
    if (pid === undefined) throw failed({why: await ended, hint: ''})
    const seen = await firstNode(dataDir, pid, ended)
    if (typeof seen === 'string') throw failed(await whatItSaid(log, seen))
    if (seen?.trouble != null) {
      child.kill('SIGTERM')
      await ended
      throw failed(seen.trouble)
    }
    return seen ?? {pid, nodes: [], startedAt, command, trouble: null, reloads: NO_RELOADS}
  } finally {
    await output.close()
  }
}

/** What it says once there is a node or none can be; how it ended; undefined: nothing in time. */
async function firstNode(
  dataDir: string, pid: number, ended: Promise<string>,
): Promise<SupervisorFile | string | undefined> {
  let end: string | undefined
  void ended.then((text) => (end = text))
  const untilMs = performance.now() + READY_MS
  while (performance.now() < untilMs) {
    if (end !== undefined) return end
    const file = await findSupervisor(dataDir, pid)
    if (file !== undefined && (file.nodes.length > 0 || file.trouble !== null)) return file
    await delay(LOOK_MS)
  }
  return undefined
}

/** Of one that ended by itself: the error that it printed. */
async function whatItSaid(log: string, otherwise: string): Promise<Trouble> {
  const said = await readFile(log, 'utf8').catch(() => '')
  const lines = said.split('\n').map((line) => readStdoutLine(line))
  const error = lines.find((line) => line.type === 'error')
  return {why: error?.message ?? otherwise, hint: error?.hint ?? ''}
}

function failed({why, hint}: Trouble): WsmeshError {
  return new WsmeshError('NODE_FAILED', `The node did not start: ${why}`, {
    suggestions: hint === '' ? [] : [hint],
  })
}
