/** One process of a node: the same command line again, with the sockets that are kept for it. */
import {spawn} from 'node:child_process'
import type {ChildProcess} from 'node:child_process'
import {unlink} from 'node:fs/promises'
import {createInterface} from 'node:readline'
import {readStdoutLine, readableLogLine, type ReadyLine} from '../process/child-line.js'
import {bePatient} from '../process/patience.js'
import {encodeSupervision, SUPERVISION_VARIABLE, type Supervision} from '../process/supervision.js'
import type {ChildEnd} from './restart-policy.js'

export interface NodeChild {
  readonly pid: number | undefined
  readonly privatePath: string
  ready: ReadyLine | undefined
  kill(signal: NodeJS.Signals): void
  /** Has it open its inspector, even while its loop hangs; undefined: not in that time. */
  readonly inspect: (timeoutMs: number) => Promise<string | undefined>
}

export interface NodeChildOptions {
  /** Behind `node`. */
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly clientFd: number
  readonly apiFd: number | undefined
  readonly supervision: Omit<Supervision, 'clientFd' | 'apiFd'>
  readonly onLog: (line: string) => void
  readonly onReady: (ready: ReadyLine) => void
  readonly onEnd: (end: ChildEnd) => void
}

/** Behind stdin, stdout, stderr and the channel to the parent. */
const CLIENT_FD = 4
const API_FD = 5
/** Should it be asked for its inspector: at any port, told to nobody but who reads its stderr. */
const INSPECTOR = ['--inspect-port=127.0.0.1:0', '--inspect-publish-uid=stderr']
const INSPECTOR_AT = /^Debugger listening on (ws:\/\/\S+)$/
const INSPECTOR_SAYS = /^(?:Debugger (?:listening on|attached|ending on)|For help, see: https:)/
const KEEP = new URL('../process/keep-with-supervisor.js', import.meta.url).href

export function startNodeChild(options: NodeChildOptions): NodeChild {
  const {args, env, clientFd, apiFd, onLog, onReady, onEnd} = options
  const supervision = {
    ...options.supervision, clientFd: CLIENT_FD, apiFd: apiFd === undefined ? undefined : API_FD,
  }
  const child = spawn(process.execPath, [...INSPECTOR, '--import', KEEP, ...args], {
    env: {...env, [SUPERVISION_VARIABLE]: encodeSupervision(supervision)},
    // Ctrl-C is for the supervisor, which passes it on.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', clientFd, ...(apiFd === undefined ? [] : [apiFd])],
  })
  const said: {logged?: string | undefined; text?: string; hint?: string | undefined} = {}
  const inspector = new InspectorLine()
  const node: NodeChild = {
    pid: child.pid,
    privatePath: supervision.privatePath,
    ready: undefined,
    kill: (signal) => void child.kill(signal),
    inspect: (timeoutMs) => inspector.ask(child, timeoutMs),
  }
  eachLine(child, 'stderr', (line) => {
    if (inspector.hears(line)) return
    onLog(line)
    said.logged = complaintOf(line) ?? said.logged
  })
  eachLine(child, 'stdout', (line) => {
    const read = readStdoutLine(line)
    if (read.type === 'error') Object.assign(said, {text: read.message, hint: read.hint})
    if (read.type !== 'ready') return
    node.ready = read.ready
    // What it warned of on its way is not what it ends of.
    said.logged = undefined
    onReady(read.ready)
  })
  const end = (end: ChildEnd): void => {
    // One that was killed leaves the file; a dial to it proves the death either way.
    void unlink(node.privatePath).catch(() => undefined)
    onEnd(end)
  }
  child.once('error', (error) => {
    if (child.pid === undefined) end({status: 1, signal: null, said: error.message})
  })
  child.once('close', (status, signal) => {
    end({status, signal, said: said.text ?? said.logged, hint: said.hint})
  })
  return node
}

/** Where the inspector of a process listens, as the process says on stderr. */
class InspectorLine {
  #url: string | undefined
  #isAsked = false
  #onUrl: (url: string) => void = () => {}

  /** Whether the line is for us alone: who has the address may do anything with the process. */
  hears(line: string): boolean {
    const [, url] = INSPECTOR_AT.exec(line) ?? []
    if (url !== undefined) {
      this.#url = url
      this.#onUrl(url)
    }
    return this.#isAsked && INSPECTOR_SAYS.test(line)
  }

  ask(child: ChildProcess, timeoutMs: number): Promise<string | undefined> {
    this.#isAsked = true
    return new Promise((resolve) => {
      this.#onUrl = resolve
      bePatient(child.pid ?? 0, timeoutMs, () => resolve(undefined))
      // Somebody may have started it with an inspector.
      if (this.#url === undefined) child.kill('SIGUSR1')
      else resolve(this.#url)
    })
  }
}

/** What a process ends of is an error of its log, or what Node itself wrote there. */
function complaintOf(line: string): string | undefined {
  const isNote = line.startsWith('{') && !line.includes('"level":"error"')
  return isNote ? undefined : readableLogLine(line)
}

function eachLine(
  child: ChildProcess, name: 'stdout' | 'stderr', use: (line: string) => void,
): void {
  const stream = child[name]
  if (stream !== null) createInterface({input: stream}).on('line', use)
}
