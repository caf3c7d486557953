import {mostSimilar} from '../similar.js'
import type {KnownNode} from '../../operator/address-book.js'
import type {MeshAccess} from '../../operator/mesh-access.js'
import {WsmeshError} from '../../util/errors.js'

export interface NodeTarget {
  readonly id: string | undefined
  readonly url: string
}

/**
 * The nodes that are to be pinged: that of `--node`, else all of the pool, or those of these ids.
 * While the store does not answer, the nodes seen last. Rejects with NODE_UNREACHABLE where there
 * is none, and as the store does where none is remembered either.
 */
export async function nodeTargets(
  access: MeshAccess,
  ids: readonly string[],
): Promise<readonly NodeTarget[]> {
  await access.secret()
  const {nodeUrl} = access
  if (nodeUrl !== undefined) return [{id: undefined, url: nodeUrl}]
  const nodes = await knownNodes(access)
  if (nodes.length === 0) {
    throw new WsmeshError('NODE_UNREACHABLE', 'The pool is empty: there is no node to ping', {
      suggestions: ['wsmesh serve   (a node on this machine)',
        'wsmesh ping --url wss://example.com/WebSockets   (as a client)'],
    })
  }
  const unknown = ids.find((id) => !nodes.some((node) => node.id === id))
  if (unknown !== undefined) throw unknownNode(unknown, nodes)
  return ids.length === 0 ? nodes : nodes.filter(({id}) => ids.includes(id))
}

async function knownNodes(access: MeshAccess): Promise<readonly KnownNode[]> {
  try {
    return (await access.readPool()).members
  } catch (error) {
    const nodes = await access.book.recall()
    if (!(error instanceof WsmeshError) || nodes.length === 0) throw error
    return nodes
  }
}

function unknownNode(id: string, nodes: readonly KnownNode[]): WsmeshError {
  const meant = mostSimilar(id, nodes.map((node) => node.id))
  return new WsmeshError('NODE_UNREACHABLE', `No node of this pool is called ${id}`, {
    suggestions: [
      ...(meant === undefined ? [] : [`wsmesh ping ${meant}`]),
      'wsmesh pool list   (their names)',
    ],
  })
}
