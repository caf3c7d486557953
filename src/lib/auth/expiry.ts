/**
 * When a session ends, as an application says it: seconds since 1970, as a number or its text.
 * Milliseconds since 1970; Infinity where there is no end; undefined for anything else.
 */
export function expiryOf(value: unknown): number | undefined {
  if (value === undefined || value === null) return Number.POSITIVE_INFINITY
  const isText = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value)
  const seconds = isText || typeof value === 'number' ? Number(value) : Number.NaN
  // Milliseconds by mistake would hold for 50,000 years.
  return seconds >= 0 && seconds < 1e11 ? seconds * 1000 : undefined
}
