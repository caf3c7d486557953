/* oxlint-disable unicorn/require-post-message-target-origin -- threads have no origin */
/**
 * The store's side of the thread: one request at a time, each with a timeout, a new thread after
 * one that died. A request that timed out before its turn is never run: a write that comes late
 * would surprise a caller who has read the store again.
 */
import {existsSync} from 'node:fs'
import {Worker} from 'node:worker_threads'
import {WsmeshError} from '../../util/errors.js'
import type {Outcome, Statement} from '../../sql/statement.js'
import type {HostIdentity} from './host-identity.js'
import {sqliteError} from './sqlite-error.js'
import type {SqliteReply, SqliteRequest, SqliteThreadData} from './sqlite-message.js'

export interface SqliteThreadOptions {
  readonly path: string
  readonly prefix: string
  readonly host: HostIdentity
  readonly timeoutMs: number
}

type Work =
  | {readonly type: 'run'; readonly statement: Statement}
  | {readonly type: 'create'; readonly statements: readonly Statement[]}

interface Job {
  readonly work: Work
  readonly startedMs: number
  readonly timer: NodeJS.Timeout
  /** Undefined once it timed out. */
  settle: {resolve(outcome: Outcome): void; reject(error: WsmeshError): void} | undefined
}

/** A thread that does not answer a request to end is stopped after this. */
const CLOSE_MS = 500

/** The part of the timeout that is left for a reply after waiting for locks. */
const BUSY_MARGIN = 0.2

export class SqliteThread {
  readonly #options: SqliteThreadOptions
  #worker: Worker | undefined
  #isClosed = false
  #running: Job | undefined
  #waiting: Job[] = []

  constructor(options: SqliteThreadOptions) {
    this.#options = options
  }

  async run(statement: Statement): Promise<Outcome> {
    return this.#ask({type: 'run', statement})
  }

  async create(statements: readonly Statement[]): Promise<Outcome> {
    return this.#ask({type: 'create', statements})
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    const jobs = this.#running ? [this.#running, ...this.#waiting] : this.#waiting
    this.#waiting = []
    for (const job of jobs) finish(job, this.#error('CLOSED', 'the store was closed'))
    const worker = this.#worker
    if (!worker) return
    worker.ref()
    const exited = new Promise<void>((resolve) => void worker.once('exit', () => resolve()))
    worker.postMessage({type: 'close'} satisfies SqliteRequest)
    const timer = setTimeout(() => void worker.terminate(), CLOSE_MS)
    await exited
    clearTimeout(timer)
  }

  async #ask(work: Work): Promise<Outcome> {
    if (this.#isClosed) throw this.#error('CLOSED', 'the store was closed')
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#expire(job), this.#options.timeoutMs)
      const job: Job = {work, startedMs: performance.now(), timer, settle: {resolve, reject}}
      this.#waiting.push(job)
      this.#next()
    })
  }

  #expire(job: Job): void {
    this.#waiting = this.#waiting.filter((waiting) => waiting !== job)
    finish(job, this.#error('TIMED_OUT', `no answer in ${this.#options.timeoutMs} ms`))
  }

  #next(): void {
    const job = this.#waiting[0]
    if (this.#running || this.#isClosed || !job) return
    this.#worker ??= this.#start()
    this.#waiting.shift()
    this.#running = job
    const leftMs = this.#options.timeoutMs - (performance.now() - job.startedMs)
    // SQLite gives up waiting for a lock while its caller still listens.
    const busyMs = Math.max(0, Math.floor(leftMs - this.#options.timeoutMs * BUSY_MARGIN))
    this.#worker.postMessage({...job.work, busyMs} satisfies SqliteRequest)
  }

  #start(): Worker {
    const {path, prefix, host} = this.#options
    const workerData: SqliteThreadData = {path, prefix, host}
    const worker = new Worker(driverUrl(), {workerData, execArgv: [], name: 'wsmesh-pool'})
    worker.on('message', (reply: SqliteReply) => this.#answered(reply))
    worker.on('error', (error) => this.#ended(worker, error))
    worker.on('exit', () => this.#ended(worker, undefined))
    // An open store alone keeps no process alive; a call that waits does, by its timer.
    worker.unref()
    return worker
  }

  #answered(reply: SqliteReply): void {
    const job = this.#running
    this.#running = undefined
    if (job && reply.type === 'outcome') finish(job, reply.outcome)
    if (job && reply.type === 'failure') {
      finish(job, sqliteError(reply.failure, this.#options.path))
    }
    this.#next()
  }

  #ended(worker: Worker, error: Error | undefined): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    const job = this.#running
    this.#running = undefined
    if (job) finish(job, this.#error('THREAD_ENDED', error?.message ?? 'the thread ended'))
    this.#next()
  }

  #error(code: string, message: string): WsmeshError {
    return sqliteError({code, message}, this.#options.path)
  }
}

function finish(job: Job, end: Outcome | WsmeshError): void {
  clearTimeout(job.timer)
  const settle = job.settle
  job.settle = undefined
  if (end instanceof WsmeshError) settle?.reject(end)
  else settle?.resolve(end)
}

/** Beside this file. From source, in tests, the build's: threads load no TypeScript. */
function driverUrl(): URL {
  const beside = new URL('./sqlite-driver.js', import.meta.url)
  if (existsSync(beside)) return beside
  const built = new URL('../../../../dist/lib/pool/sqlite/sqlite-driver.js', import.meta.url)
  if (existsSync(built)) return built
  throw new WsmeshError('BUILD_MISSING', `The embedded pool is not built: no ${built.pathname}.`, {
    suggestions: ['npm run build'],
  })
}
