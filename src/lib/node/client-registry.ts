/** Who is connected here, found by user, group and session without looking at everybody. */
import {PROBE} from '../process/supervision.js'
import {matchesTarget} from '../protocol/target.js'
import type {Identity, Target} from '../protocol/target.js'
import {assert, unreachable} from '../util/assert.js'
import type {ClientConnection} from './client-connection.js'
import {ConnectionIndex} from './connection-index.js'
import {Visits} from './visits.js'

/** How a visit ends without a close: the connection is somebody else's from then on. */
const AGAIN = {code: 0, reason: 'authenticated-again'}

/** So that a crowd whose proofs are being checked costs no search through all of it. */
const SILENT_LOOKED_AT_MAX = 100

export class ClientRegistry {
  readonly visits: Visits
  readonly #all = new Set<ClientConnection>()
  readonly #known = new Set<ClientConnection>()
  /** Known, but nobody's: what is for everyone is not for them. */
  readonly #probes = new Set<ClientConnection>()
  /** Those that are not known, the oldest first. */
  readonly #unknown = new Set<ClientConnection>()
  readonly #byAddress = new Map<string, number>()
  readonly #byUser = new ConnectionIndex()
  readonly #byGroup = new ConnectionIndex()
  readonly #bySession = new ConnectionIndex()
  #guests = 0
  #mark = 0

  constructor(now: () => number) {
    this.visits = new Visits(now)
  }

  /** Connections, known or not. */
  get size(): number {
    return this.#all.size
  }

  /** Connections that have not said who they are. */
  get unknown(): number {
    return this.#unknown.size
  }

  get users(): number {
    return this.#byUser.size
  }

  /** Groups, and sessions, that somebody connected is in. */
  get groups(): number {
    return this.#byGroup.size
  }

  get sessions(): number {
    return this.#bySession.size
  }

  get guests(): number {
    return this.#guests
  }

  /** Connections from there, known or not. */
  countOfAddress(address: string): number {
    return this.#byAddress.get(address) ?? 0
  }

  /** Of those that have not begun to prove themselves, the oldest of the first few. */
  oldestSilent(): ClientConnection | undefined {
    let looked = 0
    for (const connection of this.#unknown) {
      if (connection.state.type === 'hello') return connection
      looked += 1
      if (looked === SILENT_LOOKED_AT_MAX) break
    }
    return undefined
  }

  all(): Iterable<ClientConnection> {
    return this.#all
  }

  /** Users connected, each once. */
  userIds(): Iterable<string> {
    return this.#byUser.keys()
  }

  groupNames(): Iterable<string> {
    return this.#byGroup.keys()
  }

  sessionIds(): Iterable<string> {
    return this.#bySession.keys()
  }

  ofUser(id: string): ReadonlySet<ClientConnection> {
    return this.#byUser.of(id)
  }

  ofGroup(name: string): ReadonlySet<ClientConnection> {
    return this.#byGroup.of(name)
  }

  ofSession(id: string): ReadonlySet<ClientConnection> {
    return this.#bySession.of(id)
  }

  add(connection: ClientConnection): void {
    assert(!this.#all.has(connection), `Connection added twice: ${connection.id}`)
    this.#all.add(connection)
    this.#unknown.add(connection)
    this.#byAddress.set(connection.address, this.countOfAddress(connection.address) + 1)
  }

  /** The connection is this one's from now on, whoever's it was. */
  identify(connection: ClientConnection, identity: Identity): void {
    assert(this.#all.has(connection), `Unknown connection identified: ${connection.id}`)
    this.#forget(connection, AGAIN.code, AGAIN.reason)
    connection.identity = identity
    const isProbe = identity.user?.startsWith(PROBE.user) === true
    const kept = isProbe ? this.#probes : this.#known
    kept.add(connection)
    this.#unknown.delete(connection)
    this.visits.began(connection)
    if (identity.user === undefined) {
      this.#guests += 1
      return
    }
    this.#byUser.add(identity.user, connection)
    for (const group of identity.groups) this.#byGroup.add(group, connection)
    if (identity.session !== undefined) this.#bySession.add(identity.session, connection)
  }

  /** The close code and reason are for who asks later. False when it was not there. */
  remove(connection: ClientConnection, code: number, reason: string): boolean {
    this.#forget(connection, code, reason)
    if (!this.#all.delete(connection)) return false
    this.#unknown.delete(connection)
    const {address} = connection
    const left = this.countOfAddress(address) - 1
    if (left === 0) this.#byAddress.delete(address)
    else this.#byAddress.set(address, left)
    return true
  }

  #forget(connection: ClientConnection, code: number, reason: string): void {
    if (!this.#known.delete(connection) && !this.#probes.delete(connection)) return
    this.visits.ended(connection, code, reason)
    const {identity} = connection
    assert(identity !== undefined, `A known connection without identity: ${connection.id}`)
    if (identity.user === undefined) {
      this.#guests -= 1
      return
    }
    this.#byUser.delete(identity.user, connection)
    for (const group of identity.groups) this.#byGroup.delete(group, connection)
    if (identity.session !== undefined) this.#bySession.delete(identity.session, connection)
  }

  /**
   * Calls `visit` once for each connection that the target means; it may remove connections.
   * Returns how often it said true.
   */
  visit(target: Target, visit: (connection: ClientConnection) => boolean): number {
    switch (target.kind) {
      case 'user':
        return this.#visitIds(this.#byUser, target.ids, visit)
      case 'group':
        return this.#visitIds(this.#byGroup, target.ids, visit)
      case 'session':
        return this.#visitIds(this.#bySession, target.ids, visit)
      case 'filter':
      case 'registered':
      case 'everyone':
        return this.#visitMatching(this.#candidates(target), target, visit)
      default:
        return unreachable(target)
    }
  }

  #visitIds(
    index: ConnectionIndex,
    ids: readonly string[],
    visit: (connection: ClientConnection) => boolean,
  ): number {
    const mark = (this.#mark += 1)
    let count = 0
    for (const id of ids) {
      index.forEach(id, (connection) => {
        if (connection.mark === mark) return
        connection.mark = mark
        if (visit(connection)) count += 1
      })
    }
    return count
  }

  #visitMatching(
    candidates: Iterable<ClientConnection>,
    target: Target,
    visit: (connection: ClientConnection) => boolean,
  ): number {
    let count = 0
    for (const connection of candidates) {
      if (connection.identity === undefined) continue
      if (matchesTarget(target, connection.identity) && visit(connection)) count += 1
    }
    return count
  }

  /** A filter that names a user or a session needs to look at theirs only. */
  #candidates(target: Target): ReadonlySet<ClientConnection> {
    if (target.kind !== 'filter') return this.#known
    for (const [key, value] of target.pairs) {
      if (key === 'user') return this.#byUser.of(value)
      if (key === 'session') return this.#bySession.of(value)
    }
    return this.#known
  }
}
