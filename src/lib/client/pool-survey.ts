import type {NodeStats} from '../protocol/operator-frame.js'
import {WsmeshError} from '../util/errors.js'
import type {KnownNode} from './address-book.js'
import type {MeshAccess, PoolRead} from './mesh-access.js'

/**
 * up: answers. isolated: answers, but the mesh goes on without it. stale: its process is gone, only
 * the row is left. unreachable: no answer from here; it may be alive.
 */
export type NodeState = 'up' | 'isolated' | 'stale' | 'unreachable'

export interface SurveyedNode {
  /** As the pool (or memory) names it; undefined for a node asked by `--node` alone. */
  readonly known: KnownNode | undefined
  readonly id: string
  readonly url: string
  readonly state: NodeState
  /** Undefined unless it answered. */
  readonly stats: NodeStats | undefined
  readonly rttMs: number | undefined
  /** Why it did not answer. */
  readonly why: string | undefined
  readonly refusedSecret?: boolean
}

export interface Survey {
  readonly nodes: readonly SurveyedNode[]
  /** Of the lease row: who should be master. */
  readonly holder: string | undefined
  readonly leaseTerm: number
  readonly warnings: readonly string[]
}

/** A healthy node answers within a few; a hung one must not hold up the table. */
const PROBE_MS_MAX = 2000
/** Of the time of the whole command, for the store; the rest is for the nodes. */
const STORE_SHARE = 0.5

interface Listing extends PoolRead {
  readonly nodes: readonly KnownNode[]
  readonly warnings: readonly string[]
}

/**
 * Asks every node of the pool, all at once, each for at most PROBE_MS_MAX. While the store does not
 * answer, the nodes seen last are asked. Rejects with AUTH_REJECTED when all that answer refuse the
 * secret, and as the store does when no address is known.
 */
export async function surveyPool(
  access: MeshAccess,
  {remembers = true}: {readonly remembers?: boolean} = {},
): Promise<Survey> {
  await access.secret()
  const url = access.nodeUrl
  if (url !== undefined) {
    const node = await probe(access, {url, known: undefined})
    if (node.state === 'unreachable' || node.state === 'stale') throw unreachable(node)
    return {nodes: [node], holder: undefined, leaseTerm: 0, warnings: []}
  }
  const listing = await listNodes(access, remembers)
  const nodes = await Promise.all(
    listing.nodes.map((known) => probe(access, {url: known.url, known})),
  )
  const isRefused = nodes.some(({refusedSecret}) => refusedSecret)
  if (isRefused && nodes.every(({stats}) => stats === undefined)) {
    throw new WsmeshError('AUTH_REJECTED', 'The nodes of this pool have another mesh secret', {
      suggestions: ['--secret-file FILE   (the one that the nodes were started with)'],
    })
  }
  return {
    nodes,
    holder: listing.lease?.holder,
    leaseTerm: listing.lease?.term ?? 0,
    warnings: listing.warnings,
  }
}

async function listNodes(access: MeshAccess, remembers: boolean): Promise<Listing> {
  try {
    const read = await withinMs(access.readPool(), access.timeoutMs * STORE_SHARE, access.poolLabel)
    return {...read, nodes: read.members, warnings: []}
  } catch (error) {
    if (!remembers || !(error instanceof WsmeshError)) throw error
    const nodes = await access.book.recall()
    if (nodes.length === 0) throw error
    const warnings = [`${error.message}: these are the nodes seen last`]
    return {nodes, members: [], lease: undefined, warnings}
  }
}

interface Probed {
  readonly url: string
  readonly known: KnownNode | undefined
}

async function probe(access: MeshAccess, {url, known}: Probed): Promise<SurveyedNode> {
  const timeoutMs = Math.min(PROBE_MS_MAX, access.leftMs())
  const deadlineMs = performance.now() + timeoutMs
  const left = () => Math.max(1, deadlineMs - performance.now())
  try {
    const connection = await access.connect(url, {timeoutMs})
    try {
      const {node: id} = connection
      if (known && id !== known.id) {
        return {known, ...SILENT, id: known.id, url, why: `node ${id} answers there`}
      }
      const stats = await connection.stats(left())
      // Of two, since the first wakes up whatever slept on the way.
      const rttMs = Math.min(await connection.ping(left()), await connection.ping(left()))
      const state = stats.role === 'isolated' ? 'isolated' : 'up'
      return {known, id, url, state, stats, rttMs, why: undefined}
    } finally {
      connection.close()
    }
  } catch (error) {
    if (!(error instanceof WsmeshError) || (known === undefined && isTelling(error))) throw error
    const why = reasonOf(error)
    const state = why.includes('refused') ? 'stale' : 'unreachable'
    const refusedSecret = error.code === 'AUTH_REJECTED'
    return {known, ...SILENT, id: known?.id ?? url, url, state, why, refusedSecret}
  }
}

const SILENT = {state: 'stale', stats: undefined, rttMs: undefined} as const

function isTelling(error: WsmeshError): boolean {
  return error.code !== 'NODE_UNREACHABLE' && error.code !== 'TIMED_OUT'
}

function reasonOf(error: WsmeshError): string {
  if (isTelling(error)) return error.message
  return error.cause instanceof Error ? error.cause.message : error.message
}

function unreachable(node: SurveyedNode): WsmeshError {
  return new WsmeshError('NODE_UNREACHABLE', `The node at ${node.url} is not in reach`, {
    cause: new Error(node.why ?? 'no answer'),
    suggestions: ['wsmesh pool list   (without --node: all that the pool names)'],
  })
}

async function withinMs<T>(promise: Promise<T>, timeoutMs: number, label: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new WsmeshError('POOL_UNREACHABLE', `Pool ${label} does not answer`))
    }, timeoutMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
    promise.catch(() => undefined)
  }
}
