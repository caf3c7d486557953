import type {MeshConfig} from '../../src/lib/mesh/config.js'
import type {MeshEffect, Standing} from '../../src/lib/mesh/effect.js'
import type {MeshEvent} from '../../src/lib/mesh/event.js'
import type {MemberInfo} from '../../src/lib/mesh/membership.js'
import type {Position} from '../../src/lib/protocol/position.js'
import type {NodeId} from '../../src/lib/util/brand.js'
import type {Random} from '../../src/lib/util/random.js'

export interface CoreOptions {
  readonly self: MemberInfo
  readonly config: MeshConfig
  readonly random: Random
  readonly now: number
}

/** What the simulation needs of a MeshCore; mutants wrap one and have the same shape. */
export interface CoreLike {
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
