/**
 * What a service manager of systemd's kind is told (sd_notify), where it asks for it by
 * NOTIFY_SOCKET. That is a datagram socket of the unix kind, which Node cannot speak to; the
 * program `systemd-notify` does, which is there wherever systemd is. A few milliseconds of another
 * process for each message, and no native module.
 */
import {execFile} from 'node:child_process'
import {promisify} from 'node:util'

export interface ServiceManager {
  /** All runs; also the end of a reload. */
  ready(): void
  reloading(): void
  stopping(): void
  /** For `systemctl status`; one that is as before is not sent again. */
  status(text: string): void
  /** No more of it; resolves when all that was said is told. */
  close(): Promise<void>
}

const PROGRAM = 'systemd-notify'
const SEND_MS = 5000
const run = promisify(execFile)

/**
 * Undefined where nobody asks. Takes the variables out of `env`: what this process starts is not
 * the service. While its event loop turns, the watchdog is fed, if there is one (WatchdogSec=).
 * `onFailure` is called once, for the first message that could not be sent.
 */
export function openServiceManager(
  env: NodeJS.ProcessEnv, pid: number, onFailure: (error: unknown) => void,
): ServiceManager | undefined {
  const {NOTIFY_SOCKET: socket, WATCHDOG_USEC: usec, WATCHDOG_PID: watched} = env
  for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete env[name]
  if (socket === undefined || socket === '') return undefined
  const isWatched = watched === undefined || Number(watched) === pid
  const watchdogMs = isWatched ? Number(usec) / 1000 : Number.NaN
  return new Notifier({...env, NOTIFY_SOCKET: socket}, pid, watchdogMs, onFailure)
}

class Notifier implements ServiceManager {
  readonly #env: NodeJS.ProcessEnv
  readonly #pid: number
  readonly #onFailure: (error: unknown) => void
  readonly #timer: NodeJS.Timeout | undefined
  /** One after another: their order means something. */
  #sending: Promise<void> = Promise.resolve()
  #waiting = 0
  #hasFailed = false
  #status = ''

  constructor(
    env: NodeJS.ProcessEnv, pid: number, watchdogMs: number, onFailure: (error: unknown) => void,
  ) {
    this.#env = env
    this.#pid = pid
    this.#onFailure = onFailure
    // Half of its time, as sd_watchdog_enabled(3) advises. What is late is not made up for.
    if (watchdogMs > 0) {
      this.#timer = setInterval(() => {
        if (this.#waiting === 0) this.#send('WATCHDOG=1')
      }, watchdogMs / 2)
    }
  }

  ready(): void {
    this.#send('READY=1', `MAINPID=${this.#pid}`)
  }

  reloading(): void {
    // CLOCK_MONOTONIC, which Node's high-resolution time is on Linux.
    this.#send('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`)
  }

  stopping(): void {
    this.#send('STOPPING=1')
  }

  status(text: string): void {
    if (text === this.#status) return
    this.#status = text
    this.#send(`STATUS=${text}`)
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#sending
  }

  #send(...variables: readonly string[]): void {
    this.#waiting += 1
    this.#sending = this.#sending
      // It waits until the manager has read it: whose message it was is asked of the living.
      .then(() => run(PROGRAM, [...variables], {env: this.#env, timeout: SEND_MS}))
      .then(() => undefined, (error: unknown) => this.#failed(error))
      .finally(() => (this.#waiting -= 1))
  }

  #failed(error: unknown): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.#onFailure(error)
  }
}
