/** The mesh as its nodes see it, asked of each over loopback: GET /stats. */
import {isRecord} from '../protocol/json-text.js'
import type {FleetNode} from './node-fleet.js'

const ASK_MS = 1000

/** A node of the demo as the page shows it. */
export interface NodeView {
  readonly name: string
  /** Null while no process of this place is ready. */
  readonly id: string | null
  readonly clientUrl: string | null
  readonly pid: number | null
  /** What the node says of itself; `down` when it does not answer. */
  readonly role: string
  readonly master: string | null
  readonly term: number | null
  readonly clients: number | null
  /** Ids of the nodes that count as copies, as this node knows them. */
  readonly view: readonly string[]
}

export interface MeshView {
  /** The master's id, when all nodes that answer agree on one. */
  readonly master: string | null
  readonly term: number | null
  readonly nodes: readonly NodeView[]
}

export async function viewMesh(nodes: readonly FleetNode[]): Promise<MeshView> {
  const views = await Promise.all(nodes.map(viewNode))
  const masters = new Set(views.filter(({role}) => role !== 'down').map(({master}) => master))
  const [master = null] = masters.size === 1 ? masters : []
  const terms = views.map(({term}) => term ?? 0)
  return {master, term: master === null ? null : Math.max(...terms), nodes: views}
}

/** More copies than this a master does not take. */
const COPIES_MAX = 7

/**
 * Every node answers, all name the same master, and all are copies: whichever is killed now, the
 * mesh goes on at once.
 */
export function isWhole({master, nodes}: MeshView): boolean {
  const isLinked = nodes.every(({role}) => role === 'master' || role === 'follower')
  const copies = new Set(nodes.flatMap(({view}) => view))
  const areCopies = copies.size >= COPIES_MAX || nodes.every(({id}) => copies.has(id ?? ''))
  return master !== null && isLinked && areCopies
}

const DOWN = {role: 'down', master: null, term: null, clients: null, view: []} as const

async function viewNode({name, ready}: FleetNode): Promise<NodeView> {
  if (ready === undefined) {
    return {name, id: null, clientUrl: null, pid: null, ...DOWN}
  }
  const known = {name, id: ready.node, clientUrl: ready.clientUrl, pid: ready.pid}
  const stats = await askStats(ready.httpUrl)
  if (stats === undefined) return {...known, ...DOWN}
  const {role, master, term, connections, view} = stats
  return {
    ...known,
    role: typeof role === 'string' ? role : 'down',
    master: typeof master === 'string' ? master : null,
    term: typeof term === 'number' ? term : null,
    clients: typeof connections === 'number' ? connections : null,
    view: Array.isArray(view) ? view.map(String) : [],
  }
}

/** Undefined for a node that does not answer: it may have died a moment ago. */
async function askStats(httpUrl: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const response = await fetch(new URL('/stats', httpUrl), {signal: AbortSignal.timeout(ASK_MS)})
    const body: unknown = await response.json()
    return response.ok && isRecord(body) ? body : undefined
  } catch {
    return undefined
  }
}
