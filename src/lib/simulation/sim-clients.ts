/** The clients' side of a simulated node, as src/lib/node has it with real sockets. */
import {
  AHEAD_WAIT_MS, answeredPosition, hasLostPlace, isBehind, isMessage, isPositionDue,
  missedBy, positionMs, takesClients,
} from '../mesh/coming-back.js'
import type {Delivery} from '../mesh/effect.js'
import {messageId} from '../protocol/envelope.js'
import type {Place, Position} from '../protocol/position.js'
import {matchesTarget} from '../protocol/target.js'
import type {ClientJudge} from './client-judge.js'
import {ClientLine, type ClientItem} from './client-line.js'
import type {Scheduler} from './scheduler.js'
import type {SimClient} from './sim-client.js'
import type {SimProcess} from './sim-process.js'
import type {DeliveredMessage} from '../mesh/coming-back.js'

/** Around the details of a message: braces, action, id and position. */
const FRAME_BYTES = 100

export type CloseReason = 'slow-consumer' | 'insufficient-state' | 'isolated' | 'drain'

/** Told of the end of each connection that the node ends, or that ends with it. */
export interface ClientWatcher {
  closed(line: ClientLine, reason: CloseReason): void
  died(line: ClientLine, how: 'killed' | 'powerless'): void
}

/** For clients that do not come back. */
const NOBODY: ClientWatcher = {closed: () => {}, died: () => {}}

export class SimClients {
  readonly #process: SimProcess
  readonly #scheduler: Scheduler
  readonly #lines = new Set<ClientLine>()
  /** Those that are ahead of this node, and look again when it has delivered more. */
  readonly #waiting = new Set<() => void>()
  watcher = NOBODY
  isDraining = false

  constructor(process: SimProcess, scheduler: Scheduler) {
    this.#process = process
    this.#scheduler = scheduler
  }

  get size(): number {
    return this.#lines.size
  }

  get isOpen(): boolean {
    return !this.isDraining && takesClients(this.#process.core.standing.state)
  }

  lines(): Iterable<ClientLine> {
    return this.#lines
  }

  /** Queues the entries to those whom they name; to how many, for each. */
  deliver(epoch: string, entries: readonly Delivery[]): number[] {
    const connections = entries.map((entry) => (isMessage(entry) ? this.#queue(epoch, entry) : 0))
    for (const look of this.#waiting) look()
    return connections
  }

  #queue(epoch: string, entry: DeliveredMessage): number {
    const {envelope, term, seq} = entry
    const {nowMs} = this.#scheduler
    let item: ClientItem | undefined
    let count = 0
    for (const line of this.#lines) {
      if (!matchesTarget(envelope.target, line.client.identity)) continue
      item ??= {type: 'message', position: {epoch, term, seq}, id: messageId(envelope)}
      if (!line.send(item, bytesOf(entry), nowMs)) {
        this.#close(line, 'slow-consumer')
        continue
      }
      line.told(seq, nowMs)
      count += 1
    }
    return count
  }

  /**
   * Somebody comes, with what it knows or with nothing. Calls back once, with the connection, or
   * without when this node takes nobody; or never, when the node dies meanwhile.
   */
  knock(client: SimClient, judge: ClientJudge, done: (line: ClientLine | undefined) => void): void {
    const resume = client.position
    if (resume === undefined || !isBehind(this.#process.core, resume)) {
      done(this.#admit(client, judge))
      return
    }
    let isWaiting = true
    const end = (): void => {
      if (!isWaiting) return
      isWaiting = false
      this.#waiting.delete(look)
      done(this.#admit(client, judge))
    }
    const look = (): void => {
      // In the next turn: what is being delivered is not performed to its end.
      if (!isBehind(this.#process.core, resume)) this.#later(0, end)
    }
    this.#waiting.add(look)
    this.#later(AHEAD_WAIT_MS, end)
  }

  #later(delayMs: number, run: () => void): void {
    this.#scheduler.after(delayMs, () => this.#process.whenRunning(run))
  }

  #admit(client: SimClient, judge: ClientJudge): ClientLine | undefined {
    const {core} = this.#process
    const {position} = core
    if (!this.isOpen || position === undefined) return undefined
    const {nowMs} = this.#scheduler
    const resume = client.position
    const missed = resume && missedBy(core, client.identity, resume)
    if (resume && !missed) judge.refused(this.#process, client, resume, nowMs)
    const line = new ClientLine(client, client.pace)
    const recovered = missed !== undefined
    const at = answeredPosition(position, resume, recovered)
    line.send({type: 'answer', position: at, recovered}, FRAME_BYTES, nowMs)
    line.told(position.seq, nowMs)
    if (missed && resume) this.#replay(line, resume.epoch, missed.messages)
    if (missed && missed.lastSeq !== position.seq) this.#tell(line, position)
    this.#lines.add(line)
    return line
  }

  #replay(line: ClientLine, epoch: string, messages: readonly DeliveredMessage[]): void {
    for (const entry of messages) {
      const {envelope, term, seq} = entry
      const item = {type: 'message', position: {epoch, term, seq}, id: messageId(envelope)} as const
      line.replay(item, bytesOf(entry), this.#scheduler.nowMs)
    }
  }

  #tell(line: ClientLine, position: Position): boolean {
    const {nowMs} = this.#scheduler
    if (!line.send({type: 'position', position}, FRAME_BYTES, nowMs)) return false
    line.told(position.seq, nowMs)
    return true
  }

  /** The log is another one from `after` on. */
  logReplaced(after: Place, reset: boolean): void {
    for (const line of this.#lines) {
      if (hasLostPlace(line.toldSeq, after, reset)) this.#close(line, 'insufficient-state')
    }
  }

  /** Expected every second: a quiet client's place would age out of the window. */
  sweep(historyMs: number): void {
    const {nowMs} = this.#scheduler
    const {position} = this.#process.core
    if (position === undefined) return
    for (const line of this.#lines) {
      if (!isPositionDue(line, position, nowMs, positionMs(historyMs))) continue
      if (!this.#tell(line, position)) this.#close(line, 'slow-consumer')
    }
  }

  closeAll(reason: CloseReason): void {
    for (const line of this.#lines) this.#close(line, reason)
  }

  died(how: 'killed' | 'powerless'): void {
    const lines = [...this.#lines]
    this.#lines.clear()
    this.#waiting.clear()
    for (const line of lines) {
      line.isClosed = true
      this.watcher.died(line, how)
    }
  }

  /** The other end is gone, and the node has noticed. */
  forget(line: ClientLine): void {
    this.#lines.delete(line)
  }

  #close(line: ClientLine, reason: CloseReason): void {
    if (!this.#lines.delete(line)) return
    line.isClosed = true
    this.watcher.closed(line, reason)
  }
}

function bytesOf({envelope}: DeliveredMessage): number {
  return FRAME_BYTES + envelope.payload.details.length
}
