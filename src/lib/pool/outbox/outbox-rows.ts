/** Rows of both stores as values. The columns have the same names in both. */
import {LIMITS} from '../../protocol/limits.js'
import type {SqlRow} from '../../sql/statement.js'
import {WsmeshError} from '../../util/errors.js'
import {BATCH_BYTES} from './outbox-store.js'
import type {
  AsideRow, OutboxCounts, OutboxKey, OutboxRow, OutboxText, WaitingRow,
} from './outbox-store.js'

/** Texts up to this come with their row: a thousand rows are 16 MiB at most. */
export const INLINE_BYTES = 8 * 1024

/** Read of each text of a trace: one more than may be carried, so that what is cut is none. */
export const TRACE_CHARACTERS = LIMITS.traceStateBytes + 1

/** The ids of a target, 10,000 of 255 bytes, with what JSON adds. */
const TARGET_BYTES_MAX = 4 * 1024 * 1024

type LoadTexts = (id: string) => Promise<SqlRow | undefined>

/** Rows with their texts. Longer ones are loaded one row at a time, as far as the batch goes. */
export async function loadRows(heads: readonly SqlRow[], load: LoadTexts): Promise<OutboxRow[]> {
  const rows: OutboxRow[] = []
  let bytes = 0
  for (const head of heads) {
    const detailsBytes = bytesOf(head['details_bytes'], LIMITS.detailsBytes)
    const targetBytes = bytesOf(head['target_bytes'], TARGET_BYTES_MAX)
    bytes += detailsBytes.read + targetBytes.read
    if (rows.length > 0 && bytes > BATCH_BYTES) break
    const key = keyOf(head)
    const isLong = detailsBytes.isLong || targetBytes.isLong
    const texts = isLong ? await load(key.id) : head
    // Removed by hand since the list was read.
    if (texts === undefined) continue
    rows.push({
      ...key,
      action: textOrNull(head['action']),
      details: textOf(texts['details'], detailsBytes),
      target: textOf(texts['target'], targetBytes),
      ...traceOf(head),
    })
  }
  return rows
}

/** Rows that were read without traces have no such columns. */
function traceOf({traceparent, tracestate}: SqlRow): Pick<OutboxRow, 'trace'> {
  if (traceparent === null || traceparent === undefined) return {}
  return {trace: {traceparent, tracestate}}
}

interface Bytes {
  readonly total: number
  /** What is read of them: nothing if they are too many. */
  readonly read: number
  readonly isLong: boolean
}

function bytesOf(value: unknown, max: number): Bytes {
  const total = Number(value ?? 0)
  const read = total > max ? 0 : total
  return {total, read, isLong: read > INLINE_BYTES}
}

function textOf(value: unknown, {total, read}: Bytes): OutboxText {
  if (read < total) return {type: 'too-big', bytes: total}
  const text = textOrNull(value)
  return text === null ? {type: 'null'} : {type: 'text', text}
}

function keyOf(row: SqlRow): OutboxKey {
  return {id: idOf(row['id']), createdUs: numberOf(row['created_us'])}
}

/** Ids of rows that are there, as far as they are the rows that the keys name. */
export function foundOf(rows: readonly SqlRow[], keys: readonly OutboxKey[]): OutboxKey[] {
  const there = new Set(rows.map((row) => nameOf(keyOf(row))))
  return keys.filter((key) => there.has(nameOf(key)))
}

function nameOf({id, createdUs}: OutboxKey): string {
  return `${id}-${createdUs}`
}

export function waitingOf(row: SqlRow): WaitingRow {
  return {
    id: idOf(row['id']),
    ageMs: ageOf(row['age_us']),
    action: textOrNull(row['action']),
    details: textOrNull(row['details']),
    target: textOrNull(row['target']),
  }
}

export function asideOf(row: SqlRow): AsideRow {
  return {...waitingOf(row), rowId: idOf(row['row_id']), reason: textOrNull(row['reason']) ?? ''}
}

export function countsOf(
  waiting: SqlRow | undefined, aside: SqlRow | undefined, oldest: SqlRow | undefined,
): OutboxCounts {
  return {
    waiting: numberOf(waiting?.['number'] ?? 0),
    aside: numberOf(aside?.['number'] ?? 0),
    oldestMs: oldest === undefined ? undefined : ageOf(oldest['age_us']),
  }
}

/** The clocks of a database may be set back: nothing is younger than now. */
function ageOf(value: unknown): number {
  return Math.max(0, Math.round(numberOf(value) / 1000))
}

export function idOf(value: unknown): string {
  const text = String(value)
  if (/^\d{1,20}$/.test(text)) return text
  throw damaged('id', value)
}

/** Drivers give decimals as text. */
function numberOf(value: unknown): number {
  const number = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN
  if (Number.isSafeInteger(Math.trunc(number))) return Math.trunc(number)
  throw damaged('number', value)
}

function textOrNull(value: unknown): string | null {
  if (value === null || value === undefined) return null
  // Columns of another type than ours: what JSON makes of it is for people to judge.
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function damaged(what: string, value: unknown): WsmeshError {
  const shown = JSON.stringify(value ?? null).slice(0, 100)
  return new WsmeshError('OUTBOX_UNUSABLE', `A row of the outbox has no valid ${what}: ${shown}.`, {
    suggestions: ['Compare the columns with: wsmesh outbox init --print'],
  })
}
