/** The clients' half of a node, without network, mesh or time. */
import type {Authenticator} from '../../src/lib/auth/authenticator.js'
import {MeshSecret} from '../../src/lib/auth/mesh-secret.js'
import {signToken} from '../../src/lib/auth/token.js'
import {tokenAuthenticator} from '../../src/lib/auth/token-authenticator.js'
import {ActionDispatcher} from '../../src/lib/node/action-dispatcher.js'
import type {ActionHandler, SendMessage} from '../../src/lib/node/action-api.js'
import {ActionRegistry} from '../../src/lib/node/action-registry.js'
import {Authentication} from '../../src/lib/node/authenticate.js'
import type {ClientOrigin} from '../../src/lib/node/client-door.js'
import {ClientRegistry} from '../../src/lib/node/client-registry.js'
import {ClientSessions} from '../../src/lib/node/client-sessions.js'
import {Clients} from '../../src/lib/node/clients.js'
import {Counters} from '../../src/lib/node/counters.js'
import {defaultNodeLimits, type NodeLimits} from '../../src/lib/node/limits.js'
import {Pace} from '../../src/lib/node/pace.js'
import {LiveIdentity} from '../../src/lib/node/live-identity.js'
import type {Log, LogFields} from '../../src/lib/node/log.js'
import {Resuming} from '../../src/lib/node/resuming.js'
import {LIMITS} from '../../src/lib/protocol/limits.js'
import {encodePayload} from '../../src/lib/protocol/payload.js'
import type {DeliveredMessage} from '../../src/lib/mesh/coming-back.js'
import type {Recovery} from '../../src/lib/mesh/recovery.js'
import type {Position} from '../../src/lib/protocol/position.js'
import {targetFromJson} from '../../src/lib/protocol/target.js'
import type {TargetJson} from '../../src/lib/protocol/target.js'
import type {SocketHandler} from '../../src/lib/transport/transport.js'
import {nodeId} from '../../src/lib/util/brand.js'
import {eventually} from './eventually.js'
import {FakeSocket} from './fake-socket.js'

const ORIGIN: ClientOrigin = {
  address: '127.0.0.1',
  path: '/WebSockets',
  userAgent: undefined,
  session: undefined,
  cookie: undefined,
}

interface BenchClaims {
  readonly groups?: string[]
  readonly session?: string
  readonly ttlMs?: number
}

export interface BenchClient {
  readonly socket: FakeSocket
  readonly handler: SocketHandler
  say(value: unknown): void
  /** Authenticates and forgets the answer. */
  login(user: string, claims?: BenchClaims, proof?: object): Promise<void>
}

export interface BenchOptions {
  readonly guests?: 'allow' | 'deny'
  readonly limits?: Partial<NodeLimits>
  readonly authenticators?: readonly Authenticator[]
  readonly recheckMs?: number
  readonly send?: SendMessage
  readonly handlers?: Readonly<Record<string, ActionHandler>>
}

export class ClientBench {
  nowMs = 0
  readonly secret = new MeshSecret('a secret for tests only', 'test')
  readonly counters = new Counters()
  readonly registry = new ClientRegistry(() => this.nowMs)
  readonly actions = new ActionRegistry()
  readonly clients: Clients
  readonly logged: {text: string; fields: LogFields}[] = []
  readonly resuming: Resuming
  readonly pace: Pace
  /** Where the core stands, and what it answers to somebody who comes back. */
  position: Position = {epoch: 'e', term: 1, seq: 1}
  recover: (from: Position) => Recovery = () => ({type: 'lost'})
  #counter = 0

  constructor(options: BenchOptions = {}) {
    const keep = (text: string, fields: LogFields = {}): void => {
      this.logged.push({text, fields})
    }
    const log: Log = {debug: keep, info: keep, warn: keep, error: keep}
    const handlers = Object.entries(options.handlers ?? {})
    this.actions.replace('test', handlers.map(([action, handler]) => ({action, handler})))
    const limits = {...defaultNodeLimits(), ...options.limits}
    this.pace = new Pace(limits, this.counters)
    const dispatcher = new ActionDispatcher({
      registry: this.actions,
      send: options.send ?? (() => Promise.reject(new Error('No mesh here'))),
      counters: this.counters,
      log,
      limits,
    })
    const now = (): number => this.nowMs
    const common = {
      node: 'n-1',
      registry: this.registry,
      dispatcher,
      counters: this.counters,
      now,
    }
    const authentication = new Authentication({
      authenticators: options.authenticators ?? [tokenAuthenticator(this.secret)],
      guests: options.guests ?? 'deny',
      wallClock: () => Date.now(),
      log,
    })
    const recheckMs = options.recheckMs ?? 0
    const live = new LiveIdentity({...common, authentication, recheckMs, prepare: () => undefined})
    const position = (): Position => this.position
    const relay = {
      position: this.position,
      recover: (from: Position) => this.recover(from),
      prepare: () => undefined,
    }
    this.resuming = new Resuming({
      relay: () => relay,
      waitingBytes: () => this.clients.replayBytes(),
      counters: this.counters,
    })
    const {resuming} = this
    const sessions = new ClientSessions({
      ...common,
      live,
      position,
      resuming,
      limits,
      pace: this.pace,
      isTraced: false,
      log,
    })
    const positionMs = LIMITS.positionMs
    this.clients = new Clients({...common, sessions, live, limits, positionMs, position})
  }

  connect(form?: 'object' | 'v1', origin: Partial<ClientOrigin> = {}): BenchClient {
    const socket = new FakeSocket()
    const handler = this.clients.accept(socket, form, {...ORIGIN, ...origin})
    const say = (value: unknown): void =>
      handler.onMessage(Buffer.from(JSON.stringify(value)), false)
    return {
      socket,
      handler,
      say,
      login: async (user, claims = {}, proof = {}) => {
        const token = await this.token(user, claims)
        say({action: 'Client/authentication', details: [{token, ...proof}]})
        await eventually(() => socket.texts.length > 0, {what: 'an answer to the login'})
        const [answer] = socket.take() as {details: unknown[]}[]
        if (answer?.details[0] !== 'ok') throw new Error(`Not let in: ${JSON.stringify(answer)}`)
      },
    }
  }

  token(
    user: string,
    claims: BenchClaims = {},
  ): Promise<string> {
    return signToken({user, ttlMs: 60_000, ...claims}, this.secret)
  }

  /** Delivers as the core would; returns to how many connections. */
  deliver(action: string, details: unknown, to: TargetJson): number {
    const message = this.message(action, details, to)
    return this.deliverAll([message])[0] ?? Number.NaN
  }

  /** In one delivery; returns to how many connections each. */
  deliverAll(messages: readonly DeliveredMessage[]): number[] {
    const {term, seq} = messages.at(-1) ?? this.position
    this.position = {epoch: 'e', term, seq}
    return this.clients.deliver(messages, 'e')
  }

  /** The next one in the order. */
  message(action: string, details: unknown, to: TargetJson): DeliveredMessage {
    const target = targetFromJson(to)
    if (!target.ok) throw new Error(target.reason)
    this.#counter += 1
    const envelope = {
      origin: nodeId('n-2'),
      counter: this.#counter,
      callerId: undefined,
      target: target.value,
      payload: encodePayload(action, details),
    }
    return {envelope, term: 1, seq: this.#counter, repeatOf: undefined}
  }
}
