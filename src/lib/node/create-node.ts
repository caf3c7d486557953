/**
 * The composition root: from a configuration to a running node. A message's way through it:
 * listener -> mesh-door -> operators, or clients -> publisher -> relay -> delivering -> clients.
 */
import {ApiKeys} from '../auth/api-keys.js'
import {takesPart} from '../mesh/coming-back.js'
import type {Standing} from '../mesh/effect.js'
import {hasRoomFor, type Unpublished} from '../mesh/publishing.js'
import type {ExplainRequest, ExplainResult} from '../protocol/explain-frame.js'
import type {NodeStats, PublishResult} from '../protocol/operator-frame.js'
import type * as wsTransport from '../transport/ws-transport.js'
import type {NodeId} from '../util/brand.js'
import type {SendMessage} from './action-api.js'
import {HttpApi} from './api/http-api.js'
import {ActionRegistry} from './action-registry.js'
import {loadActions} from './actions.js'
import type {LoadedActions} from './actions.js'
import {CalmWarning} from './calm-warning.js'
import {ClientRegistry} from './client-registry.js'
import {createClientSide} from './client-side.js'
import type {ClientSide} from './client-side.js'
import {Counters, Rate} from './counters.js'
import {createRelay} from './create-relay.js'
import {Delivering} from './delivering.js'
import {answerExplain} from './explain.js'
import {initStore} from './init-store.js'
import {Leaving, type NodeEnd} from './leaving/leaving.js'
import {openListeners, type Listeners} from './listeners.js'
import {LoopDelay} from './loop-delay.js'
import {MasterNews} from './master-news.js'
import {MeshDoor} from './mesh-door.js'
import {Meter} from './metrics/meter.js'
import {answerMetrics} from './metrics/metrics-page.js'
import {addressesOf, adviceOnAddresses, type NodeAddresses} from './node-addresses.js'
import type {NodeConfig, NodeServices} from './node-config.js'
import {NodeStatus} from './node-status.js'
import {Operators} from './operators.js'
import {OutboxDrain} from './outbox/outbox-drain.js'
import {Publisher} from './publisher.js'
import type {Relay} from './relay.js'
import {createSend} from './send-message.js'
import {nodeStats, sampleStats} from './stats.js'
import type {StatsParts} from './stats.js'
import {Soak, type SoakParts} from './soak.js'
import {openWebhooks} from './webhooks/open-webhooks.js'
import type {Webhooks} from './webhooks/open-webhooks.js'
import {answerWho} from './who.js'

/** Time limits are looked at so often. */
const SWEEP_MS = 500
/** Events of clients' ends, when a node is stopped, have so long to reach the application. */
const EVENTS_FLUSH_MS = 2000

export interface MeshNode {
  readonly id: NodeId
  readonly addresses: NodeAddresses
  /**
   * Linked or master for the first time, and open to clients; never settles if it stops before.
   * Rejects, with ADDRESS_IN_USE, only where its public socket is one that somebody else keeps.
   */
  readonly ready: Promise<void>
  readonly standing: Standing
  stats(): NodeStats
  /** As action handlers send; rejects with a WsmeshError. */
  publish(...message: Parameters<SendMessage>): Promise<PublishResult>
  /** An action module failed where no handler of it runs: handlerErrors counts it. */
  countStray(): void
  /** Resolves when it has left because an operator asked for that (`wsmesh node drain`). */
  readonly ended: Promise<NodeEnd>
  /** Leaves in order, see leaving/departure.ts; joins what is under way. */
  drain(): Promise<void>
  /** At once, as if the process died: the others find out by themselves. */
  close(): Promise<void>
}

type Transport = typeof wsTransport

/** Rejects with a WsmeshError when the address, the actions or the pool cannot be had. */
export async function createNode(config: NodeConfig, services: NodeServices): Promise<MeshNode> {
  // Not at the top: a program that imports wsmesh for its tokens needs no sockets.
  const transport = await import('../transport/ws-transport.js')
  const node = new RunningNode(config, services, transport)
  try {
    await node.start()
  } catch (error) {
    await node.close()
    throw error
  }
  return node
}

class RunningNode implements MeshNode {
  readonly id: NodeId
  readonly ready: Promise<void>
  readonly ended: Promise<NodeEnd>
  readonly #config: NodeConfig
  readonly #services: NodeServices
  readonly #transport: Transport
  readonly #counters = new Counters()
  readonly #meter = new Meter()
  readonly #status = new NodeStatus()
  readonly #registry: ClientRegistry
  readonly #actionRegistry = new ActionRegistry()
  readonly #publisher: Publisher
  readonly #clientSide: ClientSide
  readonly #operators: Operators
  readonly #api: HttpApi
  readonly #outbox: OutboxDrain | undefined
  readonly #relay: Relay
  readonly #leaving: Leaving
  readonly #door: MeshDoor
  readonly #masterNews: MasterNews
  readonly #soak = new Soak(() => this.#soakParts())
  #actions: LoadedActions | undefined
  #webhooks: Webhooks | undefined
  #listeners: Listeners | undefined
  #addresses: NodeAddresses | undefined
  #statsParts: StatsParts | undefined
  #timer: NodeJS.Timeout | undefined
  #isClosed = false
  #onReady: () => void = () => {}
  #onFailed: (why: unknown) => void = () => {}

  constructor(config: NodeConfig, services: NodeServices, transport: Transport) {
    const {secret, log, now, wallClock} = services
    const counters = this.#counters
    const registry = new ClientRegistry(now)
    this.#registry = registry
    this.id = config.id
    this.#config = config
    this.#services = services
    this.#transport = transport
    this.ready = new Promise((resolve, reject) => {
      this.#onReady = resolve
      this.#onFailed = reject
    })
    // Whoever does not wait for it goes without.
    this.ready.catch(() => undefined)
    this.#relay = createRelay(config, services, transport.dial, counters)
    this.#publisher = new Publisher((message) => this.#relay.publish(message), counters, {
      now, receipt: this.#meter.receipt,
    }, config.isTraced)
    const core = () => this.#statsParts?.relay
    this.#clientSide = createClientSide({
      config, services, registry, counters, relay: core,
      isClosed: () => this.#status.closedToClients !== undefined,
      actionRegistry: this.#actionRegistry,
      publisher: this.#publisher,
    })
    this.#leaving = new Leaving({
      config, services, registry, relay: this.#relay, status: this.#status,
      closeToPublic: () => this.#listeners?.closeToPublic(),
      outbox: () => this.#outbox,
      end: () => this.#end(EVENTS_FLUSH_MS),
    })
    this.ended = this.#leaving.ended
    const {handshakeMs} = config
    this.#door = new MeshDoor({self: config.id, secret, counters, log, handshakeMs, now})
    this.#api = new HttpApi({
      keys: services.apiKeys ?? new ApiKeys([]),
      view: services.view,
      publisher: this.#publisher,
      hasRoomFor: (messages) => this.#hasRoomFor(messages),
      metrics: () => answerMetrics(this.#statsParts),
      version: config.version, secret, counters, log, now, wallClock,
    })
    this.#operators = new Operators({
      publisher: this.#publisher, counters, log, now, wallClock,
      stats: () => this.stats(),
      who: (request) => answerWho(request, registry, now()),
      explain: (request) => this.#explain(request),
      soak: (request) => this.#soak.answer(request),
      watch: (isWatching) => this.#relay.watch(isWatching),
      act: (request, tell) => this.#leaving.act(request, tell),
    })
    const drained = {publisher: this.#publisher, counters, log, now, core}
    this.#masterNews = new MasterNews({
      self: config.id, counters, onChange: (event) => this.#operators.changed(event),
    })
    this.#outbox = services.outbox && new OutboxDrain({store: services.outbox, ...drained})
  }

  get addresses(): NodeAddresses {
    if (this.#addresses === undefined) throw new Error('The node has not started')
    return this.#addresses
  }

  get standing(): Standing {
    return this.#status.standing
  }

  async start(): Promise<void> {
    await initStore(this.#services.store, this.#services.log)
    await this.#relay.open()
    this.#actions = await loadActions(this.#config.actions, {
      registry: this.#actionRegistry,
      node: this.id,
      send: createSend(this.#publisher),
      log: this.#services.log,
    })
    this.#webhooks = this.#openWebhooks()
    this.#listeners = await this.#listen()
    this.#addresses = this.#findAddresses(this.#listeners)
    this.#startRelay(this.#addresses)
  }

  #openWebhooks(): Webhooks {
    const {secret, log, random, now, wallClock} = this.#services
    return openWebhooks(this.#config.webhooks, {
      node: this.id,
      registry: this.#actionRegistry,
      secret,
      counters: this.#counters,
      log,
      limits: this.#config,
      random: () => random.next(),
      now,
      wallClock,
    })
  }

  #listen(): Promise<Listeners> {
    return openListeners({
      config: this.#config,
      services: this.#services,
      status: this.#status,
      registry: this.#registry,
      clients: this.#clientSide.clients,
      door: this.#door,
      clientDoor: this.#clientSide.clientDoor,
      foreign: new CalmWarning(this.#services.log),
      relay: this.#relay,
      operators: this.#operators,
      counters: this.#counters,
      api: this.#api,
      stats: () => (this.#statsParts === undefined ? undefined : this.stats()),
      metrics: () => answerMetrics(this.#statsParts),
      position: () => this.#statsParts?.relay.position,
      arrivals: this.#clientSide.arrivals,
      listen: this.#transport.listen,
    })
  }

  #findAddresses({clients: {port}, nodeListen, apiListen, links}: Listeners): NodeAddresses {
    const {host, path, nodeUrl, publicUrl} = this.#config
    const isPoolShared = !this.#services.store.label.startsWith('sqlite:')
    const isTls = this.#services.tls?.hasCertificate === true
    const listens = {host, port, path, nodeUrl, publicUrl, nodeListen, apiListen}
    const options = {...listens, isPoolShared, isTls}
    const ownUrl = links && addressesOf({...options, nodeListen: links}).nodeUrl
    const addresses = addressesOf(ownUrl === undefined ? options : {...options, nodeUrl: ownUrl})
    const advice = adviceOnAddresses(options, addresses.nodeUrl)
    if (advice !== undefined) this.#services.log.warn(advice)
    return addresses
  }

  #startRelay({clientUrl, nodeUrl, apiUrl}: NodeAddresses): void {
    const {now} = this.#services
    const {id, version} = this.#config
    const counters = this.#counters
    const relay = this.#relay
    this.#statsParts = {
      id, version, apiUrl,
      startedMs: now(),
      now,
      relay,
      status: this.#status,
      meter: this.#meter,
      registry: this.#registry,
      clients: this.#clientSide.clients,
      operators: this.#operators,
      counters,
      inRate: new Rate(() => counters.get('messagesPublished'), now()),
      outRate: new Rate(() => counters.get('clientFramesOut'), now()),
      loopDelay: new LoopDelay(now()),
      outbox: this.#outbox,
    }
    const {clients, resuming} = this.#clientSide
    const listeners = this.#listeners
    relay.start({id, url: nodeUrl, clientUrl, version, pid: process.pid}, new Delivering({
      self: id, relay, now, clients,
      meter: this.#meter,
      operators: this.#operators,
      resuming,
      outbox: this.#outbox,
      publisher: this.#publisher,
      needs: () => ({
        users: this.#registry.userIds(),
        groups: this.#registry.groupNames(),
        sessions: this.#registry.sessionIds(),
      }),
      onStanding: (standing) => this.#setStanding(standing),
      flush: (done) => listeners?.flush(done),
      flushPrompt: () => listeners?.flushPrompt(),
    }))
    this.#timer = setInterval(() => this.#sweep(), SWEEP_MS)
  }

  #sweep(): void {
    const nowMs = this.#services.now()
    this.#clientSide.clients.sweep(nowMs)
    this.#clientSide.pace.sweep(nowMs)
    this.#door.sweep(nowMs)
    this.#operators.sweep()
    this.#api.sweep()
    if (this.#statsParts !== undefined) sampleStats(this.#statsParts, nowMs)
  }

  #setStanding(standing: Standing): void {
    this.#status.standing = standing
    this.#outbox?.setStanding(standing)
    this.#leaving.standingChanged()
    const level = standing.state === 'isolated' ? 'warn' : 'debug'
    this.#services.log[level](`Now ${standing.state}`, {...standing})
    this.#masterNews.heard(standing)
    if (standing.state === 'isolated') this.#clientSide.clients.closeAll('isolated')
    if (takesPart(standing.state)) void this.#joined()
  }

  async #joined(): Promise<void> {
    try {
      await this.#listeners?.openToPublic()
      this.#onReady()
    } catch (error) {
      this.#onFailed(error)
    }
  }

  #hasRoomFor(messages: readonly Unpublished[]): boolean {
    const core = this.#statsParts?.relay.stats()
    if (core === undefined) return false
    return hasRoomFor({...core, self: this.id, config: this.#config.mesh}, messages)
  }

  #explain(request: ExplainRequest): ExplainResult {
    if (this.#statsParts === undefined) throw new Error('The node has not started')
    const {relay} = this.#statsParts
    const nowMs = this.#services.now()
    return answerExplain(request, {core: relay, registry: this.#registry, nowMs})
  }

  #soakParts(): SoakParts | undefined {
    const stats = this.#statsParts
    if (stats === undefined) return undefined
    const {resuming} = this.#clientSide
    return {stats, publisher: this.#publisher, resuming, door: this.#door}
  }

  stats(): NodeStats {
    if (this.#statsParts === undefined) throw new Error('The node has not started')
    return nodeStats(this.#statsParts)
  }

  countStray(): void {
    this.#counters.add('handlerErrors')
  }

  publish(...message: Parameters<SendMessage>): Promise<PublishResult> {
    return createSend(this.#publisher)(...message)
  }

  drain(): Promise<void> {
    return this.#leaving.drain()
  }

  close(): Promise<void> {
    return this.#end(0)
  }

  async #end(eventsFlushMs: number): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    clearInterval(this.#timer)
    if (eventsFlushMs > 0) this.#operators.closeAll('drain')
    this.#statsParts?.loopDelay.close()
    this.#meter.close()
    this.#actions?.close()
    this.#relay.close()
    await this.#listeners?.close()
    // The last connections end with the listeners.
    await this.#webhooks?.flush(eventsFlushMs)
    await this.#webhooks?.close()
    await this.#services.store.close()
    await this.#outbox?.close()
    for (const authenticator of this.#clientSide.authenticators) await authenticator.close?.()
  }
}
