/** How the nodes of a drill reach each other, and how that is broken. */
import type {ReadyLine} from '../../process/child-line.js'

/** What one node says to another, by the names of their places. */
export interface Direction {
  readonly from: string
  readonly to: string
}

export interface DrillNetwork {
  readonly type: 'loopback' | 'proxies' | 'namespaces'
  /** Where servers of the drill's own listen, so that nodes reach them. */
  readonly ownHost: string
  /** Where the next process of that place is to live. */
  room(name: string): Promise<NodeRoom>
  /** What is said in these directions does not arrive, and all else does: replaces what was cut. */
  cut(directions: readonly Direction[]): Promise<void>
  /** Leaves nothing behind. All processes have ended before. */
  close(): Promise<void>
}

export interface NodeRoom {
  /** Words before the command that starts the node. */
  readonly prefix: readonly string[]
  /** Of `serve`: where it listens. */
  readonly flags: readonly string[]
  /** The node listens. */
  opened(ready: ReadyLine): void
  /** Its process has ended. */
  close(): Promise<void>
}
