/** `wsmesh/client`: what a page or a program imports, and all of it. See docs/CLIENT.md. */
import type {LineOwner, Line} from './line.js'
import {Link} from './link.js'
import {MeshClient} from './mesh-client.js'
import {settingsFrom} from './settings.js'
import {shareLine} from './shared-line.js'
import type {ActionMap, AnyActions, ConnectOptions, Mesh} from './types.js'

export {MeshError} from './mesh-error.js'
export type {MeshErrorCode} from './mesh-error.js'
export type {
  ActionMap, AnyActions, ConnectOptions, ErrorListener, Listener, Mesh, MeshState, MessageOf,
  TraceCarrier,
} from './types.js'

/**
 * Connects, by itself and again whenever it has to; returns at once. `url`: ws, wss, http or https,
 * or a path on the page's host; a list of nodes is tried in turn. `R` says what is received of each
 * action, `S` what is sent. Throws MeshError bad-option.
 */
export function connect<R extends ActionMap<R> = AnyActions, S extends ActionMap<S> = R>(
  url?: string | readonly string[],
  options?: ConnectOptions,
): Mesh<R, S>
export function connect(
  url: string | readonly string[] = '/WebSockets',
  options: ConnectOptions = {},
): Mesh {
  const settings = settingsFrom(url, options)
  const createLine = (owner: LineOwner): Line =>
    (settings.shared ? shareLine(settings, owner) : undefined) ?? new Link(settings, owner)
  return new MeshClient(settings, createLine)
}
