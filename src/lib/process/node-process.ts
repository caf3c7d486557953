/** One `wsmesh serve` as a process of its own. */
import {spawn} from 'node:child_process'
import type {ChildProcess} from 'node:child_process'
import {createInterface} from 'node:readline'
import type {Readable} from 'node:stream'
import {WsmeshError} from '../util/errors.js'
import {readStdoutLine, readableLogLine} from './child-line.js'
import type {ReadyLine} from './child-line.js'

export interface NodeProcess {
  readonly pid: number | undefined
  /** Rejects with NODE_FAILED when the process ends before it is ready. */
  readonly ready: Promise<ReadyLine>
  /** How it ended, in words: "killed by SIGKILL", "ended with status 1: …". Never rejects. */
  readonly ended: Promise<string>
  signal(name: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void
  /** A word for a module of its own that listens to it (node --import). */
  tell(message: object): void
}

export interface NodeProcessOptions {
  readonly command: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  /** The caller's own if undefined. */
  readonly cwd?: string
  /** A line of its log that a person should see. */
  readonly onLog: (line: string) => void
}

/**
 * The process gets a session of its own, so that Ctrl-C reaches its parent alone; its IPC channel
 * closes with the parent, which keep-with-parent.ts takes as the order to drain.
 */
export function startNodeProcess(options: NodeProcessOptions): NodeProcess {
  const child = spawn(options.command, options.args, {
    env: options.env,
    cwd: options.cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const complaint = {text: '', hint: undefined as string | undefined}
  eachLine(child.stderr, (line) => {
    const readable = readableLogLine(line)
    if (readable !== undefined) options.onLog(readable)
  })
  let isReady = false
  const ended = endOf(child, () => complaint.text)
  const ready = new Promise<ReadyLine>((resolve, reject) => {
    eachLine(child.stdout, (line) => {
      const read = readStdoutLine(line)
      if (read.type === 'error') Object.assign(complaint, {text: read.message, hint: read.hint})
      if (read.type !== 'ready') return
      isReady = true
      resolve(read.ready)
    })
    const giveUp = async (): Promise<void> => {
      const how = await ended
      if (isReady) return
      const suggestions = complaint.hint === undefined ? [] : [complaint.hint]
      reject(new WsmeshError('NODE_FAILED', `A node did not start: ${how}`, {suggestions}))
    }
    void giveUp()
  })
  // Whoever does not wait for `ready` hears of the end by `ended`.
  ready.catch(() => {})
  return {
    pid: child.pid,
    ready,
    ended,
    signal(name) {
      if (child.exitCode === null && child.signalCode === null) child.kill(name)
    },
    tell(message) {
      // One that ends meanwhile needs no word.
      if (child.connected) child.send(message, () => {})
    },
  }
}

function eachLine(stream: Readable | null, use: (line: string) => void): void {
  if (stream !== null) createInterface({input: stream}).on('line', use)
}

/** `close` comes after the last of its output, so that its complaint is known. */
function endOf(child: ChildProcess, complaint: () => string): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`it cannot be run: ${error.message}`))
    child.once('close', (code, signal) => {
      const why = complaint() === '' ? '' : `: ${complaint()}`
      resolve(signal === null ? `ended with status ${code}${why}` : `killed by ${signal}`)
    })
  })
}
