import type {Lease} from '../mesh/membership.js'
import {formatDuration} from '../util/duration.js'
import {WsmeshError} from '../util/errors.js'
import type {AddressBook, KnownNode} from './address-book.js'
import type {MeshAccess, PoolRead} from './mesh-access.js'
import type {OperatorConnection} from './operator-connection.js'

/** A node of the pool and what it answered. */
export interface PolledNode<T> {
  /** As the pool (or memory) names it; undefined for a node asked by `--node` alone. */
  readonly known: KnownNode | undefined
  readonly id: string
  readonly url: string
  /**
   * up: answered. stale: its process is gone, only the row is left. unreachable: no answer from
   * here; it may be alive.
   */
  readonly state: 'up' | 'stale' | 'unreachable'
  /** Undefined unless it is up. */
  readonly answer: T | undefined
  /** Why it did not answer. */
  readonly why: string | undefined
  readonly refusedSecret?: boolean
}

export interface Poll<T> {
  /** In the order of the pool. */
  readonly nodes: readonly PolledNode<T>[]
  readonly lease: Lease | undefined
  readonly warnings: readonly string[]
}

/** What asking all nodes needs of a MeshAccess. */
export interface PollAccess
  extends Pick<
    MeshAccess, 'nodeUrl' | 'timeoutMs' | 'poolLabel' | 'secret' | 'readPool' | 'connect' | 'leftMs'
  > {
  readonly book: Pick<AddressBook, 'recall'>
}

/** How long a node may take. */
export interface Patience {
  /** What is left for this node as a whole. */
  readonly left: () => number
  /** For one of many requests to a node that goes on answering. */
  readonly each: () => number
}

/** What a node is asked; rejects as OperatorConnection does. */
export type Question<T> = (connection: OperatorConnection, patience: Patience) => Promise<T>

export interface PollOptions {
  /** Ask the nodes seen last while the store does not answer; else that is an error. */
  readonly remembers?: boolean
  /** Ask the node of this id alone. */
  readonly only?: string | undefined
  /** Connections are the access's own: it closes them. */
  readonly keeps?: boolean
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
 * Asks every node of the pool the same, all at once, each for at most PROBE_MS_MAX. While the store
 * does not answer, the nodes seen last are asked. Rejects with AUTH_REJECTED when all that answer
 * refuse the secret, with NODE_UNREACHABLE when the one node that was named does not answer, and as
 * the store does when no address is known.
 */
export async function pollPool<T>(
  access: PollAccess,
  question: Question<T>,
  {remembers = true, only, keeps = false}: PollOptions = {},
): Promise<Poll<T>> {
  await access.secret()
  const url = access.nodeUrl
  if (url !== undefined) {
    const node = await probe(access, {url, known: undefined, keeps}, question)
    if (node.state !== 'up') throw unreachable(node)
    return {nodes: [node], lease: undefined, warnings: []}
  }
  const listing = await listNodes(access, remembers)
  const asked = listing.nodes.filter(({id}) => only === undefined || id === only)
  if (only !== undefined && asked.length === 0) throw unknownNode(only)
  const nodes = await Promise.all(
    asked.map((known) => probe(access, {url: known.url, known, keeps}, question)),
  )
  const isRefused = nodes.some(({refusedSecret}) => refusedSecret)
  if (isRefused && nodes.every(({answer}) => answer === undefined)) {
    throw new WsmeshError('AUTH_REJECTED', 'The nodes of this pool have another mesh secret', {
      suggestions: ['--secret-file FILE   (the one that the nodes were started with)'],
    })
  }
  return {nodes, lease: listing.lease, warnings: listing.warnings}
}

/** The nodes of the pool; while the store does not answer, those seen last, if that is wanted. */
export async function listNodes(access: PollAccess, remembers: boolean): Promise<Listing> {
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
  readonly keeps: boolean
}

async function probe<T>(
  access: PollAccess,
  probed: Probed,
  question: Question<T>,
): Promise<PolledNode<T>> {
  const wholeMs = Math.min(PROBE_MS_MAX, access.leftMs())
  const deadlineMs = performance.now() + wholeMs
  const patience: Patience = {
    left: () => Math.max(1, deadlineMs - performance.now()),
    each: () => Math.min(PROBE_MS_MAX, access.leftMs()),
  }
  try {
    return await ask(access, probed, question, patience)
  } catch (error) {
    const {url, known} = probed
    if (!(error instanceof WsmeshError) || (known === undefined && isTelling(error))) throw error
    // Not what was left of it for the last question.
    const isLate = error.code === 'TIMED_OUT'
    const why = isLate ? `no answer within ${formatDuration(wholeMs)}` : reasonOf(error)
    const state = why.includes('refused') && !isTelling(error) ? 'stale' : 'unreachable'
    const refusedSecret = error.code === 'AUTH_REJECTED'
    return {known, id: known?.id ?? url, url, state, answer: undefined, why, refusedSecret}
  }
}

async function ask<T>(
  access: PollAccess,
  probed: Probed,
  question: Question<T>,
  patience: Patience,
  isAnew = false,
): Promise<PolledNode<T>> {
  const {url, known, keeps} = probed
  const connection = await access.connect(url, {timeoutMs: patience.left()})
  try {
    const {node: id} = connection
    if (known && id !== known.id) {
      const why = `node ${id} answers there`
      return {known, id: known.id, url, state: 'stale', answer: undefined, why}
    }
    const answer = await question(connection, patience)
    return {known, id, url, state: 'up', answer, why: undefined}
  } catch (error) {
    // A kept connection may have ended since it was asked last: only a new one tells whether the
    // node is there (as HTTP clients do with theirs, RFC 9112 section 9.3.1).
    if (!keeps || isAnew || !connection.isOver) throw error
    return await ask(access, probed, question, patience, true)
  } finally {
    if (!keeps) connection.close()
  }
}

function isTelling(error: WsmeshError): boolean {
  return error.code !== 'NODE_UNREACHABLE' && error.code !== 'TIMED_OUT'
}

function reasonOf(error: WsmeshError): string {
  if (isTelling(error)) return error.message
  return error.cause instanceof Error ? error.cause.message : error.message
}

function unreachable(node: {readonly url: string; readonly why: string | undefined}): WsmeshError {
  return new WsmeshError('NODE_UNREACHABLE', `The node at ${node.url} is not in reach`, {
    cause: new Error(node.why ?? 'no answer'),
    suggestions: ['wsmesh pool list   (without --node: all that the pool names)'],
  })
}

function unknownNode(id: string): WsmeshError {
  return new WsmeshError('NODE_UNREACHABLE', `No node of this pool is called ${id}`, {
    suggestions: ['wsmesh pool list   (their names)'],
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
