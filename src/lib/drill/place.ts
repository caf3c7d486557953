import type {ReadyLine} from '../process/child-line.js'

/** Where a node runs; the next process of the place takes over its name. */
export interface Place {
  readonly index: number
  /** "1", "2", … */
  readonly name: string
  /** Of the process that runs there and is ready. */
  readonly ready: ReadyLine | undefined
}
