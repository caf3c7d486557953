/** Which node a person means: its id, the unique start of one, or its address. */
import {WsmeshError} from '../util/errors.js'
import type {KnownNode} from './address-book.js'
import {nodeUrlOf} from './node-url.js'

/** A dial of what is named by its address alone finds out which node it is. */
export interface ResolvedNode {
  readonly id: string | undefined
  readonly url: string
}

type Known = Pick<KnownNode, 'id' | 'url'>

const NAMED_MAX = 10

/**
 * Throws NODE_UNREACHABLE for what is none of them, USAGE for the start of several; both name those
 * that there are. An address that the pool does not have is taken as it is.
 */
export function resolveNode(nodes: readonly Known[], wanted: string): ResolvedNode {
  const exact = nodes.find(({id}) => id === wanted)
  if (exact !== undefined) return exact
  if (isAddress(wanted)) {
    const url = nodeUrlOf(wanted)
    return nodes.find((node) => node.url === url) ?? {id: undefined, url}
  }
  const starting = nodes.filter(({id}) => wanted !== '' && startsWith(id, wanted))
  const [only] = starting
  if (only !== undefined && starting.length === 1) return only
  if (starting.length > 1) {
    throw new WsmeshError('USAGE', `${starting.length} nodes begin with ${wanted}: which one?`, {
      cause: new Error(named(starting)),
      suggestions: [starting[0]?.id ?? 'wsmesh pool list'],
    })
  }
  throw new WsmeshError('NODE_UNREACHABLE', `No node of this pool is called ${wanted || '""'}`, {
    cause: new Error(nodes.length === 0 ? 'the pool names no node' : `there are:\n${named(nodes)}`),
    suggestions: ['wsmesh pool list   (their names and addresses)'],
  })
}

/** Whether a person may have meant this node. Throws USAGE for what looks like an address only. */
export function isCalled({id, url}: Known, wanted: string): boolean {
  if (isAddress(wanted)) return nodeUrlOf(wanted) === url
  return wanted !== '' && startsWith(id, wanted)
}

/** No id has a colon, a dot or a slash. */
function isAddress(text: string): boolean {
  return /[:./]/.test(text)
}

/** Ids begin with n-, which nobody likes to type. */
function startsWith(id: string, start: string): boolean {
  return id.startsWith(start) || id.replace(/^n-/, '').startsWith(start)
}

function named(nodes: readonly Known[]): string {
  const lines = nodes.slice(0, NAMED_MAX).map(({id, url}) => `${id} at ${url}`)
  const more = nodes.length - lines.length
  return [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join('\n')
}
