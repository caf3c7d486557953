/** What handlers know of a connection, for filters. */
import {whatIsWrongWithProperty} from '../auth/claims.js'
import {LIMITS} from '../protocol/limits.js'
import type {ClientConnection} from './client-connection.js'

/** Undefined takes it away. Throws TypeError for what is no property, and for one too many. */
export function setProperty(
  connection: ClientConnection,
  name: string,
  value: string | undefined,
): void {
  const wrong = whatIsWrongWithProperty(name, value ?? 'x')
  if (wrong !== undefined) throw new TypeError(`No property of a connection: ${wrong}`)
  const {[name]: _before, ...others} = connection.ownProperties
  const own = value === undefined ? others : {...others, [name]: value}
  if (Object.keys(own).length > LIMITS.properties) {
    throw new TypeError(`A connection has at most ${LIMITS.properties} properties of its own`)
  }
  connection.ownProperties = own
  const {identity} = connection
  if (identity === undefined) return
  // Nobody is indexed by a property: the identity may be replaced in place.
  const {[name]: _old, ...properties} = identity.properties
  const next = value === undefined ? properties : {...properties, [name]: value}
  connection.identity = {...identity, properties: next}
}
