const encoder = new TextEncoder()
/** `ignoreBOM` keeps a leading U+FEFF: without it decoding would not be the inverse of encoding. */
const decoder = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true})

export function utf8Encode(text: string): Uint8Array {
  return encoder.encode(text)
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
  return !/\p{Surrogate}/u.test(text)
}
