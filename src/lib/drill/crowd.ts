/** All clients and backends of a drill. */
import type {MeshSecret} from '../auth/mesh-secret.js'
import {signToken} from '../auth/token.js'
import {connectOperator} from '../operator/operator-client.js'
import type {OnOperatorEvent, OperatorConnection} from '../operator/operator-connection.js'
import {WsmeshError} from '../util/errors.js'
import type {Audience, TabPlan} from './audience.js'
import type {DrillMesh} from './drill-mesh.js'
import type {Ledger} from './ledger.js'
import {operatorUrl} from './node-probe.js'
import type {Place} from './place.js'
import {Publisher} from './publisher.js'
import {Tab} from './tab.js'

export interface CrowdOptions {
  readonly mesh: DrillMesh
  readonly audience: Audience
  readonly ledger: Ledger
  readonly secret: MeshSecret
  readonly publishers: number
  /** The last client of a node has left it. */
  readonly onDeserted: (place: Place) => void
  /** A client has a node again, so long after it lost the last, its own pauses not counted. */
  readonly onBack: (ms: number) => void
  readonly sleep: (ms: number) => Promise<void>
}

/** As real front ends spread it, each with a jitter of its own. */
const STRANGERS_SPREAD_MS = 5000

/** Less than a node lets in of one user, all of them at one node. */
const STRANGERS_PER_USER = 100

const TOKEN_TTL_MS = 24 * 3_600_000
const ATTACH_MS = 30_000
const DIAL_MS = 1000
const LOOK_AGAIN_MS = 20

export class Crowd {
  readonly #options: CrowdOptions
  #tabs: readonly Tab[] = []
  #publishers: readonly Publisher[] = []

  constructor(options: CrowdOptions) {
    this.#options = options
  }

  get publishers(): readonly Publisher[] {
    return this.#publishers
  }

  /** Connects all, and waits until all are let in. */
  async start(): Promise<void> {
    const {audience, publishers} = this.#options
    this.#tabs = await Promise.all(audience.tabs.map((plan) => this.#openTab(plan)))
    this.#publishers = Array.from({length: publishers}, (_, index) => this.#openPublisher(index))
    await this.attached()
  }

  /** Waits until every tab and every publisher has a node. Rejects with NODE_FAILED. */
  async attached(withinMs = ATTACH_MS): Promise<void> {
    const deadline = performance.now() + withinMs
    for (;;) {
      const away = this.#tabs.filter(({place}) => place === undefined).length
      const mute = this.#publishers.filter(({place}) => place === undefined).length
      if (away + mute === 0) return
      if (performance.now() > deadline) {
        const who = `${away} clients and ${mute} publishers`
        throw new WsmeshError('NODE_FAILED', `${who} found no node in ${withinMs / 1000} s`)
      }
      await this.#options.sleep(LOOK_AGAIN_MS)
    }
  }

  /** Where a tab is let in at the moment. */
  placeOf(tab: number): Place | undefined {
    return this.#tabs[tab]?.place
  }

  /** More clients, to whom no message of the load goes. Whoever asks closes them. */
  async strangers(count: number): Promise<readonly Tab[]> {
    const users = Array.from({length: Math.ceil(count / STRANGERS_PER_USER)}, (_, n) => n)
    const tokens = await Promise.all(users.map((n) => this.token(`nobody-${n}`)))
    return Array.from({length: count}, (_, index) => new Tab({
      token: tokens[index % tokens.length] ?? '',
      choose: (tries) => this.#choose(index + tries),
      resumeFrom: () => undefined,
      onAttached: () => {},
      onDetached: () => {},
      onBack: () => {},
      spreadMs: STRANGERS_SPREAD_MS,
      onDelivered: () => {},
      onPassed: () => {},
      random: Math.random,
    }))
  }

  /** A token for somebody to whom no message of the load goes. */
  token(user: string): Promise<string> {
    return signToken({user, groups: [], ttlMs: TOKEN_TTL_MS}, this.#options.secret)
  }

  /** An operator's connection that sends beside the load. */
  operator(place: Place, onEvent?: OnOperatorEvent): Promise<OperatorConnection> {
    const url = place.ready === undefined ? '' : operatorUrl(place.ready)
    return connectOperator({url, secret: this.#options.secret, timeoutMs: ATTACH_MS, onEvent})
  }

  close(): void {
    for (const tab of this.#tabs) tab.close()
    for (const publisher of this.#publishers) publisher.close()
  }

  async #openTab({index, user, group, session, home}: TabPlan): Promise<Tab> {
    const {ledger, secret} = this.#options
    const claims = {user, groups: [group], session, ttlMs: TOKEN_TTL_MS}
    return new Tab({
      token: await signToken(claims, secret),
      choose: (tries) => this.#choose(home + tries),
      resumeFrom: () => ledger.placeOf(index),
      onAttached: (position, recovered) => ledger.attached(index, position, recovered),
      onDetached: (place) => this.#left(place),
      onBack: (ms) => this.#options.onBack(ms),
      onDelivered: (n, position) => ledger.delivered(index, n, position),
      onPassed: (position) => ledger.passed(index, position),
      random: Math.random,
    })
  }

  #left(place: Place): void {
    const isDeserted = this.#tabs.every((tab) => tab.place !== place)
    if (isDeserted) this.#options.onDeserted(place)
  }

  #openPublisher(home: number): Publisher {
    const {ledger, audience} = this.#options
    return new Publisher({
      id: home,
      ledger,
      addressed: (n) => audience.addressed(n),
      choose: (tries) => this.#choose(home + tries),
      connect: (place, signal) => this.#connect(place, signal),
    })
  }

  async #connect({ready}: Place, signal: AbortSignal): Promise<OperatorConnection | undefined> {
    const {secret} = this.#options
    if (ready === undefined) return undefined
    try {
      const url = operatorUrl(ready)
      return await connectOperator({url, secret, timeoutMs: DIAL_MS, signal})
    } catch (error) {
      if (!(error instanceof WsmeshError)) throw error
      return undefined
    }
  }

  #choose(turn: number): Place | undefined {
    const {places} = this.#options.mesh
    return places[turn % places.length]
  }
}
