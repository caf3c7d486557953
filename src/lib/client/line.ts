/** What a mesh speaks through: a connection of its own, or one that tabs share. */
import type {Frame} from './frame.js'
import type {MeshState} from './types.js'

export interface Line {
  /** What frames of this mesh are known by where others use the same connection. */
  readonly tag: string | undefined
  /** Connects, and goes on until the state is closed or `close`. */
  start(): void
  /** False: there is no connection at the moment, and nothing was written. */
  write(text: string): boolean
  /** Nothing is called or scheduled afterwards. */
  close(): void
}

export interface LineOwner {
  /** Everything up to here has arrived. */
  readonly position: string | undefined
  /** `position`: where the stream of an open connection begins. */
  changed(state: MeshState, position?: string): void
  /** Frames of a connection that is open, in order; some may have come before. */
  arrived(frame: Frame): void
}
