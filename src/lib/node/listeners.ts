/** The ports of a node: one for all, or one for clients and one for nodes and operators. */
import {unlink} from 'node:fs/promises'
import type {
  ListenOptions, Listener, PlainRequest, RefusedRequest, ServerTls,
} from '../transport/transport.js'
import type {NodeStats} from '../protocol/operator-frame.js'
import type {Position} from '../protocol/position.js'
import {CalmWarning} from './calm-warning.js'
import type {CounterName} from './counters.js'
import {readClientLibrary} from './for-pages.js'
import type {ClientLibrary} from './for-pages.js'
import {answerHttp} from './http.js'
import {PUBLISH_PATH, publishBodyBytesMax} from './http-publish.js'
import type {HttpPublish} from './http-publish.js'
import type {NodeListen} from './node-addresses.js'
import type {NodeServices} from './node-config.js'
import {decideNodeUpgrade, decideUpgrade, socketKinds, type UpgradeParts} from './upgrades.js'

/** Beside the clients: links, operators, and requests that are not yet anything. */
const OTHER_CONNECTIONS_MAX = 5000

/** What a listener turned away before anybody here saw it. */
const REFUSED = {
  'too-many': 'connectionsDropped',
  'headers-too-big': 'headersTooBig',
  'timed-out': 'requestsTimedOut',
} as const satisfies Record<RefusedRequest, CounterName>

export interface ListenersOptions extends UpgradeParts {
  readonly services: NodeServices
  /** Backends publish where operators come in. */
  readonly httpPublish: HttpPublish
  readonly stats: () => NodeStats | undefined
  /** The last position delivered here. */
  readonly position: () => Position | undefined
  readonly listen: (options: ListenOptions) => Promise<Listener>
}

export interface Listeners {
  readonly clients: Listener
  /** Where nodes come in with the port that it got; undefined: where clients do. */
  readonly nodeListen: NodeListen | undefined
  /** Hands what all sockets gathered to the operating system now. */
  flush(): void
  close(): Promise<void>
}

/** Rejects with ADDRESS_IN_USE or ADDRESS_NOT_AVAILABLE; then none of them listens. */
export async function openListeners(options: ListenersOptions): Promise<Listeners> {
  const {config, services, listen} = options
  const {nodeListen} = config
  const library = await readClientLibrary()
  const clients = await listen({
    ...common(options, library, nodeListen === undefined),
    host: config.host,
    port: config.port,
    ...tlsOf(services, nodeListen === undefined),
    onUpgrade: (request) => decideUpgrade(request, options),
  })
  const nodes =
    nodeListen === undefined
      ? undefined
      : await openForNodes(options, library, nodeListen).catch(async (error: unknown) => {
          await clients.close()
          throw error
        })
  const all = nodes === undefined ? [clients] : [clients, nodes]
  services.tls?.onChange((material) => all.forEach((listener) => listener.setTls(material)))
  return {
    clients,
    nodeListen:
      nodeListen?.type === 'port' && nodes ? {...nodeListen, port: nodes.port} : nodeListen,
    flush: () => all.forEach((listener) => listener.flush()),
    async close() {
      await Promise.all(all.map((listener) => listener.close()))
    },
  }
}

async function openForNodes(
  options: ListenersOptions, library: ClientLibrary | undefined, at: NodeListen,
): Promise<Listener> {
  const {services, listen} = options
  const shared = {
    ...common(options, library, true),
    onUpgrade: (request: Parameters<ListenOptions['onUpgrade']>[0]) =>
      decideNodeUpgrade(request, options),
  }
  if (at.type === 'port') {
    return listen({...shared, host: at.host, port: at.port, ...tlsOf(services, true)})
  }
  const opening = {...shared, host: '', port: 0, socketPath: at.path}
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

function common(
  options: ListenersOptions, library: ClientLibrary | undefined, isForOperators: boolean,
) {
  const {config, counters, services, status, stats, httpPublish, position, clientDoor} = options
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
    onRequest: (request: PlainRequest) => isForOperators && request.path === PUBLISH_PATH
      ? httpPublish.answer(request) : answerHttp(request, pages),
    ...(isForOperators && {bodyBytesMax: publishBodyBytesMax}),
    onFault: (error: Error) => services.log.error('The listener failed', {error: error.message}),
  }
}

/** Certificates are asked for where only nodes and operators come: no browser has one. */
function tlsOf({tls}: NodeServices, isForNodes: boolean): {readonly tls?: ServerTls} {
  if (tls === undefined || !tls.hasCertificate) return {}
  const {isMutual, ...parts} = tls.material
  return {tls: {...parts, asksForCertificate: isForNodes && isMutual}}
}
