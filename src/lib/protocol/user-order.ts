const DIGITS = /^(0|[1-9]\d*)$/
/** Above the first character of every number's key: a length of at most 255. */
const NAMES = '\uFFFF'

/**
 * The order in which users are listed and paged through, total over all ids: whole numbers by
 * value first, then the rest by their UTF-16 units. Negative, zero or positive as sort wants it.
 */
export function compareUsers(a: string, b: string): number {
  return byUnits(keyOf(a), keyOf(b))
}

/** The first `limit` ids after one, in order, without sorting all of them. */
export function firstUsersAfter(
  ids: Iterable<string>,
  after: string | undefined,
  limit: number,
): string[] {
  const low = after === undefined ? '' : keyOf(after)
  let high: string | undefined
  let kept: string[] = []
  for (const id of ids) {
    const key = keyOf(id)
    if (key <= low || (high !== undefined && key >= high)) continue
    kept.push(key)
    if (kept.length < 2 * limit) continue
    kept = firstOf(kept, limit)
    high = kept.at(-1)
  }
  return firstOf(kept, limit).map((key) => key.slice(1))
}

function firstOf(keys: readonly string[], limit: number): string[] {
  return keys.toSorted(byUnits).slice(0, limit)
}

function byUnits(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

/** Text that sorts by its units as ids sort: of two numbers the shorter is the lower. */
function keyOf(id: string): string {
  return (DIGITS.test(id) ? String.fromCharCode(id.length) : NAMES) + id
}
