/** What operators ask one node to do with itself, and how it goes (docs/PROTOCOL.md). */
import {isNodeId, type NodeId} from '../util/brand.js'
import {
  count, flag, literal, nullable, number, object, text, textThat, type Shape,
} from './shape.js'

/**
 * `drain`: leave in order, clients at a pace. `stop`: the same, clients at once. `restart`: drain,
 * and end with the status that asks to be started again. `step-down`: give mastership away, stay.
 */
export const NODE_ACTS = ['drain', 'restart', 'stop', 'step-down'] as const

export type NodeAct = (typeof NODE_ACTS)[number]

export interface ActRequest {
  readonly id: number
  readonly op: 'act'
  readonly act: NodeAct
  /** Whom it is for: another node that answers at its address does nothing. */
  readonly node: NodeId
  /** Of `drain` and `restart`: how long clients are led away, in place of the node's own pace. */
  readonly overMs?: number
  /** Also where the mesh ends with it, or nothing starts it again. */
  readonly sure?: true
}

/** It has begun; ActEvents follow, the last of which is `done`. */
export interface ActResult {
  readonly act: NodeAct
  readonly node: NodeId
  readonly wasMaster: boolean
  readonly clients: number
  /** It is over by then, or something is wrong. */
  readonly withinMs: number
  /** Who starts it again when it ends; null: nobody that it knows of. */
  readonly supervisor: string | null
}

export type ActStep = 'handed-over' | 'leading-away' | 'done'

/** Told to the operator who asked, and to those who asked for the same while it went on. */
export interface ActEvent {
  readonly event: 'act'
  readonly act: NodeAct
  readonly node: NodeId
  readonly step: ActStep
  /** As this node sees it. */
  readonly master: NodeId | null
  readonly term: number
  /** Connections when it began, and now. */
  readonly clients: number
  readonly left: number
  /** Since it began. */
  readonly ms: number
}

export const OVER_MS_MAX = 3_600_000

const nodeIdShape: Shape<NodeId> = textThat(isNodeId, 'a node id')

const overMs: Shape<number> = (value) => {
  const wrong = count(value)
  if (wrong !== undefined) return wrong
  return Number(value) > OVER_MS_MAX ? `is over ${OVER_MS_MAX}` : undefined
}

export const actRequest = object<ActRequest>(
  {
    id: count, op: literal('act'), act: literal(...NODE_ACTS), node: nodeIdShape, overMs,
    sure: literal(true),
  },
  {optional: ['overMs', 'sure'], closed: true},
)

export const actResult = object<ActResult>({
  act: literal(...NODE_ACTS),
  node: nodeIdShape,
  wasMaster: flag,
  clients: count,
  withinMs: count,
  supervisor: nullable(text),
})

export const actEvent = object<ActEvent>({
  event: literal('act'),
  act: literal(...NODE_ACTS),
  node: nodeIdShape,
  step: literal('handed-over', 'leading-away', 'done'),
  master: nullable(nodeIdShape),
  term: count,
  clients: count,
  left: count,
  ms: number,
})
