/** The ports of a node: one for all, or others for nodes and operators and for the API. */
import {unlink} from 'node:fs/promises'
import type {
  ListenOptions, Listener, PlainRequest, PlainResponse, RefusedRequest, ServerTls, UpgradeDecision,
  UpgradeRequest,
} from '../transport/transport.js'
import type {NodeStats} from '../protocol/operator-frame.js'
import type {Position} from '../protocol/position.js'
import {CalmWarning} from './calm-warning.js'
import type {CounterName} from './counters.js'
import {readClientLibrary} from './for-pages.js'
import type {ClientLibrary} from './for-pages.js'
import {answerHttp, refuseStranger} from './http.js'
import type {HttpApi} from './api/http-api.js'
import {METRICS_PATH} from './api/paths.js'
import {LateListener} from './late-listener.js'
import type {NodeListen} from './node-addresses.js'
import type {NodeServices} from './node-config.js'
import {decideNodeUpgrade, decidePrivateUpgrade, decideUpgrade, socketKinds} from './upgrades.js'
import type {UpgradeParts} from './upgrades.js'

/** Beside the clients: links, operators, and requests that are not yet anything. */
const OTHER_CONNECTIONS_MAX = 5000

/**
 * More than the 60 s of nginx and others: who closes an idle connection is then the one that sends
 * on it, and no request meets its end.
 */
const API_KEEP_ALIVE_MS = 75_000

/** What a listener turned away before anybody here saw it. */
const REFUSED = {
  'too-many': 'connectionsDropped',
  'headers-too-big': 'headersTooBig',
  'timed-out': 'requestsTimedOut',
} as const satisfies Record<RefusedRequest, CounterName>

export interface ListenersOptions extends UpgradeParts {
  readonly services: NodeServices
  /** Where operators come in, unless it has a listener of its own. */
  readonly api: HttpApi
  readonly stats: () => NodeStats | undefined
  readonly metrics: () => Promise<PlainResponse>
  /** The last position delivered here. */
  readonly position: () => Position | undefined
  readonly listen: (options: ListenOptions) => Promise<Listener>
}

export interface Listeners {
  readonly clients: Listener
  /** Where nodes come in with the port that it got; undefined: where clients do. */
  readonly nodeListen: NodeListen | undefined
  /** Of the API alone, with the port that it got; undefined: where nodes come in. */
  readonly apiListen: NodeListen | undefined
  /** Where other nodes dial this one, if it is neither of them. */
  readonly links: NodeListen | undefined
  /** Accepts at public sockets that others share: this node is a part of the mesh now. */
  openToPublic(): Promise<void>
  /** Accepts nobody there any more; who is connected stays. */
  closeToPublic(): void
  /** As that of each listener; `done` when all of them are. */
  flush(done?: () => void): void
  flushPrompt(): void
  close(): Promise<void>
}

/** Rejects with ADDRESS_IN_USE or ADDRESS_NOT_AVAILABLE; then none of them listens. */
export async function openListeners(options: ListenersOptions): Promise<Listeners> {
  const {config, services, listen} = options
  const {nodeListen, apiListen} = config
  const library = await readClientLibrary()
  const {host, port, kept} = config
  const forAll = {
    ...common(options, library, nodeListen ?? apiListen ? NOTHING : BOTH),
    onUpgrade: (request: UpgradeRequest) => decideUpgrade(request, options),
  }
  const listenToClients = (): Promise<Listener> => listen({
    ...forAll, host, port, fd: kept?.clientFd, ...tlsOf(services, nodeListen === undefined),
  })
  const late: LateListener[] = []
  const openLate = async (at: number, open: () => Promise<Listener>): Promise<Listener> => {
    if (kept === undefined || kept.links === 'public') return open()
    const listener = new LateListener(at, open)
    late.push(listener)
    return listener
  }
  const clients = await openLate(port, listenToClients)
  const all = [clients]
  const open = async (
    at: NodeListen | undefined, parts: Parts, isMutual: boolean,
  ): Promise<NodeListen | undefined> => {
    if (at === undefined) return undefined
    try {
      const fd = parts === forApi ? kept?.apiFd : undefined
      const open = (): Promise<Listener> => openAt(options, at, {...parts, fd}, isMutual)
      const listener = await (fd === undefined ? open() : openLate(portOf(at), open))
      all.push(listener)
      return at.type === 'port' ? {...at, port: listener.port} : at
    } catch (error) {
      await Promise.all(all.map((listener) => listener.close()))
      throw error
    }
  }
  const forNodes = {
    ...common(options, library, {api: apiListen === undefined, metrics: true}),
    onUpgrade: (request: UpgradeRequest) => decideNodeUpgrade(request, options),
  }
  const forApi = {
    ...common(options, library, BOTH), onUpgrade: refuseUpgrade, keepAliveMs: API_KEEP_ALIVE_MS,
  }
  const nodesAt = await open(nodeListen, forNodes, true)
  const privateAt = kept && {type: 'socket' as const, path: kept.privatePath}
  const forSelf = {
    ...forAll, onUpgrade: (request: UpgradeRequest) => decidePrivateUpgrade(request, options),
  }
  const ownAt = await open(privateAt, forSelf, false)
  const anyPort = kept?.links === 'port' ? {type: 'port' as const, host, port: 0} : undefined
  const portAt = await open(anyPort, forAll, true)
  const apiAt = await open(apiListen, forApi, false)
  services.tls?.onChange((material) => all.forEach((listener) => listener.setTls(material)))
  return {
    clients,
    nodeListen: nodesAt,
    apiListen: apiAt,
    links: kept?.links === 'private' ? ownAt : portAt,
    async openToPublic() {
      await Promise.all(late.map((listener) => listener.open()))
    },
    closeToPublic: () => late.forEach((listener) => listener.stopAccepting()),
    flush: (done) => flushAll(all, done),
    flushPrompt: () => all.forEach((listener) => listener.flushPrompt()),
    async close() {
      await Promise.all(all.map((listener) => listener.close()))
    },
  }
}

function flushAll(all: readonly Listener[], done: (() => void) | undefined): void {
  let left = all.length
  const oneDone = done && (() => {
    left -= 1
    if (left === 0) done()
  })
  for (const listener of all) listener.flush(oneDone)
}

type Parts = Omit<ListenOptions, 'host' | 'port' | 'socketPath' | 'tls'>

function portOf(at: NodeListen): number {
  return at.type === 'port' ? at.port : 0
}

function refuseUpgrade(): UpgradeDecision {
  return {accept: false, status: 404, text: 'No WebSocket is here'}
}

async function openAt(
  {services, listen}: ListenersOptions, at: NodeListen, parts: Parts, isForNodes: boolean,
): Promise<Listener> {
  if (parts.fd !== undefined) return listen({...parts, host: '', port: portOf(at)})
  if (at.type === 'port') {
    return listen({...parts, host: at.host, port: at.port, ...tlsOf(services, isForNodes)})
  }
  const opening = {...parts, host: '', port: 0, socketPath: at.path}
  // What a node that was killed left behind answers no dial; a living one's stays.
  if (await isLeftBehind(at.path)) await unlink(at.path)
  return listen(opening)
}

async function isLeftBehind(path: string): Promise<boolean> {
  const {connect} = await import('node:net')
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy()
      resolve(false)
    })
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'))
  })
}

/** What is answered there to who shows a key. */
interface ByKey {
  readonly api: boolean
  readonly metrics: boolean
}

const BOTH: ByKey = {api: true, metrics: true}
const NOTHING: ByKey = {api: false, metrics: false}

const METRICS_TRY = 'with a key: wsmesh api key NAME --allow metrics'

function common(
  options: ListenersOptions, library: ClientLibrary | undefined, has: ByKey,
) {
  const {config, counters, services, status, stats, metrics, api, position, clientDoor} = options
  const failed = new CalmWarning(services.log)
  const forPages = {library, door: clientDoor, position, status}
  const pages = {status: () => status, stats, forPages}
  return {
    kinds: socketKinds(config),
    connectionsMax: config.clientsMax + OTHER_CONNECTIONS_MAX,
    pendingMax: config.pendingConnectionsMax,
    headerBytesMax: config.headerBytes,
    handshakeMs: config.handshakeMs,
    onRefused: (why: RefusedRequest) => counters.add(REFUSED[why]),
    onTlsFailure: (from: string, why: string) => {
      counters.add('tlsHandshakesFailed')
      failed.warn('A TLS handshake failed', {from, why})
    },
    onRequest(request: PlainRequest) {
      if (request.path === METRICS_PATH) {
        const isForApi = has.metrics && request.headers['authorization'] !== undefined
        return isForApi ? api.answer(request) : (refuseStranger(request, METRICS_TRY) ?? metrics())
      }
      return has.api && api.isOf(request.path) ? api.answer(request) : answerHttp(request, pages)
    },
    onFault: (error: Error) => services.log.error('The listener failed', {error: error.message}),
  }
}

/** Certificates are asked for where only nodes and operators come: no browser has one. */
function tlsOf({tls}: NodeServices, isForNodes: boolean): {readonly tls?: ServerTls} {
  if (tls === undefined || !tls.hasCertificate) return {}
  const {isMutual, ...parts} = tls.material
  return {tls: {...parts, asksForCertificate: isForNodes && isMutual}}
}
