/** The table of an application in memory, for several nodes of one process, that fails when told. */
import type {
  AsideOrder, AsideRow, OutboxCounts, OutboxKey, OutboxMade, OutboxMessage, OutboxRow,
  OutboxRead, OutboxStore, OutboxText, WaitingRow,
} from '../../src/lib/pool/outbox/outbox-store.js'
import type {TraceCarrier} from '../../src/lib/protocol/trace-context.js'
import {WsmeshError} from '../../src/lib/util/errors.js'

type Operation = 'init' | 'insert' | 'read' | 'find' | 'remove' | 'setAside'

export class FakeOutboxTable {
  rows: OutboxRow[] = []
  readonly aside: (OutboxKey & {readonly reason: string})[] = []
  /** Operations that fail, and how often each was called. */
  hasTraces = true
  readonly failing = new Set<Operation>()
  readonly calls: Record<Operation, number> = {
    init: 0, insert: 0, read: 0, find: 0, remove: 0, setAside: 0,
  }
  #lastId = 0

  insert(
    action: string | null, details: string | null, target: string | null, trace?: TraceCarrier,
  ): OutboxRow {
    this.#lastId += 1
    const row = {
      id: String(this.#lastId), createdUs: 1_700_000_000_000_000 + this.#lastId,
      action, details: text(details), target: text(target),
      ...(trace !== undefined && {trace}),
    }
    this.rows.push(row)
    return row
  }

  open(): OutboxStore {
    return new FakeOutbox(this)
  }
}

class FakeOutbox implements OutboxStore {
  readonly label = 'fake:'
  readonly #table: FakeOutboxTable
  #isClosed = false

  constructor(table: FakeOutboxTable) {
    this.#table = table
  }

  async init(): Promise<OutboxMade> {
    await this.#call('init')
    return {made: [], procedureFailure: undefined}
  }

  async exists(): Promise<boolean> {
    return true
  }

  async insert(messages: readonly OutboxMessage[]): Promise<void> {
    await this.#call('insert')
    for (const {action, details, target} of messages) this.#table.insert(action, details, target)
  }

  async read(rowsMax: number, what?: OutboxRead): Promise<readonly OutboxRow[]> {
    await this.#call('read')
    const rows = this.#table.rows.toSorted((a, b) => Number(a.id) - Number(b.id)).slice(0, rowsMax)
    return what?.withTraces === true ? rows : rows.map(withoutTrace)
  }

  async hasTraces(): Promise<boolean> {
    return this.#table.hasTraces
  }

  async find(keys: readonly OutboxKey[]): Promise<readonly OutboxKey[]> {
    await this.#call('find')
    return keys.filter((key) => this.#table.rows.some((row) => isSame(row, key)))
  }

  async remove(keys: readonly OutboxKey[]): Promise<number> {
    await this.#call('remove')
    return this.#take(keys)
  }

  async setAside(rows: readonly AsideOrder[]): Promise<number> {
    if (rows.length === 0) return 0
    await this.#call('setAside')
    this.#table.aside.push(...rows)
    return this.#take(rows)
  }

  async counts(): Promise<OutboxCounts> {
    return {waiting: this.#table.rows.length, aside: this.#table.aside.length, oldestMs: undefined}
  }

  async waiting(): Promise<readonly WaitingRow[]> {
    return []
  }

  async aside(): Promise<readonly AsideRow[]> {
    return []
  }

  async retry(): Promise<number> {
    return 0
  }

  async close(): Promise<void> {
    this.#isClosed = true
  }

  async #call(operation: Operation): Promise<void> {
    this.#table.calls[operation] += 1
    await Promise.resolve()
    if (this.#isClosed || this.#table.failing.has(operation)) {
      throw new WsmeshError('OUTBOX_UNREACHABLE', `no ${operation} today`)
    }
  }

  #take(keys: readonly OutboxKey[]): number {
    const before = this.#table.rows.length
    this.#table.rows = this.#table.rows.filter((row) => !keys.some((key) => isSame(row, key)))
    return before - this.#table.rows.length
  }
}

function withoutTrace({id, createdUs, action, details, target}: OutboxRow): OutboxRow {
  return {id, createdUs, action, details, target}
}

function isSame(one: OutboxKey, other: OutboxKey): boolean {
  return one.id === other.id && one.createdUs === other.createdUs
}

function text(value: string | null): OutboxText {
  return value === null ? {type: 'null'} : {type: 'text', text: value}
}
