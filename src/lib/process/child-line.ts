/**
 * What a node says to who started it: lines on its stdout (`serve --json`: one line when ready, or
 * an error) and its log on stderr (NDJSON). Pure. Lines that are neither are shown as they are.
 */
import {parseJson, isRecord} from '../protocol/json-text.js'

/** The line of `serve --json` once the node is linked or master. */
export interface ReadyLine {
  readonly node: string
  readonly role: string
  readonly term: number
  readonly clientUrl: string
  readonly nodeUrl: string
  readonly httpUrl: string
  readonly apiUrl: string
  readonly pool: string
  readonly pid: number
}

export type StdoutLine =
  | {readonly type: 'ready'; readonly ready: ReadyLine}
  | {readonly type: 'error'; readonly message: string; readonly hint: string | undefined}
  | {readonly type: 'other'}

export function readStdoutLine(line: string): StdoutLine {
  const json = parseJson(line)
  if (!json.ok || !isRecord(json.value)) return {type: 'other'}
  const {type, error} = json.value
  if (isRecord(error) && typeof error['message'] === 'string') {
    const {why, hint} = error
    const message = isText(why) ? `${error['message']}: ${why}` : error['message']
    return {type: 'error', message, hint: typeof hint === 'string' ? hint : undefined}
  }
  return type === 'ready' ? readyFrom(json.value) : {type: 'other'}
}

function readyFrom(value: Readonly<Record<string, unknown>>): StdoutLine {
  const {node, role, term, clientUrl, nodeUrl, httpUrl, apiUrl, pool, pid} = value
  const isReady =
    isText(node) && isText(role) && isText(clientUrl) && isText(nodeUrl) && isText(httpUrl)
    && isText(apiUrl) && isText(pool) && typeof term === 'number' && typeof pid === 'number'
  if (!isReady) return {type: 'other'}
  return {type: 'ready', ready: {
    node, role, term, clientUrl, nodeUrl, httpUrl, apiUrl, pool, pid,
  }}
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** A line of a node's log as a person reads it; undefined for what is of no interest to one. */
export function readableLogLine(line: string): string | undefined {
  const json = parseJson(line)
  if (!json.ok || !isRecord(json.value)) return line.trim() === '' ? undefined : line
  const {at: _at, event: _event, level, text, stack: _stack, ...fields} = json.value
  if (typeof text !== 'string') return line
  // What was dropped into a folder is what its author waits to see.
  const isShown = level === 'warn' || level === 'error' || text.startsWith('Actions ')
  if (!isShown) return undefined
  const details = Object.entries(fields).map(([name, value]) => ` ${name}=${String(value)}`)
  return `${text}${details.join('')}`
}
