/**
 * The relay that grows past one master: messages are ordered and kept by a stream of NATS
 * JetStream, and come to those nodes alone whose clients need them. docs/RELAY.md says what each
 * promise of the mesh becomes with it.
 */
import type {MeshConfig} from '../../mesh/config.js'
import type {Standing} from '../../mesh/effect.js'
import type {InspectQuery, Inspection} from '../../mesh/inspect.js'
import type {MemberInfo} from '../../mesh/membership.js'
import type {Recovery} from '../../mesh/recovery.js'
import {awaitStream, STREAM_WAIT_MS} from '../../nats/await-stream.js'
import type {NatsChange, NatsClient, NatsSettings} from '../../nats/nats-client.js'
import {JetStream, type StreamSettings} from '../../nats/stream.js'
import type {PoolStore} from '../../pool/pool-store.js'
import type {LinkReading} from '../../protocol/meter-frame.js'
import type {Position} from '../../protocol/position.js'
import type {Identity} from '../../protocol/target.js'
import type {Socket, SocketHandler} from '../../transport/transport.js'
import type {NodeId} from '../../util/brand.js'
import {CalmWarning} from '../calm-warning.js'
import type {Counters} from '../counters.js'
import type {Log} from '../log.js'
import type {LinkCounts, Relay, RelayPublish, RelayStats, RelayUser} from '../relay.js'
import {NatsRun} from './nats-run.js'

export interface NatsRelayConfig {
  readonly nats: NatsSettings
  readonly stream: StreamSettings
}

export interface NatsRelayOptions {
  readonly self: NodeId
  readonly relay: NatsRelayConfig
  readonly config: MeshConfig
  readonly store: PoolStore
  readonly hasOutbox: boolean
  readonly counters: Counters
  readonly log: Log
  readonly now: () => number
}

const NO_LINKS: LinkCounts = {count: 0, dialling: 0}

export class NatsRelay implements Relay {
  readonly #options: NatsRelayOptions
  readonly #early: RelayPublish[] = []
  readonly #refusals: CalmWarning
  #client: NatsClient | undefined
  #run: NatsRun | undefined
  #isClosed = false

  constructor(options: NatsRelayOptions) {
    this.#options = options
    this.#refusals = new CalmWarning(options.log)
  }

  get standing(): Standing {
    return this.#run?.standing ?? {state: 'joining'}
  }

  get links(): LinkCounts {
    return NO_LINKS
  }

  get position(): Position | undefined {
    return this.#run?.position
  }

  async open(): Promise<void> {
    const {relay, log} = this.#options
    const {connectNats} = await import('../../nats/nats-client.js')
    const client = await connectNats(relay.nats, (change) => this.#changed(change))
    this.#client = client
    const others = await awaitStream(client, relay.stream, ({message: why}) => {
      log.warn('Waiting for the stream of NATS', {why, atMostS: STREAM_WAIT_MS / 1000})
    })
    for (const other of others) log.warn('The stream differs from the settings here', {other})
  }

  start(self: MemberInfo, user: RelayUser): void {
    const client = this.#client
    if (client === undefined) throw new Error('The relay is not open')
    const {relay} = this.#options
    const stream = new JetStream(client, relay.stream)
    this.#run = new NatsRun({...this.#options, self, user, client, stream})
    this.#run.start()
    for (const message of this.#early.splice(0)) this.#run.publish(message)
  }

  publish(message: RelayPublish): void {
    if (this.#run === undefined) this.#early.push(message)
    else this.#run.publish(message)
  }

  prepare(identity: Identity, resume: Position | undefined): Promise<boolean> | undefined {
    return this.#started.prepare(identity, resume)
  }

  recover(position: Position, identity?: Identity): Recovery {
    return this.#run?.recover(position, identity) ?? {type: 'lost'}
  }

  watch(isWatching: boolean): Promise<void> | undefined {
    return this.#run?.watch(isWatching)
  }

  /** Somebody in the pool has another relay: the two would not hear each other's messages. */
  linked(peer: NodeId, socket: Socket): SocketHandler {
    this.#refusals.error('A node of this pool runs without --relay nats: give it the same', {
      node: peer,
    })
    socket.close(4500, 'the relay is NATS')
    return {onMessage() {}, onClose() {}}
  }

  inspect(query: InspectQuery): Inspection {
    return this.#started.inspect(query)
  }

  stats(): RelayStats {
    return this.#started.stats()
  }

  acceptedAt(counter: number): number | undefined {
    return this.#run?.acceptedAt(counter)
  }

  readLinks(): readonly LinkReading[] {
    return []
  }

  sample(): void {}

  async drain(): Promise<void> {
    await this.#started.drain()
  }

  close(): void {
    this.#isClosed = true
    this.#run?.stop()
    void this.#client?.close().catch(() => undefined)
  }

  #changed(change: NatsChange): void {
    const {log} = this.#options
    if (this.#isClosed) return
    switch (change.type) {
      case 'lost':
        log.warn('NATS is away: what is published waits', {})
        this.#run?.lost()
        return
      case 'back':
        log.info('NATS is back', {server: change.server})
        this.#run?.back()
        return
      case 'refused':
        this.#refusals.error('NATS refuses', {why: change.text})
        return
      case 'ended':
        log.error('The connection to NATS has ended for good', {why: change.text})
        this.#run?.lost()
        return
    }
  }

  get #started(): NatsRun {
    if (this.#run === undefined) throw new Error('The node has not started')
    return this.#run
  }
}
