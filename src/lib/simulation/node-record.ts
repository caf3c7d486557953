import type {Standing} from '../mesh/effect.js'
import type {Cursor} from './order-ledger.js'
import {LinkWatch} from './link-watch.js'
import type {Message} from './message.js'
import type {SimProcess} from './sim-process.js'

/** What the invariants remember of one process. */
export class NodeRecord {
  readonly process: SimProcess
  readonly links: LinkWatch
  /** Up to where it delivered; undefined before its first delivery. */
  cursor: Cursor | undefined
  /** Where the log that it delivers from began here: by a snapshot, or at the very start. */
  base: Cursor | undefined
  standing: Standing | undefined
  standingSinceMs = 0
  termMax = 0
  readonly messages = new Map<number, Message>()
  /** Accepted and not answered yet, by ticket, oldest first. */
  readonly waiting = new Map<number, Message>()
  nextTicket = 1
  drainAskedMs: number | undefined
  drainedMs: number | undefined
  /** Last time that it was continued after a pause: its own clock of receipts stood still. */
  pausedMs = 0

  constructor(process: SimProcess) {
    this.process = process
    this.links = new LinkWatch(process.id)
    this.standingSinceMs = process.startedMs
  }

  get isFollowing(): boolean {
    return this.standing?.state === 'following'
  }
}
