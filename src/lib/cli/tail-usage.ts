import {isNodeId} from '../util/brand.js'
import {WsmeshError} from '../util/errors.js'

export interface NodeFlags {
  /** Only what was published at this node. */
  readonly origin: string | undefined
  /** Ask the node at this address. */
  readonly node: string | undefined
}

/**
 * `--node` of tail: an id filters, an address says whom to ask. No address is an id, since it has
 * a colon or a dot. Throws USAGE for two of a kind.
 */
export function splitNodeFlags(values: readonly string[]): NodeFlags {
  const origins = values.filter((value) => isNodeId(value))
  const nodes = values.filter((value) => !isNodeId(value))
  for (const [kind, given] of [['id', origins], ['address', nodes]] as const) {
    if (given.length > 1) {
      throw new WsmeshError('USAGE', `--node takes one ${kind}, not ${given.join(' and ')}`)
    }
  }
  return {origin: origins[0], node: nodes[0]}
}
