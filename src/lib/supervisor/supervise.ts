/**
 * `wsmesh serve --supervise`: binds the public sockets, and does what the core (core.ts) says with
 * the processes of its nodes. Nothing is decided here.
 */
import {readFile, unlink} from 'node:fs/promises'
import {constants, tmpdir} from 'node:os'
import {join} from 'node:path'
import {defaultDataDir, ensureDataDir} from '../auth/data-dir.js'
import type {MeshSecret} from '../auth/mesh-secret.js'
import {loadSecret} from '../auth/secret.js'
import {describeError} from '../node/log.js'
import type {Log} from '../node/log.js'
import {openLog, type LogOutput} from '../node/log-output.js'
import {checkHost, checkListen} from '../node/node-addresses.js'
import type {ServeOptions} from '../node/serve.js'
import type {ReadyLine} from '../process/child-line.js'
import type {HangFile} from '../process/hang-file.js'
import {markOf} from '../process/process-mark.js'
import {openServiceManager} from '../process/service-manager.js'
import type {Supervision} from '../process/supervision.js'
import {keepPath, keepPort, type KeptSocket} from '../transport/kept-socket.js'
import {assert, unreachable} from '../util/assert.js'
import {WsmeshError} from '../util/errors.js'
import {SupervisorCore} from './core.js'
import type {SupervisorEffect, SupervisorEvent} from './event.js'
import {examineHung} from './examine-hung.js'
import {startNodeChild, type NodeChild} from './node-child.js'
import {FOLDER, forget, listSupervisors, remember, type Trouble} from './node-files.js'
import {bindAfter, endOrphans, findOrphans, PATIENCE_MS, type Orphan} from './orphans.js'
import {placesFor} from './places.js'
import {probeNode} from './probe-node.js'
import {ReloadBook} from './reload-book.js'
import {takeReloadRequest} from './reload-request.js'
import {describeEnd, RESTART_POLICY, type ChildEnd} from './restart-policy.js'

export interface SuperviseOptions {
  readonly serve: ServeOptions
  readonly workers: number
  readonly probeMs: number
  readonly rssBytesMax: number | undefined
  /** What is kept of a node that hangs. */
  readonly onHang: ReadonlySet<HangFile>
  /** Behind `node`: what this process was started with. */
  readonly args: readonly string[]
  /** The same for people, without passwords. */
  readonly command: string
  /** Each first node of a worker is told of, once. */
  readonly onReady: (ready: ReadyLine) => void
}

const TICK_MS = 100
const WEIGH_MS = 1000
/** Beyond the time in which it leads its clients away a drain gives up by itself after 10 s. */
const STOP_MS = 15_000
const START_MS = 60_000
const LOAD_MS = 30_000
/** A lease names seven nodes at most. */
const ENDED_MAX = 64
/** What the kernel takes as the path of a unix socket, less our own names. */
const FOLDER_CHARS_MAX = 80

/** Runs until all nodes have ended. Rejects with NODE_FAILED when they do not stay alive. */
export async function supervise(options: SuperviseOptions): Promise<void> {
  const {serve} = options
  const dataDir = serve.dataDir ?? defaultDataDir(process.env)
  const folder = join(dataDir, FOLDER)
  await ensureDataDir(folder)
  const secret = await loadSecret({secretFile: serve.secretFile, env: process.env, dataDir})
  const orphans = endOrphans(await findOrphans(folder), PATIENCE_MS)
  const clients = await bindAfter(orphans, () => keepPort(checkHost(serve.host), serve.port))
  const api = await bindAfter(orphans, () => keepApi(serve.apiListen))
  try {
    const sockets = folder.length > FOLDER_CHARS_MAX ? tmpdir() : folder
    await new Supervisor(options, {dataDir, clients, api, secret, sockets, folder, orphans}).run()
  } finally {
    clients.close()
    api?.close()
  }
}

async function keepApi(text: string | undefined): Promise<KeptSocket | undefined> {
  if (text === undefined) return undefined
  const at = checkListen('--api-listen', text)
  if (at.type === 'port') return keepPort(at.host, at.port)
  try {
    return keepPath(at.path)
  } catch (error) {
    const {connect} = await import('node:net')
    const isLeft = await new Promise<boolean>((resolve) => {
      const socket = connect(at.path, () => {
        socket.destroy()
        resolve(false)
      })
      socket.on('error', (why: NodeJS.ErrnoException) => resolve(why.code === 'ECONNREFUSED'))
    })
    if (!isLeft) throw error
    // What a supervisor that was killed left behind answers no dial.
    await unlink(at.path)
    return keepPath(at.path)
  }
}

interface World {
  /** Of supervisors that were killed, when they have ended. */
  readonly orphans: Promise<readonly Orphan[]>
  readonly dataDir: string
  readonly clients: KeptSocket
  readonly api: KeptSocket | undefined
  readonly secret: MeshSecret
  /** Folder of the nodes' own sockets. */
  readonly sockets: string
  /** Where others find what is kept here. */
  readonly folder: string
}

class Supervisor {
  readonly #options: SuperviseOptions
  readonly #world: World
  readonly #core: SupervisorCore
  readonly #log: Log
  readonly #output: LogOutput
  readonly #children = new Map<number, NodeChild>()
  readonly #announced = new Set<number>()
  #exit: (failure: WsmeshError | undefined) => void = () => {}
  #signals = 0
  readonly #startedAt = Date.now()
  #trouble: Trouble | null = null
  #told: Promise<void> = Promise.resolve()
  readonly #reloads = new ReloadBook()
  readonly #nodes = new Map<number, string>()
  #ended: readonly string[] = []
  readonly #manager = openServiceManager(process.env, process.pid, (error) => {
    this.#log.warn('The service manager cannot be told anything', {error: describeError(error)})
  })

  constructor(options: SuperviseOptions, world: World) {
    const {workers, probeMs, rssBytesMax, serve} = options
    this.#options = options
    this.#world = world
    this.#core = new SupervisorCore({
      workers, probeMs, rssBytesMax,
      overlaps: placesFor(serve, workers, 0).overlaps,
      restarts: RESTART_POLICY, startMs: START_MS, loadMs: LOAD_MS,
      stopMs: serve.leadAwayMs + STOP_MS,
    })
    const {logLevel: level, logFormat: format, logFile: file} = serve
    this.#output = openLog({level, format, file})
    this.#log = this.#output.log
  }

  async run(): Promise<void> {
    const ended = new Promise<WsmeshError | undefined>((resolve) => (this.#exit = resolve))
    const timers = [setInterval(() => this.#step({type: 'tick'}), TICK_MS)]
    if (this.#options.rssBytesMax !== undefined) {
      timers.push(setInterval(() => void this.#weigh(), WEIGH_MS))
    }
    takeReloadRequest(this.#world.folder, process.pid)
    const onSignal = (signal: NodeJS.Signals): void => this.#onSignal(signal)
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
    process.on('SIGUSR2', this.#output.reopen)
    void this.#tellOfOrphans()
    this.#step({type: 'start'})
    this.#tell()
    const failure = await ended
    for (const timer of timers) clearInterval(timer)
    await this.#told
    await forget(this.#world.folder, process.pid)
    await this.#manager?.close()
    if (failure !== undefined) throw failure
  }

  async #tellOfOrphans(): Promise<void> {
    for (const {pid, hung} of await this.#world.orphans) {
      if (hung) this.#log.error('A node whose supervisor was killed hung: it was killed', {pid})
      else this.#log.info('A node whose supervisor was killed has ended', {pid})
    }
    // Who looks removes what the dead left.
    await listSupervisors(this.#world.dataDir)
  }

  #onSignal(signal: NodeJS.Signals): void {
    if (signal === 'SIGHUP' && this.#isReload()) {
      this.#output.reopen()
      this.#step({type: 'reload'})
      return
    }
    this.#signals += 1
    if (this.#signals === 1) {
      this.#log.info('Stopping all nodes', {signal})
      this.#manager?.stopping()
      this.#step({type: 'stop'})
    } else {
      process.exitCode = 128 + constants.signals[signal]
      this.#step({type: 'stop-now'})
    }
  }

  /** On a terminal SIGHUP says that it was closed, unless somebody asked for a reload. */
  #isReload(): boolean {
    const isAsked = takeReloadRequest(this.#world.folder, process.pid)
    return isAsked || !(process.stdout.isTTY || process.stderr.isTTY)
  }

  #step(event: SupervisorEvent): void {
    for (const effect of this.#core.step(event, performance.now())) this.#perform(effect)
  }

  #perform(effect: SupervisorEffect): void {
    switch (effect.type) {
      case 'spawn':
        return this.#spawn(effect.key, effect.worker)
      case 'signal':
        return this.#children.get(effect.key)?.kill(effect.signal)
      case 'probe':
        return void this.#probe(effect.key, effect.timeoutMs)
      case 'bury':
        return void this.#examine(effect.key, effect.why)
      case 'say':
        return this.#log[effect.level](effect.text, this.#about(effect.key, effect.worker))
      case 'up':
        this.#manager?.ready()
        return this.#log.info('All nodes are part of the mesh', {workers: this.#options.workers})
      case 'reload-began':
        this.#reloads.began(new Map(this.#nodes))
        this.#manager?.reloading()
        this.#tell()
        return this.#log.info('Reload: the nodes are replaced, one after another')
      case 'reloaded':
        this.#reloads.replaced(effect.worker, this.#children.get(effect.key)?.ready?.node ?? '')
        return this.#tell()
      case 'reload-ended':
        this.#reloads.ended(effect.failed)
        this.#manager?.ready()
        this.#tell()
        return this.#reloaded(effect.failed, effect.restarted)
      case 'exit':
        return this.#exit(effect.failed && failureOf(effect.text, effect.failed))
      default:
        return unreachable(effect)
    }
  }

  #reloaded(failed: string | undefined, restarted: number): void {
    if (failed === undefined) this.#log.info('Reload: done', {restarted})
    else this.#log.error('Reload: given up, the other nodes stay as they are', {failed, restarted})
  }

  #about(key: number | undefined, worker: number | undefined) {
    const child = key === undefined ? undefined : this.#children.get(key)
    return {worker: (worker ?? 0) + 1, node: child?.ready?.node, pid: child?.pid}
  }

  #spawn(key: number, worker: number): void {
    const {clients, api, sockets} = this.#world
    const supervision: Omit<Supervision, 'clientFd' | 'apiFd'> = {
      supervisor: process.pid,
      port: clients.port,
      privatePath: join(sockets, `${process.pid}-${key}.sock`),
      ended: this.#ended,
      ...placesFor(this.#options.serve, this.#options.workers, worker).supervision,
    }
    this.#children.set(key, startNodeChild({
      args: this.#options.args,
      env: process.env,
      clientFd: clients.fd,
      apiFd: api?.fd,
      supervision,
      onLog: (line) => this.#output.pass(line),
      onReady: (ready) => {
        if (!this.#announced.has(worker)) this.#options.onReady(ready)
        this.#announced.add(worker)
        this.#trouble = null
        this.#nodes.set(worker, ready.node)
        this.#tell()
        this.#step({type: 'ready', key})
      },
      onEnd: (end) => {
        const id = this.#children.get(key)?.ready?.node
        if (id !== undefined) this.#ended = [id, ...this.#ended].slice(0, ENDED_MAX)
        this.#step({type: 'ended', key, end})
        if (this.#nodes.get(worker) === id) this.#nodes.delete(worker)
        this.#children.delete(key)
        if (end.status !== 0) {
          this.#trouble = {why: end.said ?? describeEnd(end), hint: end.hint ?? ''}
        }
        this.#tell()
      },
    }))
    this.#tell()
  }

  /** One file after the other; that it cannot be written keeps no node from its work. */
  #tell(): void {
    const {folder} = this.#world
    this.#manager?.status(`${this.#nodes.size} of ${this.#options.workers} nodes run`)
    const nodes = [...this.#children.values()].flatMap(({ready}) => ready?.node ?? [])
    const pids = [...this.#children.values()].flatMap(({pid}) => pid ?? [])
    const processes = pids.flatMap((pid) => markOf(pid) ?? [])
    const file = {
      pid: process.pid, nodes, startedAt: this.#startedAt, command: this.#options.command,
      trouble: this.#trouble, reloads: this.#reloads.reloads,
    }
    const told = this.#told.then(() => remember(folder, file, processes))
    this.#told = told.catch((error: unknown) => {
      this.#log.warn('What is kept here cannot be written down', {error: describeError(error)})
    })
  }

  async #probe(key: number, timeoutMs: number): Promise<void> {
    const child = this.#children.get(key)
    assert(child !== undefined, 'A probe is of a child')
    const {secret} = this.#world
    const {path: clientPath} = this.#options.serve
    const {privatePath: socketPath, pid = 0} = child
    const answer = await probeNode({pid, socketPath, clientPath, secret, timeoutMs})
    this.#step({type: 'probed', key, answer})
  }

  async #examine(key: number, why: string): Promise<void> {
    const child = this.#children.get(key)
    const {dataDir} = this.#world
    const found = child?.pid === undefined ? '' : await examineHung({
      pid: child.pid, node: child.ready?.node ?? 'starting', why, command: this.#options.command,
      inspect: child.inspect,
    }, {dataDir, asked: this.#options.onHang, wallClock: () => Date.now()})
    this.#step({type: 'examined', key, found})
  }

  async #weigh(): Promise<void> {
    for (const [key, {pid}] of this.#children) {
      const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
      const kib = /^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1]
      if (kib !== undefined) this.#step({type: 'weighed', key, rssBytes: Number(kib) * 1024})
    }
  }
}

function failureOf(text: string, {said, hint, status, signal}: ChildEnd): WsmeshError {
  const how = signal === null ? `status ${status}` : signal
  return new WsmeshError('NODE_FAILED', `${text}: ${said ?? how}`, {
    suggestions: hint === undefined ? [] : [hint],
  })
}
