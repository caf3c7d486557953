import type {History} from '../mesh/coming-back.js'
import type {MeshConfig} from '../mesh/config.js'
import type {MeshEffect, Standing} from '../mesh/effect.js'
import type {MeshEvent} from '../mesh/event.js'
import type {MemberInfo} from '../mesh/membership.js'
import type {Position} from '../protocol/position.js'
import type {NodeId} from '../util/brand.js'
import type {Random} from '../util/random.js'

export interface CoreOptions {
  readonly self: MemberInfo
  readonly config: MeshConfig
  readonly random: Random
  readonly now: number
  readonly knownDead: ReadonlySet<NodeId>
}

/** What the simulation needs of a MeshCore; mutants wrap one and have the same shape. */
export interface CoreLike extends History {
  step(event: MeshEvent, now: number): readonly MeshEffect[]
  readonly standing: Standing
  stats(): {
    readonly term: number
    readonly epoch: string
    readonly master: NodeId | undefined
    readonly position: Position | undefined
    readonly view: readonly NodeId[]
    readonly links: number
    readonly outboxMessages: number
    readonly outboxBytes: number
    readonly historyMessages: number
    readonly historyBytes: number
  }
}

export type MakeCore = (options: CoreOptions) => CoreLike
