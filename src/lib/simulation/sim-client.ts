import type {Position} from '../protocol/position.js'
import type {Identity} from '../protocol/target.js'
import type {NodeId} from '../util/brand.js'
import type {ClientJudge} from './client-judge.js'
import type {ClientItem, ClientLine, Pace} from './client-line.js'

/** An end user's client, as it sees itself: who it is, and the last position that it read. */
export class SimClient {
  readonly name: string
  readonly identity: Identity
  readonly pace: Pace
  readonly #judge: ClientJudge
  line: ClientLine | undefined
  /** Where it was last. */
  lastNode: NodeId | undefined
  /** What it sends as `resume`. */
  position: Position | undefined
  /** When it read anything that has a position. */
  readMs = 0
  /** The last answer that it read: whether it was recovered. */
  wasRecovered: boolean | undefined
  messages = 0

  constructor(name: string, identity: Identity, pace: Pace, judge: ClientJudge) {
    this.name = name
    this.identity = identity
    this.pace = pace
    this.#judge = judge
  }

  read(item: ClientItem, atMs: number): void {
    this.#judge.read(this, item)
    if (item.type === 'answer') this.wasRecovered = item.recovered
    if (item.type === 'message') this.messages += 1
    this.position = item.position
    this.readMs = atMs
  }

  /** The connection is over, for whatever reason: what had arrived is read, the rest is lost. */
  lose(nowMs: number): void {
    this.line?.cut(nowMs)
    this.line = undefined
  }
}

/** A user of that name, in groups; undefined for a guest. */
export function identityOf(
  user: string | undefined, groups: readonly string[] = [], session?: string,
): Identity {
  return {user, groups, session, properties: {}}
}
