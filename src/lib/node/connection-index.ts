import type {ClientConnection} from './client-connection.js'

const NOBODY: ReadonlySet<ClientConnection> = new Set()

/**
 * Connections by a key: a user, a group, a session. Nearly every user has one connection, and one
 * is kept as itself: a set for each would be a thirtieth of what an idle client costs.
 */
export class ConnectionIndex {
  readonly #byKey = new Map<string, ClientConnection | Set<ClientConnection>>()

  /** Keys that somebody has. */
  get size(): number {
    return this.#byKey.size
  }

  keys(): Iterable<string> {
    return this.#byKey.keys()
  }

  /** As they are now: not for walking through while they change. */
  of(key: string): ReadonlySet<ClientConnection> {
    const found = this.#byKey.get(key)
    if (found === undefined) return NOBODY
    return found instanceof Set ? found : new Set([found])
  }

  /** `visit` may remove connections. */
  forEach(key: string, visit: (connection: ClientConnection) => void): void {
    const found = this.#byKey.get(key)
    if (found === undefined) return
    if (!(found instanceof Set)) visit(found)
    else for (const connection of found) visit(connection)
  }

  add(key: string, connection: ClientConnection): void {
    const found = this.#byKey.get(key)
    if (found === undefined) this.#byKey.set(key, connection)
    else if (found instanceof Set) found.add(connection)
    else if (found !== connection) this.#byKey.set(key, new Set([found, connection]))
  }

  delete(key: string, connection: ClientConnection): void {
    const found = this.#byKey.get(key)
    if (found instanceof Set) {
      found.delete(connection)
      if (found.size > 0) return
    } else if (found !== connection) return
    this.#byKey.delete(key)
  }
}
