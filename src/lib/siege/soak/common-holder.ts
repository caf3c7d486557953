/** Where the ways to several leaking classes part: what misses a delete is before that. */
const ARROW = ' → '

/**
 * Of ways from a root to objects, as a snapshot tells them: the first one up to the last hop that
 * all of them have. Ways that share none are of several leaks: the first as it is.
 */
export function commonHolder(paths: readonly string[]): string | undefined {
  const [first, ...others] = paths.map((path) => path.split(ARROW))
  if (first === undefined) return undefined
  const shared = first.findLastIndex((hop) =>
    hop !== '…' && others.every((hops) => hops.includes(hop)))
  return (shared === -1 ? first : first.slice(0, shared + 1)).join(ARROW)
}
