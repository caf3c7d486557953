/** Longer texts are no ids and no names of actions that come again and again. */
const LENGTH_MAX = 40
const SLOTS = 1024

/**
 * Short ASCII texts that frames are full of: ids of nodes and users, groups, actions. A text that
 * came before is found by its bytes and not made again, which is faster than decoding it, and
 * thousands of messages of a history then share one text. A slot has the last text that hashed to
 * it, so the table keeps no more than SLOTS of them.
 */
const slots: (string | undefined)[] = Array.from({length: SLOTS}, () => undefined)

/** The text of these bytes; undefined where it is not short or not ASCII: decode it then. */
export function shortText(bytes: Uint8Array, start: number, end: number): string | undefined {
  const length = end - start
  if (length === 0) return ''
  if (length > LENGTH_MAX) return undefined
  let hash = length
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0x80
    if (byte >= 0x80) return undefined
    hash = (Math.imul(hash, 31) + byte) | 0
  }
  const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1)
  const known = slots[slot]
  if (known !== undefined && isText(known, bytes, start, end)) return known
  const text = String.fromCharCode(...bytes.subarray(start, end))
  slots[slot] = text
  return text
}

function isText(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false
  for (let at = start; at < end; at += 1) {
    if (text.charCodeAt(at - start) !== bytes[at]) return false
  }
  return true
}
