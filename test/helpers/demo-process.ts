/** `wsmesh demo` as a process of its own, with a data folder of its own. */
import {spawn} from 'node:child_process'
import {mkdtemp, readFile, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {eventually, within} from './eventually.js'

export const BIN = join(import.meta.dirname, '..', '..', 'bin', 'run.js')

export interface DemoNode {
  readonly name: string
  readonly id: string
  readonly clientUrl: string
  readonly pid: number
  readonly role: string
  readonly master: string | null
}

export interface DemoReady {
  readonly pageUrl: string | null
  readonly pool: string
  readonly master: string
  readonly nodes: readonly DemoNode[]
}

export interface DemoProcess extends AsyncDisposable {
  readonly pid: number
  readonly dataDir: string
  /** All of stdout, all of stderr so far. */
  readonly output: {stdout: string; stderr: string}
  ready(): Promise<DemoReady>
  readonly ended: Promise<{code: number | null; signal: NodeJS.Signals | null}>
}

export interface DemoOptions {
  readonly args?: readonly string[]
  /** Of the page; any free one unless told. */
  readonly port?: number
  /** Another demo's folder; else a new one, removed at the end. */
  readonly dataDir?: string
  readonly env?: Readonly<Record<string, string>>
  readonly asJson?: boolean
}

export async function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'wsmesh-demo-'))
}

/** Nothing of the settings of whoever runs the tests. */
export function cleanEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('WSMESH_'))
  return {...Object.fromEntries(own), NO_COLOR: '1', ...extra}
}

/** A process group of its own, so that a test can do to it what a terminal does. */
export async function startDemo(options: DemoOptions = {}): Promise<DemoProcess> {
  const {args = [], port = 0, asJson = true, env} = options
  const dataDir = options.dataDir ?? (await temporaryFolder())
  const own = ['--data-dir', dataDir, '--port', String(port), ...(asJson ? ['--json'] : [])]
  const all = ['demo', ...own, ...args]
  const child = spawn(process.execPath, [BIN, ...all], {
    env: cleanEnvironment(env),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = {stdout: '', stderr: ''}
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text))
  let isRunning = true
  const ended = new Promise<{code: number | null; signal: NodeJS.Signals | null}>((resolve) => {
    child.once('close', (code, signal) => {
      isRunning = false
      resolve({code, signal})
    })
  })
  return {
    pid: child.pid ?? 0,
    dataDir,
    output,
    ended,
    async ready() {
      const line = await eventually(
        () => {
          if (!isRunning) throw new Error(`The demo ended: ${output.stdout}${output.stderr}`)
          return output.stdout.includes('\n') && output.stdout.slice(0, output.stdout.indexOf('\n'))
        },
        {what: 'the demo to be ready', timeoutMs: 60_000},
      )
      return JSON.parse(line) as DemoReady
    },
    async [Symbol.asyncDispose]() {
      if (isRunning) child.kill('SIGTERM')
      try {
        await within(ended, 'the demo to end', 30_000)
      } finally {
        if (isRunning) child.kill('SIGKILL')
        if (options.dataDir === undefined) await rm(dataDir, {recursive: true, force: true})
      }
    },
  }
}

/** A zombie that nobody collects does not run. */
export async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return !/\) Z /.test(stat)
}

export async function nobodyRuns(pids: readonly number[]): Promise<boolean> {
  const running = await Promise.all(pids.map((pid) => isRunning(pid)))
  return !running.includes(true)
}
