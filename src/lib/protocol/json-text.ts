import {LIMITS} from './limits.js'
import {utf8Decode} from './utf8.js'

export type JsonRead =
  | {readonly ok: true; readonly value: unknown}
  | {readonly ok: false; readonly reason: string; readonly isTooDeep?: true}

/**
 * Text or its bytes as JSON, or why not. Nesting is counted before anything is built, so that no
 * later reader of the value, JSON.stringify among them, can be made to recurse without end.
 */
export function parseJson(
  data: string | Uint8Array,
  depthMax: number = LIMITS.jsonDepth,
): JsonRead {
  const text = typeof data === 'string' ? data : utf8Decode(data)
  if (text === undefined) return {ok: false, reason: 'not UTF-8'}
  if (jsonDepth(text) > depthMax) {
    return {ok: false, reason: `JSON nested deeper than ${depthMax}`, isTooDeep: true}
  }
  try {
    return {ok: true, value: JSON.parse(text)}
  } catch {
    return {ok: false, reason: 'not JSON'}
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** How deep arrays and objects of a JSON text nest; 0 for a scalar. Any text has an answer. */
export function jsonDepth(text: string): number {
  let depth = 0
  let deepest = 0
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index)
    if (unit === QUOTE) index = endOfString(text, index)
    // [ and { are 0x5b and 0x7b, ] and } are 0x5d and 0x7d: they differ in the bit 0x20 alone.
    else if ((unit | 0x20) === 0x7b) {
      depth += 1
      if (depth > deepest) deepest = depth
    } else if ((unit | 0x20) === 0x7d) depth -= 1
  }
  return deepest
}

/** The index of the quote that ends the string begun at `start`, or the text's end. */
export function endOfString(text: string, start: number): number {
  for (let from = start + 1; ; ) {
    const quote = text.indexOf('"', from)
    if (quote === -1) return text.length
    let before = quote
    while (before > from && text.charCodeAt(before - 1) === BACKSLASH) before -= 1
    if ((quote - before) % 2 === 0) return quote
    from = quote + 1
  }
}

/** A value as an error shows it: JSON, cut where it gets long. */
export function describeJson(value: unknown): string {
  const text = typeof value === 'bigint' ? `${value}` : (JSON.stringify(value) ?? typeof value)
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
