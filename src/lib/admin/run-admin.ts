/** `wsmesh admin`: the page, what it shows, and an end that leaves the nodes running. */
import {hostname} from 'node:os'
import {join} from 'node:path'

import {defaultDataDir} from '../auth/data-dir.js'
import {TlsIdentity} from '../auth/tls.js'
import {meshAccessOf, type ReachFlagValues} from '../cli/reach.js'
import {quoted, spelledCommand} from '../demo/shell-text.js'
import {WsmeshError} from '../util/errors.js'
import {Acts, type ActOnNode} from './acts.js'
import {startAdminServer, type AdminServer, type AdminServerOptions} from './admin-server.js'
import {reachEnvironment, reachText, serveEnvironment} from './command-text.js'
import {isLoopback} from './door.js'
import {localNodes, type LocalNodes} from './local-nodes.js'
import {MeshEye} from './mesh-eye.js'
import {readPageFiles} from './page-files.js'
import {PageSession} from './page-session.js'
import {asksOf} from './requests.js'
import {SiegeRunner} from './siege-runner.js'
import {Watch} from './watch.js'
import type {Hello, NodeActName, Role} from './wire.js'

export interface AdminOptions {
  readonly reach: ReachFlagValues
  readonly host: string
  readonly port: number
  readonly publicUrl: string | undefined
  /** Of its own port; PEM. */
  readonly certFile: string | undefined
  readonly keyFile: string | undefined
  /** Others than this machine, without TLS: said on purpose. */
  readonly mayListenInsecurely: boolean
  readonly isReadOnly: boolean
  readonly expected: number | undefined
  /** For `wsmesh serve`, when a node is started here. */
  readonly serveFlags: readonly string[]
  /** Instead of processes of this machine. */
  readonly locals?: LocalNodes
  readonly actOnNode: ActOnNode
  /** The acts that actOnNode can do. */
  readonly acts: readonly NodeActName[]
  readonly version: string
  readonly packageRoot: string
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
}

export interface AdminOutput {
  /** The links, once. */
  ready(ready: AdminReady): void
  /** What happens later, a line each: the audit. */
  notice(line: string): void
}

/** What `--json` prints; an API. */
export interface AdminReady {
  readonly type: 'ready'
  readonly url: string
  /** Each with its token: whoever has the link may that much. */
  readonly operatorUrl: string | null
  readonly viewerUrl: string
  readonly pool: string
  readonly pid: number
}

export type OnStop = (stop: () => void, stopAtOnce: () => void) => void

/** Runs until it is stopped. Rejects with USAGE, TLS_INVALID, ADDRESS_IN_USE and the like. */
export async function runAdmin(
  options: AdminOptions,
  output: AdminOutput,
  onStop: OnStop,
): Promise<void> {
  const admin = await startAdmin(options, (line) => output.notice(line))
  output.ready(admin.ready)
  await new Promise<void>((resolve) => {
    onStop(resolve, () => process.exit())
  })
  await admin.close()
}

export interface Admin {
  readonly ready: AdminReady
  close(): Promise<void>
}

export async function startAdmin(
  options: AdminOptions,
  notice: (line: string) => void,
): Promise<Admin> {
  assertSafeToListen(options)
  const tls = await loadTls(options)
  const parts = new AdminParts(options, notice)
  const server = await startAdminServer(parts.serverOptions(tls, await readPageFiles()))
    .catch(async (error: unknown) => {
      await parts.close()
      throw error
    })
  parts.watch.start()
  return {
    ready: readyOf(server, parts.pool),
    async close() {
      await parts.close()
      await server.close()
    },
  }
}

function wallClock(): number {
  return Date.now()
}

function now(): number {
  return performance.now()
}

class AdminParts {
  readonly watch: Watch
  readonly pool: string
  readonly #options: AdminOptions
  readonly #notice: (line: string) => void
  readonly #eye: MeshEye
  readonly #siege: SiegeRunner
  readonly #acts: Acts
  readonly #pages = new Set<PageSession>()
  readonly #command: string
  readonly #flags: string
  readonly #serve: string

  constructor(options: AdminOptions, notice: (line: string) => void) {
    const {reach, expected, actOnNode, env, packageRoot, cwd, serveFlags} = options
    this.#options = options
    this.#notice = notice
    const binFile = join(packageRoot, 'bin', 'run.js')
    this.#command = spelledCommand({binFile, cwd, path: env['PATH'] ?? ''})
    this.#flags = reachText(reach, env)
    this.#serve = ['serve', '--supervise', ...serveFlags].map(quoted).join(' ')
    const locals = options.locals ?? localNodes({
      dataDir: reach['data-dir'] ?? defaultDataDir(env), binFile, serveFlags, cwd,
      env: serveEnvironment(reach, env), command: this.#typed([this.#serve]),
    })
    const access = meshAccessOf(reach)
    this.pool = access.poolLabel
    access.close()
    this.#eye = new MeshEye({
      openAccess: () => meshAccessOf(reach), onLost: () => this.watch.stir(), now,
    })
    this.#siege = new SiegeRunner({
      binFile,
      env: reachEnvironment(reach, env),
      commandText: (words) => this.#typed(words.map(quoted)),
      now: wallClock,
      onEnd: (text, isGood) => {
        this.watch.events.add(wallClock(), 'admin', isGood ? 'good' : 'warn', null, text)
        this.watch.stir()
      },
    })
    this.watch = new Watch({
      eye: this.#eye, locals, siege: () => this.#siege.state, expected, wallClock, now,
      onSnapshot: (snapshot) => {
        if (this.#pages.size === 0) return
        const text = JSON.stringify(snapshot)
        for (const page of this.#pages) page.tell(text)
      },
    })
    this.#acts = new Acts({
      reach, eye: this.#eye, watch: this.watch, locals, siege: this.#siege, actOnNode, wallClock,
      notice,
    })
  }

  serverOptions(
    tls: TlsIdentity | undefined, files: AdminServerOptions['files'],
  ): AdminServerOptions {
    const {host, port, publicUrl, isReadOnly} = this.#options
    return {
      host, port, publicUrl, isReadOnly, files,
      tls: tls?.material,
      now: wallClock,
      report: (run) => this.#siege.report(run),
      notice: this.#notice,
      onPage: (socket, visitor) => {
        const page: PageSession = new PageSession({
          socket, visitor, acts: this.#acts, notice: this.#notice,
          hello: this.#hello(visitor.role),
          last: () => this.watch.last,
          eventsAfter: (seq) => this.watch.events.after(seq),
          pages: () => this.#pages.size,
          onClose: () => this.#pages.delete(page),
        })
        this.#pages.add(page)
        return page
      },
    }
  }

  async close(): Promise<void> {
    this.#siege.kill()
    await this.watch.close()
    this.#eye.close()
  }

  #hello(role: Role): Hello {
    return {
      type: 'hello',
      role,
      may: asksOf(role),
      acts: role === 'operator' ? this.#options.acts : [],
      version: this.#options.version,
      pool: this.pool,
      host: hostname(),
      command: this.#command,
      commandFlags: this.#flags,
      serve: this.#serve,
    }
  }

  #typed(words: readonly string[]): string {
    return [this.#command, ...words, this.#flags].filter((word) => word !== '').join(' ')
  }
}

/** Throws USAGE. */
function assertSafeToListen(options: AdminOptions): void {
  const {host, port, certFile, mayListenInsecurely} = options
  if (isLoopback(host) || certFile !== undefined || mayListenInsecurely) return
  throw new WsmeshError(
    'USAGE',
    `--listen ${host}:${port}: others than this machine could read the link's token on the way`,
    {
      suggestions: [
        '--listen-cert FILE --listen-key FILE   (with TLS)',
        `ssh -L ${port}:127.0.0.1:${port} this-machine   (and leave --listen as it is)`,
        '--listen-insecure   (if the network itself is safe)',
      ],
    },
  )
}

async function loadTls({certFile, keyFile}: AdminOptions): Promise<TlsIdentity | undefined> {
  if (certFile === undefined && keyFile === undefined) return undefined
  if (certFile === undefined || keyFile === undefined) {
    throw new WsmeshError('USAGE', '--listen-cert and --listen-key belong together', {
      suggestions: ['--listen-cert FILE --listen-key FILE'],
    })
  }
  const files = {cert: certFile, key: keyFile, ca: undefined, isMutual: false}
  return TlsIdentity.load(files, Date.now())
}

function readyOf({url, visitors}: AdminServer, pool: string): AdminReady {
  const {operator, viewer} = visitors.tokens
  const link = (token: string): string => `${url}/#token=${token}`
  return {
    type: 'ready',
    url,
    operatorUrl: operator === undefined ? null : link(operator),
    viewerUrl: link(viewer),
    pool,
    pid: process.pid,
  }
}
