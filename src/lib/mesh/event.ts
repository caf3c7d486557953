import type {Payload} from '../protocol/envelope.js'
import type {NodeAddress, NodeFrame} from '../protocol/node-frame.js'
import type {Target} from '../protocol/target.js'
import type {NodeId} from '../util/brand.js'
import type {PoolSnapshot} from './membership.js'

/**
 * Everything that can happen to a node's core. Links are numbered by whoever makes them: the core
 * numbers those that it dials (odd), the performer those that it accepts (even); a number is never
 * used twice. A link is open after the handshake proved who is at the other end.
 */
export type MeshEvent =
  /** Time passes. Expected every config.tickMs; a late one is noticed as a stall. */
  | {readonly type: 'tick'}
  /** The turn of the event loop ends: what was gathered for each link leaves as one frame. */
  | {readonly type: 'flush'}
  | {readonly type: 'link-accepted'; readonly link: number; readonly peer: NodeId}
  | {readonly type: 'link-opened'; readonly link: number; readonly peer: NodeId}
  /** A dial of the core's failed. `gone`: proof that the node dialled no longer runs. */
  | {readonly type: 'link-failed'; readonly link: number; readonly gone: boolean}
  | {readonly type: 'link-closed'; readonly link: number}
  | {readonly type: 'frame'; readonly link: number; readonly frame: NodeFrame}
  /** The answers to the store effects of the same number. */
  | {readonly type: 'pool-read'; readonly request: number; readonly pool: PoolSnapshot}
  | {readonly type: 'lease-swapped'; readonly request: number; readonly won: boolean}
  | {readonly type: 'store-failed'; readonly request: number}
  /** A local publisher's message; `ticket` comes back in accepted, refused and receipt effects. */
  | {
      readonly type: 'publish'
      readonly ticket: number
      /** The caller's own id of the message; checked. */
      readonly callerId?: string | undefined
      /**
       * Only as master of this term: refused otherwise, and taken back when the term is lost before
       * the message is stable. What was taken back is ordered nowhere from then on.
       */
      readonly onlyInTerm?: number | undefined
      readonly target: Target
      readonly payload: Payload
    }
  /** Answer to deliver: to how many connections entry `after + 1 + i` was queued. */
  | {readonly type: 'delivered'; readonly after: number; readonly connections: readonly number[]}
  /** Stop in order: hand over, empty the outbox, leave. Answered by the effect `drained`. */
  | {readonly type: 'drain'}
  /** As master: hand the lease over and follow. Nothing when this node is none; see draining.ts. */
  | {readonly type: 'step-down'}
  /** It will drain soon: from now on it leads only where no other can, or will. */
  | {readonly type: 'retire'}

export type {NodeAddress}
