const DIGITS = /^(0|[1-9]\d*)$/

/**
 * The order in which users are listed and paged through, total over all ids: whole numbers by
 * value first, then the rest by their UTF-16 units. Negative, zero or positive as sort wants it.
 */
export function compareUsers(a: string, b: string): number {
  const isNumber = DIGITS.test(a)
  if (isNumber !== DIGITS.test(b)) return isNumber ? -1 : 1
  if (isNumber && a.length !== b.length) return a.length - b.length
  return a < b ? -1 : Number(a > b)
}

/** The first `limit` ids after one, in order, without sorting all of them. */
export function firstUsersAfter(
  ids: Iterable<string>,
  after: string | undefined,
  limit: number,
): string[] {
  let kept: string[] = []
  let last: string | undefined
  for (const id of ids) {
    if (after !== undefined && compareUsers(id, after) <= 0) continue
    if (last !== undefined && compareUsers(id, last) >= 0) continue
    kept.push(id)
    if (kept.length < 2 * limit) continue
    kept = kept.toSorted(compareUsers).slice(0, limit)
    last = kept.at(-1)
  }
  return kept.toSorted(compareUsers).slice(0, limit)
}
