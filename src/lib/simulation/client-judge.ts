/**
 * What clients may expect (P5), judged by what they read, against the one order that all nodes
 * delivered: whoever says "recovered" must not leave anything out.
 */
import type {MeshConfig} from '../mesh/config.js'
import {positionMs} from '../mesh/coming-back.js'
import type {Position} from '../protocol/position.js'
import {matchesTarget} from '../protocol/target.js'
import type {ClientItem, ClientLine} from './client-line.js'
import type {NodeRecord} from './node-record.js'
import type {Ordered, OrderLedger} from './order-ledger.js'
import type {SimClient} from './sim-client.js'
import type {SimProcess} from './sim-process.js'
import {check, violate} from './violation.js'

/** Clocks that run apart, ticks, and a turn of the event loop. */
const WINDOW_SLACK = 0.99
/** A sweep a second, a stall that is no fault, and the way to the client. */
const FRESH_SLACK_MS = 2500

export class ClientJudge {
  readonly #ledger: OrderLedger
  readonly #config: MeshConfig
  readonly #isLossAllowed: boolean
  readonly #recordOf: (process: SimProcess) => NodeRecord
  readonly #keptFromMs: () => number

  /** `keptFromMs`: nobody has to hold what was published before. */
  constructor(
    ledger: OrderLedger, config: MeshConfig, isLossAllowed: boolean,
    recordOf: (process: SimProcess) => NodeRecord, keptFromMs: () => number,
  ) {
    this.#ledger = ledger
    this.#config = config
    this.#isLossAllowed = isLossAllowed
    this.#recordOf = recordOf
    this.#keptFromMs = keptFromMs
  }

  /** Before the client takes it in. */
  read(client: SimClient, item: ClientItem): void {
    const before = client.position
    if (item.type === 'answer') {
      if (item.recovered) this.#continues(client, item.position)
      return
    }
    const {name} = client
    const {epoch, seq} = item.position
    if (before === undefined) return violate('clientWhole', `${name} reads before its answer`)
    check(before.epoch === epoch, 'clientWhole', () => {
      return `${name} stood at ${text(before)} and reads ${text(item.position)} of another epoch`
    })
    if (seq <= before.seq) {
      const isOwn = client.wasRecovered !== false
      violate(isOwn ? 'clientOnce' : 'notReplayed', `${name} stood at ${text(before)} and reads ` +
        `${item.type} ${text(item.position)}`)
    }
    this.#between(client, before, item)
  }

  /** Nothing for it came between the two places; and the second is what it is said to be. */
  #between(client: SimClient, before: Position, item: ClientItem): void {
    const {epoch, term, seq} = item.position
    const {name, identity} = client
    const entry = this.#ledger.find(epoch, seq)
    // What the survivors of a loss gave up is not in the order any more.
    if (this.#isLossAllowed && !this.#isInOrder(before, entry, term)) return
    check(entry?.term === term, 'clientMeant', () => {
      return `${name} reads ${text(item.position)}, there is ${entry?.id} of term ${entry?.term}`
    })
    if (item.type === 'message') {
      const isMeant = entry !== undefined && isFor(entry, client) && entry.id === item.id
      check(isMeant, 'clientMeant', () => {
        return `${name} (${identity.user}) reads ${item.id} at ${text(item.position)}: ${entry?.id}`
      })
    }
    const through = item.type === 'message' ? seq - 1 : seq
    for (let passed = before.seq + 1; passed <= through; passed += 1) {
      const other = this.#ledger.find(epoch, passed)
      if (other && isFor(other, client)) {
        violate('clientWhole', `${name} went from ${text(before)} to ${text(item.position)} ` +
          `without ${other.id} at ${passed}, which is for it`)
      }
    }
  }

  #isInOrder(before: Position, entry: Ordered | undefined, term: number): boolean {
    const start = this.#ledger.find(before.epoch, before.seq)
    return entry?.term === term && (before.seq === 0 || start?.term === before.term)
  }

  #continues(client: SimClient, at: Position): void {
    const {name, position} = client
    check(position !== undefined && text(position) === text(at), 'recoveredTruly', () => {
      return `${name} stood at ${position && text(position)} and is said to go on from ${text(at)}`
    })
  }

  /** A node said no to somebody who came back. */
  refused(process: SimProcess, client: SimClient, resume: Position, nowMs: number): void {
    const {base, cursor} = this.#recordOf(process)
    const {historyBytes} = this.#config
    if (!base || cursor?.epoch !== resume.epoch || base.epoch !== resume.epoch) return
    if (resume.seq < base.seq || resume.seq > cursor.seq) return
    const stood = this.#ledger.find(resume.epoch, resume.seq)
    // Given up with a loss: then the node is right.
    if (resume.seq > 0 && stood?.term !== resume.term) return
    if (process.core.stats().historyBytes * 2 > historyBytes) return
    const next = this.#ledger.find(resume.epoch, resume.seq + 1)
    const keptMs = (nowMs - this.#keptFromMs()) * WINDOW_SLACK
    const isHeld = resume.seq === cursor.seq || (next && nowMs - next.sinceMs < keptMs)
    check(!isHeld, 'noNeedlessRefusal', () => {
      return `${process.id} has all since ${text(resume)} and does not recover ${client.name}`
    })
  }

  /** Called now and then for each connection of a node. */
  connected(process: SimProcess, line: ClientLine, nowMs: number): void {
    const {client} = line
    line.settle(nowMs)
    if (line.isCut || !line.isRead || client.position === undefined) return
    const record = this.#recordOf(process)
    const sinceMs = Math.max(client.readMs, record.pausedMs)
    if (nowMs - sinceMs < positionMs(this.#config.historyMs) + FRESH_SLACK_MS) return
    const {cursor} = record
    check(cursor === undefined || client.position.seq >= cursor.seq, 'positionFresh', () => {
      return `${client.name} knows ${client.position?.seq} since ${sinceMs}, ` +
        `${process.id} is at ${cursor?.seq}`
    })
  }
}

function isFor({target, isRepeat}: Ordered, {identity}: SimClient): boolean {
  return target !== undefined && !isRepeat && matchesTarget(target, identity)
}

function text({epoch, term, seq}: Position): string {
  return `${epoch}.${term}.${seq}`
}
