/** Octets that a cookie's value may have between its quotes, and some that browsers send anyway. */
const VALUE = /^[^\p{Cc};]*$/u

/**
 * The value of a cookie in a request's Cookie header (RFC 6265, 5.4), without its quotes, and with
 * %XX as the bytes that they mean, which is how PHP and Express write values. Of several cookies of
 * one name the first counts, as with these: browsers send the one of the longer path first.
 * Undefined: there is none, or it is empty.
 */
export function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const part of header?.split(';') ?? []) {
    const at = part.indexOf('=')
    if (at < 0 || part.slice(0, at).trim() !== name) continue
    const value = unquoted(part.slice(at + 1).trim())
    return value === '' || !VALUE.test(value) ? undefined : decoded(value)
  }
  return undefined
}

/** A token of RFC 9110: what a cookie may be called. */
export function isCookieName(name: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/.test(name)
}

function unquoted(value: string): string {
  const isQuoted = value.length >= 2 && value.startsWith('"') && value.endsWith('"')
  return isQuoted ? value.slice(1, -1) : value
}

function decoded(value: string): string | undefined {
  if (!value.includes('%')) return value
  try {
    const text = decodeURIComponent(value)
    return VALUE.test(text) ? text : undefined
  } catch {
    return value
  }
}
