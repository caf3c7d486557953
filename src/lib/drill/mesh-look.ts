/** A mesh as its nodes see it at one moment: GET /stats of each. */
import {isRecord} from '../protocol/json-text.js'
import type {Place} from './place.js'

export interface NodeLook {
  readonly place: Place
  readonly id: string
  readonly role: string
  readonly master: string | undefined
  readonly epoch: string
  readonly term: number
  readonly connections: number
  readonly view: readonly string[]
  readonly counters: Readonly<Record<string, unknown>>
}

const ASK_MS = 1000
/** More copies than this a master does not take. */
const COPIES_MAX = 7

/** Undefined for a node that does not answer. */
export async function lookAt(place: Place): Promise<NodeLook | undefined> {
  if (place.ready === undefined) return undefined
  try {
    const url = `${place.ready.httpUrl}/stats`
    const response = await fetch(url, {signal: AbortSignal.timeout(ASK_MS)})
    const stats: unknown = await response.json()
    if (!response.ok || !isRecord(stats)) return undefined
    const {node, role, master, epoch, term, connections, view, counters} = stats
    return {
      place,
      id: String(node),
      role: String(role),
      master: typeof master === 'string' ? master : undefined,
      epoch: String(epoch),
      term: Number(term),
      connections: Number(connections),
      view: Array.isArray(view) ? view.map(String) : [],
      counters: isRecord(counters) ? counters : {},
    }
  } catch {
    return undefined
  }
}

/** All answer, name the same master in the same term, and count as copies. Says what is not so. */
export function whatIsNotWhole(looks: readonly (NodeLook | undefined)[]): string | undefined {
  const known = looks.filter((look) => look !== undefined)
  if (known.length < looks.length) {
    return `${looks.length - known.length} of ${looks.length} nodes do not answer`
  }
  const stray = known.find(({role}) => role !== 'master' && role !== 'follower')
  if (stray !== undefined) return `node ${stray.place.name} is ${stray.role}`
  const masters = known.filter(({role}) => role === 'master')
  if (masters.length !== 1) return `${masters.length} nodes are master`
  const orders = new Set(known.map(({master, epoch, term}) => `${master} ${epoch}.${term}`))
  if (orders.size > 1) return `nodes name different masters or terms: ${[...orders].join(', ')}`
  const copies = new Set(masters[0]?.view)
  const isCopied = copies.size >= COPIES_MAX || known.every(({id}) => copies.has(id))
  return isCopied ? undefined : `${copies.size} of ${looks.length} nodes count as copies`
}
