/** What is soaked: a node by its operators' connection, or any server by a page of its own. */
import type {MeshSecret} from '../../auth/mesh-secret.js'
import {signPublishToken} from '../../auth/publish-token.js'
import {connectOperator} from '../../operator/operator-client.js'
import type {OperatorConnection} from '../../operator/operator-connection.js'
import {parseJson} from '../../protocol/json-text.js'
import {conforms} from '../../protocol/shape.js'
import {processSample} from '../../protocol/soak-frame.js'
import type {SoakResult} from '../../protocol/soak-frame.js'
import type {TargetJson} from '../../protocol/target.js'
import {WsmeshError} from '../../util/errors.js'
import {postMessage} from '../http/post-message.js'

export interface SoakPlace {
  readonly name: string
  readonly clientUrl: string
  /** ws://…/mesh of a node; undefined for another server. */
  readonly operatorUrl: string | undefined
}

/** How far a server is from rest; null where it does not say. */
export interface RestState {
  readonly connections: number | null
  /** Messages that are on their way, and those that are kept for a while. */
  readonly underWay: number
  readonly history: number
  /** Of a node in a mesh; null of another server. */
  readonly place: MeshPlace | null
}

export interface MeshPlace {
  /** It is the master, or follows one. */
  readonly isSettled: boolean
  readonly isMaster: boolean
  readonly links: number
  readonly term: number
}

export interface SoakTarget {
  readonly place: SoakPlace
  rest(): Promise<RestState>
  /** Rejects with a WsmeshError when the server is gone or cannot be sampled. */
  sample(holdersOf?: readonly string[]): Promise<SoakResult>
  publish(target: TargetJson, details: unknown): Promise<void>
  /** The same, by HTTP. */
  post(target: TargetJson, details: unknown): Promise<void>
  close(): void
}

const ANSWER_MS = 60_000
const SNAPSHOT_MS = 600_000
const CONNECT_MS = 10_000
const BYTES_MAX = 16 * 1024 * 1024
const TOKEN_MS = 31 * 24 * 3_600_000

export interface NodeDoors {
  readonly operatorUrl: string
  /** Where it hears its application, should it not say so itself. */
  readonly httpUrl: string
  readonly secret: MeshSecret
}

/** One operator's connection for the whole run: it is part of the state that is compared. */
export class NodeTarget implements SoakTarget {
  readonly place: SoakPlace
  readonly #doors: NodeDoors
  #connection: Promise<OperatorConnection> | undefined
  #api: Promise<string> | undefined
  #token: Promise<string> | undefined

  constructor(place: SoakPlace, doors: NodeDoors) {
    this.place = place
    this.#doors = doors
  }

  async rest(): Promise<RestState> {
    const connection = await this.#connect()
    const {connections, outboxMessages, queueBytes, historyMessages, role, links, term} =
      await connection.stats(ANSWER_MS)
    const isSettled = role === 'master' || role === 'follower' || role === 'member'
    return {
      connections, underWay: outboxMessages + queueBytes, history: historyMessages,
      place: {isSettled, isMaster: role === 'master', links, term},
    }
  }

  async sample(holdersOf?: readonly string[]): Promise<SoakResult> {
    const connection = await this.#connect()
    return holdersOf === undefined
      ? connection.soak({}, ANSWER_MS)
      : connection.soak({holdersOf}, SNAPSHOT_MS)
  }

  async publish(target: TargetJson, details: unknown): Promise<void> {
    const connection = await this.#connect()
    await connection.publish({action: 'soak', details, target}, ANSWER_MS)
  }

  async post(target: TargetJson, details: unknown): Promise<void> {
    const {httpUrl, secret} = this.#doors
    if (secret.rights !== 'operator') throw new Error('a viewer publishes nothing')
    this.#api ??= this.#connect()
      .then(async (connection) => (await connection.stats(ANSWER_MS)).apiUrl ?? httpUrl)
    this.#token ??= signPublishToken({by: 'soak', ttlMs: TOKEN_MS}, secret)
    const door = {api: await this.#api, token: await this.#token, timeoutMs: ANSWER_MS}
    await postMessage({action: 'soak', details, target}, door)
  }

  /** Another node leads, if it is the master. Rejects with NODE_REFUSED where none could. */
  async stepDown(): Promise<void> {
    const connection = await this.#connect()
    await connection.act({act: 'step-down'}, ANSWER_MS, () => {})
  }

  close(): void {
    this.#connection?.then((connection) => connection.close()).catch(() => undefined)
  }

  /** Many visits publish at once: all of them by one connection, for the node counts those. */
  async #connect(): Promise<OperatorConnection> {
    const before = this.#connection
    const known = await before?.catch(() => undefined)
    if (known !== undefined && !known.isOver) return known
    if (this.#connection === before) {
      const {operatorUrl: url, secret} = this.#doors
      const options = {url, secret, timeoutMs: CONNECT_MS}
      this.#connection = connectOperator(options)
    }
    return this.#connection ?? this.#connect()
  }
}

/** Any Node server that answers GET with a sample of sampleProcess, as JSON. */
export class PageTarget implements SoakTarget {
  readonly place: SoakPlace
  readonly #page: string

  constructor(place: SoakPlace, page: string) {
    this.place = place
    this.#page = page
  }

  rest(): Promise<RestState> {
    return Promise.resolve({connections: null, underWay: 0, history: 0, place: null})
  }

  async sample(): Promise<SoakResult> {
    const text = await this.#get()
    const json = parseJson(text)
    if (json.ok && conforms(processSample, json.value)) return {sample: json.value, snapshot: null}
    const wrong = json.ok ? processSample(json.value) : json.reason
    throw new WsmeshError('INPUT_INVALID', `${this.#page} is no sample of a process: ${wrong}`, {
      suggestions: ['answer it with sampleProcess() of wsmesh (docs/SIEGE.md, "Soak")'],
    })
  }

  async publish(): Promise<void> {}

  async post(): Promise<void> {}

  close(): void {}

  async #get(): Promise<string> {
    try {
      const answer = await fetch(this.#page, {signal: AbortSignal.timeout(ANSWER_MS)})
      const text = await answer.text()
      if (answer.ok && text.length <= BYTES_MAX) return text
      throw new Error(`status ${answer.status}, ${text.length} characters`)
    } catch (error) {
      throw new WsmeshError('NODE_UNREACHABLE', `${this.#page} does not answer`, {cause: error})
    }
  }
}
