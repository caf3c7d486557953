/** `wsmesh serve`: one node as a process, from its settings to its end. */
import {constants} from 'node:os'
import {isDeepStrictEqual} from 'node:util'
import {apiKeyPlace, readApiKeys, type ApiKeyPlace} from '../auth/api-key-file.js'
import type {ApiKeys} from '../auth/api-keys.js'
import {defaultDataDir, ensureDataDir} from '../auth/data-dir.js'
import type {MeshSecret} from '../auth/mesh-secret.js'
import {TlsIdentity, type TlsFiles} from '../auth/tls.js'
import {loadSecret, readSecret} from '../auth/secret.js'
import {defaultMeshConfig} from '../mesh/config.js'
import {openOutboxStore} from '../pool/outbox/open-outbox-store.js'
import {openPoolStore} from '../pool/open-pool-store.js'
import type {ReadyLine} from '../process/child-line.js'
import {isSupervised, takeSupervision, type Supervision} from '../process/supervision.js'
import {supervisorOf} from '../process/supervisor-of.js'
import {findPortOwner} from '../transport/port-owner.js'
import {WsmeshError} from '../util/errors.js'
import {doorOf, openAuthenticators} from './open-authenticators.js'
import type {AuthOptions} from './open-authenticators.js'
import {createNode} from './create-node.js'
import type {MeshNode} from './create-node.js'
import type {NodeEnd} from './leaving/node-acts.js'
import type {NodeLimits} from './limits.js'
import type {Log, LogFormat, LogLevel} from './log.js'
import {openLog, type LogPlace} from './log-output.js'
import {
  checkClientPath,
  checkHost,
  checkListen,
  checkNodeUrl,
  checkPublicUrl,
} from './node-addresses.js'
import type {MeshView} from './api/mesh-view.js'
import type {NatsRelayConfig} from './nats/nats-relay.js'
import type {NodeConfig, NodeServices} from './node-config.js'
import {outliveActions} from './outlive-actions.js'
import {Reloader, type Reloadable} from './reload.js'
import type {WebhookOptions} from './webhooks/webhook-options.js'
import {defaultNodeConfig, defaultNodeServices} from './node-defaults.js'

/** What the command's flags say; undefined where the default depends on others. */
export interface ServeOptions {
  readonly version: string
  readonly host: string
  readonly port: number
  readonly path: string
  readonly nodeUrl: string | undefined
  readonly publicUrl: string | undefined
  readonly nodeListen: string | undefined
  readonly apiListen: string | undefined
  /** The data folder's own, unless it is named. */
  readonly apiKeyFile: string | undefined
  readonly viewMesh: (services: NodeServices) => MeshView
  readonly tls: TlsFiles
  readonly pool: string | undefined
  readonly poolPrefix: string
  readonly secretFile: string | undefined
  readonly dataDir: string | undefined
  readonly actions: readonly string[]
  readonly webhooks: WebhookOptions
  /** The database of the application's table of messages; undefined: there is none. */
  readonly outboxUrl: string | undefined
  readonly relay: NatsRelayConfig | undefined
  readonly guests: 'allow' | 'deny'
  readonly compression: boolean
  readonly isTraced: boolean
  readonly auth: AuthOptions
  readonly logLevel: LogLevel
  readonly logFormat: LogFormat
  readonly logFile: string | undefined
  readonly limits: NodeLimits
  readonly historyMs: number
  readonly historyBytes: number
  /** Clients are led away over so long when the node leaves. */
  readonly leadAwayMs: number
}

/** The line of `--json` once the node is linked or master. Its fields are an API. */
export interface ReadyJson extends ReadyLine {
  readonly type: 'ready'
}

/** A node that is not linked after this says what it waits for. */
const PATIENCE_MS = 5000

/**
 * Runs until the first SIGINT or SIGTERM, then drains and returns; the second ends the process at
 * once. Or until an operator has it leave: `restart`, when it is to be started again. Rejects with
 * a WsmeshError when the node cannot start.
 */
export async function serve(
  options: ServeOptions,
  onReady: (ready: ReadyJson) => void,
): Promise<NodeEnd> {
  const output = openLog(logPlaceOf(options))
  const {log} = output
  const signal = firstSignal()
  let running: MeshNode | undefined
  outliveActions(options.actions, log, () => running?.countStray())
  using reloader = new Reloader(log)
  const started = await Promise.race([startNode(options, log, reloader), signal])
  if (typeof started === 'string') {
    // Nothing is in the pool before a node has started, so there is nothing to take back.
    log.info('Stopped before the node was up', {signal: started})
    return 'drained'
  }
  const {node, pool} = started
  running = node
  const failed = announce(node, pool, log, onReady)
  process.on('SIGUSR2', output.reopen)
  if (!isOnTerminal()) {
    process.on('SIGHUP', () => {
      output.reopen()
      void reloader.reload('SIGHUP')
    })
  }
  const end = await Promise.race([signal, failed, node.ended])
  if (end !== 'drained' && end !== 'restart') {
    log.info('Stopping', {signal: end})
    await node.drain()
    log.info('Stopped')
    return 'drained'
  }
  log.info('Stopped by an operator', {isRestart: end === 'restart'})
  return end
}

async function startNode(
  options: ServeOptions,
  log: Log,
  reloader: Reloader,
): Promise<{readonly node: MeshNode; readonly pool: string}> {
  const supervision = takeSupervision(process.env, process.ppid)
  const placed = supervision === undefined ? options : {...options, ...placesOf(supervision)}
  const config = configOf(placed, supervision)
  const tls = await loadTls(options)
  const place = apiKeyPlace(options.apiKeyFile, options.dataDir ?? defaultDataDir(process.env))
  const apiKeys = await readApiKeys(place)
  const supervisor = supervision === undefined ? supervisorOf(process) : 'wsmesh'
  const parts = {...(await servicesOf(options, log)), tls, apiKeys, supervisor}
  const services = {...parts, view: options.viewMesh(parts)}
  reloader.add(reloadableSecret(services.secret))
  reloader.add(reloadableKeys(apiKeys, place))
  if (tls !== undefined) reloader.add(reloadableTls(tls))
  const node = await createNode(config, services).catch(async (error: unknown) => {
    throw await namingPortOwner(error, options.port)
  })
  return {node, pool: services.store.label}
}

async function loadTls({tls, nodeListen}: ServeOptions): Promise<TlsIdentity | undefined> {
  if (tls.isMutual && nodeListen === undefined) {
    throw new WsmeshError('USAGE', '--tls-mutual needs a listener that is for nodes alone', {
      suggestions: ['--node-listen 10.0.0.5:8081'],
    })
  }
  const isUsed = tls.isMutual || [tls.cert, tls.key, tls.ca].some((file) => file !== undefined)
  return isUsed ? TlsIdentity.load(tls, Date.now()) : undefined
}

function reloadableTls(tls: TlsIdentity): Reloadable {
  const {cert, key, ca} = tls.files
  const files = [cert, key, ca].filter((file) => file !== undefined)
  return {what: 'The certificate', files, load: () => tls.reload(Date.now())}
}

function reloadableKeys(keys: ApiKeys, place: ApiKeyPlace): Reloadable {
  return {
    what: 'The file of API keys',
    files: [place.path],
    async load() {
      const next = await readApiKeys(place)
      if (isDeepStrictEqual(next.entries, keys.entries)) return false
      keys.replace(next)
      return true
    },
  }
}

/** A secret that came from the environment stays as it is. */
function reloadableSecret(secret: MeshSecret): Reloadable {
  const isFile = secret.source !== 'WSMESH_SECRET'
  return {
    what: 'The secret',
    files: isFile ? [secret.source] : [],
    async load() {
      if (!isFile) return false
      const next = await readSecret(secret.source)
      assertOperator(next)
      if (secret.equals(next)) return false
      secret.replace(next)
      return true
    },
  }
}

function assertOperator({rights, source}: MeshSecret): void {
  if (rights === 'operator') return
  throw new WsmeshError('SECRET_INVALID', `${source} is a viewer's: no node can be made of it`, {
    suggestions: ["--secret-file FILE   (the mesh's own secret)"],
  })
}

/** A supervisor reads what its nodes say, and writes it where it writes its own. */
function logPlaceOf({logLevel: level, logFormat: format, logFile: file}: ServeOptions): LogPlace {
  return isSupervised(process.env)
    ? {level, format: 'json', file: undefined} : {level, format, file}
}

/** There SIGHUP says that the terminal was closed: what was started in it ends with it. */
function isOnTerminal(): boolean {
  return process.stdout.isTTY || process.stderr.isTTY
}

function firstSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let isStopping = false
    const onSignal = (signal: NodeJS.Signals): void => {
      // The shell's way to say which signal ended a process.
      if (isStopping) process.exit(128 + constants.signals[signal])
      isStopping = true
      resolve(signal)
    }
    if (isOnTerminal()) process.on('SIGHUP', onSignal)
    process.on('SIGINT', onSignal)
    process.on('SIGTERM', onSignal)
  })
}

function placesOf({port, nodeListen, nodeUrl}: Supervision): Partial<ServeOptions> {
  const listen = nodeListen === undefined ? {} : {nodeListen}
  return {port, ...listen, ...(nodeUrl === undefined ? {} : {nodeUrl})}
}

function configOf(options: ServeOptions, kept: Supervision | undefined): NodeConfig {
  const {nodeUrl, publicUrl, nodeListen, apiListen} = options
  return {
    ...defaultNodeConfig(),
    ...options.limits,
    version: options.version,
    host: checkHost(options.host),
    port: options.port,
    path: checkClientPath(options.path),
    nodeUrl: nodeUrl === undefined ? undefined : checkNodeUrl(nodeUrl),
    nodeListen: nodeListen === undefined ? undefined : checkListen('--node-listen', nodeListen),
    apiListen: apiListen === undefined ? undefined : checkListen('--api-listen', apiListen),
    publicUrl: publicUrl === undefined ? undefined : checkPublicUrl(publicUrl),
    guests: options.guests,
    compression: options.compression,
    isTraced: options.isTraced,
    door: doorOf(options.auth),
    recheckMs: options.auth.recheckMs,
    actions: options.actions,
    webhooks: options.webhooks,
    kept,
    relay: options.relay,
    leadAwayMs: options.leadAwayMs,
    mesh: {
      ...defaultMeshConfig, historyMs: options.historyMs, historyBytes: options.historyBytes,
    },
  }
}

async function servicesOf(options: ServeOptions, log: Log): Promise<NodeServices> {
  const dataDir = options.dataDir ?? defaultDataDir(process.env)
  const url = options.pool ?? 'sqlite:'
  const store = await openPoolStore({url, prefix: options.poolPrefix, dataDir})
  const secret = await loadSecret({secretFile: options.secretFile, env: process.env, dataDir})
  assertOperator(secret)
  await ensureDataDir(dataDir)
  const services = {...defaultNodeServices(), store, outbox: await outboxOf(options), secret, log}
  const authServices = {...services, limits: options.limits}
  return {...services, authenticators: await openAuthenticators(options.auth, authServices)}
}

async function outboxOf({outboxUrl, poolPrefix, ...options}: ServeOptions) {
  if (outboxUrl === undefined) return undefined
  const dataDir = options.dataDir ?? defaultDataDir(process.env)
  return openOutboxStore({url: outboxUrl, prefix: poolPrefix, dataDir})
}

async function namingPortOwner(error: unknown, port: number): Promise<unknown> {
  if (!(error instanceof WsmeshError) || error.code !== 'ADDRESS_IN_USE') return error
  const owner = await findPortOwner(port)
  if (owner === undefined) return error
  return new WsmeshError(
    'ADDRESS_IN_USE',
    `${error.message} by process ${owner.pid}: ${owner.command}`,
    {cause: error.cause, suggestions: [...error.suggestions, `End that one: kill ${owner.pid}`]},
  )
}

async function announce(
  node: MeshNode,
  pool: string,
  log: Log,
  onReady: (ready: ReadyJson) => void,
): Promise<never> {
  const timer = setTimeout(() => {
    log.warn('Not linked yet: the pool names a master that does not answer, or has no answer', {
      pool,
    })
  }, PATIENCE_MS)
  await node.ready
  clearTimeout(timer)
  const {role, term} = node.stats()
  const where = {...node.addresses, pool, pid: process.pid}
  // A person at a terminal is shown a block that says the same.
  const level = process.stdout.isTTY ? 'debug' : 'info'
  log[level]('Ready', {node: node.id, role, term, ...where})
  onReady({type: 'ready', node: node.id, role, term, ...where})
  return NEVER
}

const NEVER = new Promise<never>(() => {})
