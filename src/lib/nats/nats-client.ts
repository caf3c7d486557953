/**
 * NATS as the relay needs it: subjects, requests, and a connection that comes back by itself. The
 * one file that knows @nats-io; it says nothing of streams.
 */
import {readFile} from 'node:fs/promises'
import {
  connect,
  type ConnectionOptions,
  credsAuthenticator,
  headers as makeHeaders,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  nkeyAuthenticator,
} from '@nats-io/transport-node'
import {WsmeshError} from '../util/errors.js'
import {connectFailure} from './failures.js'

export interface NatsSettings {
  /** `host:port`; the first that answers is taken, others when it goes. */
  readonly servers: readonly string[]
  readonly user: string | undefined
  readonly password: string | undefined
  readonly token: string | undefined
  /** A user's JWT and seed, as `nsc` writes them. */
  readonly credsFile: string | undefined
  /** A user's seed alone. */
  readonly nkeyFile: string | undefined
  /** Undefined: not encrypted, unless the server asks for it. */
  readonly tls: NatsTls | undefined
  /** What the server shows for this connection. */
  readonly name: string
}

export interface NatsTls {
  readonly ca: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
}

export interface NatsMessage {
  readonly subject: string
  readonly data: Uint8Array
  /** 503: nobody listens there. 0: an ordinary message. */
  readonly status: number
  header(name: string): string
}

export interface NatsSubscription {
  end(): void
}

export type NatsHeaders = readonly (readonly [name: string, value: string])[]

export interface PublishExtras {
  readonly reply?: string
  readonly headers?: NatsHeaders
}

export type NatsChange =
  | {readonly type: 'lost'}
  | {readonly type: 'back'; readonly server: string}
  /** The server refuses something that this node asked for. */
  | {readonly type: 'refused'; readonly text: string}
  /** It comes back no more. */
  | {readonly type: 'ended'; readonly text: string}

export interface NatsClient {
  readonly version: string
  readonly maxPayloadBytes: number
  readonly hasJetStream: boolean
  readonly server: string
  readonly isConnected: boolean
  readonly inbox: string
  /** Nothing is sent while there is no connection. */
  publish(subject: string, data: Uint8Array, extras?: PublishExtras): void
  subscribe(subject: string, onMessage: (message: NatsMessage) => void): NatsSubscription
  /** Rejects when nobody answers in time, or nobody is there. */
  request(
    subject: string, data: Uint8Array, timeoutMs: number, headers?: NatsHeaders,
  ): Promise<Uint8Array>
  close(): Promise<void>
}

/** Of one server: while one of several does not answer, the others wait for their turn. */
const CONNECT_MS = 2500
/** A server that hangs, or a cut, shows after two of these without an answer. */
const PING_MS = 1500
const RECONNECT_MS = 250

/** Rejects with RELAY_UNREACHABLE, RELAY_DENIED, TLS_INVALID or FILE_UNREADABLE. */
export async function connectNats(
  settings: NatsSettings, onChange: (change: NatsChange) => void,
): Promise<NatsClient> {
  const options = await optionsOf(settings)
  let connection: NatsConnection
  try {
    connection = await connect(options)
  } catch (error) {
    throw connectFailure(error, settings)
  }
  return new Client(connection, onChange)
}

async function optionsOf(settings: NatsSettings): Promise<ConnectionOptions> {
  const {servers, user, password, token, credsFile, nkeyFile, tls, name} = settings
  const creds = credsFile === undefined ? undefined : await readKey(credsFile)
  const nkey = nkeyFile === undefined ? undefined : seedOf(await readKey(nkeyFile))
  for (const file of [tls?.ca, tls?.cert, tls?.key]) if (file !== undefined) await readKey(file)
  return {
    servers: [...servers],
    name,
    timeout: CONNECT_MS,
    pingInterval: PING_MS,
    maxPingOut: 2,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    reconnectJitter: RECONNECT_MS,
    reconnectJitterTLS: RECONNECT_MS,
    // Rights may be given back: it goes on asking.
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
    noEcho: true,
    ...(user !== undefined && {user, pass: password ?? ''}),
    ...(token !== undefined && {token}),
    ...(creds !== undefined && {authenticator: credsAuthenticator(creds)}),
    ...(nkey !== undefined && {authenticator: nkeyAuthenticator(nkey)}),
    ...(tls !== undefined && {tls: tlsOf(tls)}),
  }
}

function tlsOf({ca, cert, key}: NatsTls): NonNullable<ConnectionOptions['tls']> {
  return {
    ...(ca !== undefined && {caFile: ca}),
    ...(cert !== undefined && {certFile: cert}),
    ...(key !== undefined && {keyFile: key}),
  }
}

async function readKey(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (error) {
    throw new WsmeshError('FILE_UNREADABLE', `Cannot read ${path}`, {
      cause: error, suggestions: [`ls -l ${path}`],
    })
  }
}

/** As `nk -gen user` writes it, with a line feed. */
function seedOf(file: Uint8Array): Uint8Array {
  return new TextEncoder().encode(new TextDecoder().decode(file).trim())
}

interface About {
  readonly version: string
  readonly maxPayload: number
  readonly hasJetStream: boolean
}

class Client implements NatsClient {
  readonly #connection: NatsConnection
  readonly #onChange: (change: NatsChange) => void
  readonly inbox: string
  #last: About = {version: '', maxPayload: 0, hasJetStream: false}
  #isConnected = true
  #isClosed = false

  constructor(connection: NatsConnection, onChange: (change: NatsChange) => void) {
    this.#connection = connection
    this.#onChange = onChange
    this.inbox = `_INBOX.${Math.random().toString(36).slice(2)}${Date.now().toString(36)}`
    void this.#watch()
    void this.#watchEnd()
  }

  get version(): string {
    return this.#about.version
  }

  get maxPayloadBytes(): number {
    return this.#about.maxPayload
  }

  get hasJetStream(): boolean {
    return this.#about.hasJetStream
  }

  get server(): string {
    return this.#connection.getServer()
  }

  get isConnected(): boolean {
    return this.#isConnected && !this.#connection.isClosed()
  }

  publish(subject: string, data: Uint8Array, {reply, headers}: PublishExtras = {}): void {
    if (!this.isConnected) return
    if (headers === undefined) {
      this.#connection.publish(subject, data, reply === undefined ? {} : {reply})
      return
    }
    this.#connection.publish(subject, data, {
      headers: headersOf(headers), ...(reply !== undefined && {reply}),
    })
  }

  subscribe(subject: string, onMessage: (message: NatsMessage) => void): NatsSubscription {
    const subscription = this.#connection.subscribe(subject, {
      callback: (error, message) => {
        if (error === null || error === undefined) onMessage(new Message(message))
        else this.#onChange({type: 'refused', text: error.message})
      },
    })
    return {end: () => subscription.unsubscribe()}
  }

  async request(
    subject: string, data: Uint8Array, timeoutMs: number, headers: NatsHeaders = [],
  ): Promise<Uint8Array> {
    const answer = await this.#connection.request(subject, data, {
      timeout: timeoutMs, ...(headers.length > 0 && {headers: headersOf(headers)}),
    })
    return answer.data
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#connection.close()
  }

  /** While there is no connection, what the last server said. */
  get #about(): About {
    const {info} = this.#connection
    if (info !== undefined) {
      const {version, max_payload: maxPayload, jetstream} = info
      this.#last = {version, maxPayload, hasJetStream: jetstream === true}
    }
    return this.#last
  }

  async #watchEnd(): Promise<void> {
    const error = await this.#connection.closed()
    this.#isConnected = false
    if (!this.#isClosed) this.#onChange({type: 'ended', text: error?.message ?? 'closed'})
  }

  async #watch(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type === 'disconnect') {
        this.#isConnected = false
        this.#onChange({type: 'lost'})
      } else if (status.type === 'reconnect') {
        this.#isConnected = true
        this.#onChange({type: 'back', server: status.server})
      } else if (status.type === 'error') {
        this.#onChange({type: 'refused', text: status.error.message})
      }
    }
  }
}

function headersOf(headers: NatsHeaders): MsgHdrs {
  const made = makeHeaders()
  for (const [name, value] of headers) made.set(name, value)
  return made
}

class Message implements NatsMessage {
  readonly #message: Msg

  constructor(message: Msg) {
    this.#message = message
  }

  get subject(): string {
    return this.#message.subject
  }

  get data(): Uint8Array {
    return this.#message.data
  }

  get status(): number {
    return this.#message.headers?.code ?? 0
  }

  header(name: string): string {
    return this.#message.headers?.get(name) ?? ''
  }
}
