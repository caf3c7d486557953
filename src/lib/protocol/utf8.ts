const encoder = new TextEncoder()
/** `ignoreBOM` keeps a leading U+FEFF: without it decoding would not be the inverse of encoding. */
const decoder = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true})

/** Short texts share pieces of so much: a buffer of its own costs more than what is in it. */
const PIECE_BYTES = 64 * 1024
const SHORT_UNITS = 1024
let piece = new Uint8Array(0)
let pieceAt = 0

/** The bytes are the caller's alone, though perhaps a part of a larger buffer. */
export function utf8Encode(text: string): Uint8Array {
  if (text.length > SHORT_UNITS) return encoder.encode(text)
  if (piece.length - pieceAt < text.length * 3) {
    piece = new Uint8Array(PIECE_BYTES)
    pieceAt = 0
  }
  const start = pieceAt
  pieceAt += encoder.encodeInto(text, piece.subarray(start)).written
  return piece.subarray(start, pieceAt)
}

/** Undefined for bytes that are not UTF-8. */
export function utf8Decode(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

export function utf8Length(text: string): number {
  let length = text.length
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index)
    if (unit < 0x80) continue
    // A surrogate pair is 2 units and 4 bytes, so each half counts 2.
    length += unit < 0x8_00 || (unit >= 0xd8_00 && unit < 0xe0_00) ? 1 : 2
  }
  return length
}

/**
 * Whether text survives UTF-8: half a surrogate pair does not, it would come back as U+FFFD and two
 * different ids would become one.
 */
export function isWellFormed(text: string): boolean {
  return text.isWellFormed()
}
