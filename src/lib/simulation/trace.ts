/**
 * What happened, for people. Off while seeds run by the hundred: a seed that fails is run again
 * with a trace, which tells the same story since nothing in it depends on anything but the seed.
 */
import type {NodeFrame} from '../protocol/node-frame.js'

export class Trace {
  /** May be turned on late: the beginning of a long run tells nothing. */
  on: boolean
  readonly #linesMax: number
  #lines: string[] = []

  constructor(on: boolean, linesMax = 20_000) {
    this.on = on
    this.#linesMax = linesMax
  }

  note(atMs: number, who: string, text: string): void {
    if (!this.on) return
    this.#lines.push(`${(atMs / 1000).toFixed(4).padStart(9)} ${who.padEnd(10)} ${text}`)
    if (this.#lines.length > 2 * this.#linesMax) this.#lines = this.#lines.slice(-this.#linesMax)
  }

  /** The last lines, oldest first. */
  tail(lines: number): string[] {
    return this.#lines.slice(-lines)
  }
}

/** A frame in one line. */
export function describeFrame(frame: NodeFrame): string {
  const {type, term, ...rest} = frame
  return `${type} t${term} ${describe(rest)}`
}

/** Anything in one line: places as 3.17, messages by id, addresses by id, empty things left out. */
export function describe(value: unknown): string {
  if (value === undefined) return '-'
  if (value instanceof Uint8Array) return `${value.length}b`
  if (Array.isArray(value)) {
    const items: unknown[] = value
    const shown = items.length > 12 ? [...items.slice(0, 6), '…', ...items.slice(-3)] : items
    return `[${shown.map((item) => describe(item)).join(' ')}]`
  }
  if (typeof value === 'number') return String(Math.round(value * 1000) / 1000)
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const record: Readonly<Record<string, unknown>> = {...value}
  if ('counter' in record) return `${String(record['origin'])}-${String(record['counter'])}`
  if ('seq' in record) {
    const {epoch, term, seq, envelope} = record
    const place = `${describe(term)}.${describe(seq)}`
    if (epoch !== undefined) return `${describe(epoch)}.${place}`
    return envelope ? `${place}:${describe(envelope)}` : place
  }
  if ('id' in record && 'url' in record) return describe(record['id'])
  return Object.entries(record)
    .filter(([, inner]) => inner !== undefined)
    .map(([key, inner]) => `${key}=${isPlain(inner) ? `{${describe(inner)}}` : describe(inner)}`)
    .join(' ')
}

/** An object that `describe` prints as a list of its keys. */
function isPlain(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array) &&
    !('seq' in value) &&
    !('url' in value)
  )
}

/** A heartbeat: says nothing that is worth a line of a trace. */
export function isBeat(frame: NodeFrame): boolean {
  return (
    (frame.type === 'relay' && frame.entries.length === 0) ||
    (frame.type === 'ack' && frame.connections.length === 0)
  )
}
