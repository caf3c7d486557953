/**
 * Between the rows of both stores and the pool's values. The columns have the same names in both.
 * Rows may have been written by anybody with access to the database, so they are checked.
 */
import type {Lease, Member, MemberInfo} from '../mesh/membership.js'
import type {NodeAddress} from '../protocol/node-frame.js'
import {LIMITS} from '../protocol/limits.js'
import {isEpoch} from '../protocol/position.js'
import {isNodeId} from '../util/brand.js'
import type {NodeId} from '../util/brand.js'
import {WsmeshError} from '../util/errors.js'
import {isRow} from '../sql/statement.js'
import type {SqlRow} from '../sql/statement.js'

/** Widths of the fixed-width columns, in bytes. */
export const WIDTHS = {id: 32, url: LIMITS.urlBytes, version: 32, epoch: 32} as const

/** Visible ASCII: every address has such a form, and a column of it costs one byte a character. */
const PLAIN = /^[\x21-\x7e]*$/

/** Throws CONFIG_INVALID when the info does not fit its columns. Both stores refuse alike. */
export function checkMemberInfo(info: MemberInfo): void {
  checkWidth('node URL', info.url, WIDTHS.url)
  checkWidth('client URL', info.clientUrl, WIDTHS.url)
  checkWidth('version', info.version, WIDTHS.version)
}

function checkWidth(what: string, text: string, bytesMax: number): void {
  if (text.length <= bytesMax && PLAIN.test(text)) return
  throw new WsmeshError(
    'CONFIG_INVALID',
    `The ${what} does not fit the pool: ${JSON.stringify(text.slice(0, 300))}. `
      + `It has ${text.length} characters; at most ${bytesMax}, visible ASCII only, are stored.`,
    {suggestions: [`Use a shorter ${what}, with the host name in its ASCII (punycode) form.`]},
  )
}

export function memberFromRow(row: SqlRow): Member {
  return {
    id: idOf(row['id']),
    url: textOf(row['node_url']),
    clientUrl: textOf(row['client_url']),
    version: textOf(row['version']),
    pid: countOf(row['pid']),
    order: countOf(row['join_order']),
    beat: countOf(row['beat']),
  }
}

export function orderFromRow(row: SqlRow | undefined): number {
  return countOf(row?.['join_order'])
}

export function leaseFromRow(row: SqlRow): Lease {
  const holder = row['holder']
  return {
    epoch: epochOf(row['epoch']),
    term: countOf(row['term']),
    version: countOf(row['version']),
    holder: holder === null ? undefined : idOf(holder),
    view: viewFromJson(textOf(row['view_json'])),
  }
}

export function viewToJson(view: readonly NodeAddress[]): string {
  return JSON.stringify(view.map(({id, url}) => ({id, url})))
}

function viewFromJson(text: string): NodeAddress[] {
  let view: unknown
  try {
    view = JSON.parse(text)
  } catch (cause) {
    throw damaged('view_json', text, cause)
  }
  if (!Array.isArray(view)) throw damaged('view_json', text)
  return view.map((item: unknown) => {
    if (!isRow(item)) throw damaged('view_json', text)
    return {id: idOf(item['id']), url: textOf(item['url'])}
  })
}

function idOf(value: unknown): NodeId {
  if (typeof value === 'string' && isNodeId(value)) return value
  throw damaged('id', value)
}

function epochOf(value: unknown): string {
  if (typeof value === 'string' && isEpoch(value)) return value
  throw damaged('epoch', value)
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  throw damaged('text', value)
}

/** MySQL's driver gives numbers past 2^53 as text: refused with the rest, nothing counts so far. */
function countOf(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw damaged('number', value)
}

function damaged(what: string, value: unknown, cause?: unknown): WsmeshError {
  return new WsmeshError(
    'POOL_DAMAGED',
    `A row of the pool holds no valid ${what}: ${JSON.stringify(value ?? null).slice(0, 100)}. `
      + 'wsmesh did not write it, or another version of wsmesh did.',
    {
      cause,
      suggestions: [
        'Stop all nodes, drop the tables of the pool (or delete its file) and start them again:'
          + ' the pool holds who is running, no messages.',
        'Use another --pool-prefix, when the tables belong to something else.',
      ],
    },
  )
}
