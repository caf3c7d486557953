import type {WhoFilter} from '../../protocol/who-frame.js'

export interface WhoQuestion {
  readonly filter: WhoFilter
  /** Users at most. */
  readonly limit: number
  /** Ask the node of this id alone. */
  readonly only: string | undefined
}

/**
 * The mesh as an operator sees it, asked of all nodes. A node is given one, since asking others is
 * the operators' side. What comes back is ready to be sent: what `who --json` and `pool list
 * --json` print. Both reject with a WsmeshError.
 */
export interface MeshView {
  who(question: WhoQuestion): Promise<object>
  nodes(): Promise<object>
}
