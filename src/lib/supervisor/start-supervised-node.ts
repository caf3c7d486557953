/**
 * Starts a node that goes on when whoever started it has ended, kept by a process of its own
 * (keep-node.ts) and found again by a file in the data folder (node-files.ts).
 */
import {spawn} from 'node:child_process'
import {open, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as delay} from 'node:timers/promises'
import {fileURLToPath} from 'node:url'

import {ensureDataDir} from '../auth/data-dir.js'
import {readStdoutLine} from '../process/child-line.js'
import {WsmeshError} from '../util/errors.js'
import {FOLDER, forget, remember, type SupervisedNode} from './node-files.js'

/** A node that ends at once is told of as one that did not start. */
const READY_MS = 10_000
const LOOK_MS = 50

/** What keep-node.ts is told, as JSON. */
export const KEEP_VARIABLE = 'WSMESH_KEEP'

export interface KeepOrder {
  readonly folder: string
  readonly startedAt: number
  readonly command: string
  /** Behind `node`. */
  readonly args: readonly string[]
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
    const order: KeepOrder = {
      folder, startedAt, command, args: [binFile, 'serve', '--json', ...flags],
    }
    const child = spawn(process.execPath, [keeperFile()], {
      env: {...env, [KEEP_VARIABLE]: JSON.stringify(order)},
      cwd, detached: true, stdio: ['ignore', output.fd, output.fd],
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

/** It is run as it is built: processes of the tests' TypeScript could not run it. */
function keeperFile(): string {
  return fileURLToPath(
    new URL('../../../dist/lib/supervisor/keep-node.js', import.meta.url))
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
      return {...started, node, clientUrl}
    }
    if (why !== undefined) {
      await forget(folder, started.pid)
      const error = lines.find((line) => line.type === 'error')
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
