/** What one part of a glob takes: one character, or any run of those that it allows. */
type Part = {readonly type: 'one'; readonly character: string | undefined} | Run

interface Run {
  readonly type: 'run'
  readonly isSlashTaken: boolean
}

/**
 * A glob over action names: `*` any run of characters but `/`, `**` any run, `?` one character.
 * Takes time in proportion to glob times text, whatever the glob: it comes from outside, and a
 * regular expression made of it could be one that never ends.
 */
export function compileGlob(glob: string): (text: string) => boolean {
  const parts = [...glob.matchAll(/\*+|[^*]/gsu)].map(([text]): Part => {
    if (text.startsWith('*')) return {type: 'run', isSlashTaken: text.length > 1}
    return {type: 'one', character: text === '?' ? undefined : text}
  })
  return (text) => {
    // The parts before which the text so far may end; a run may also take nothing.
    let open = reach(parts, [0])
    for (const character of text) open = reach(parts, after(parts, open, character))
    return open.has(parts.length)
  }
}

function* after(
  parts: readonly Part[], open: Iterable<number>, character: string,
): Iterable<number> {
  for (const index of open) {
    const part = parts[index]
    if (part?.type === 'run' && (part.isSlashTaken || character !== '/')) yield index
    if (part?.type === 'one' && (part.character ?? character) === character) yield index + 1
  }
}

function reach(parts: readonly Part[], from: Iterable<number>): Set<number> {
  const open = new Set<number>()
  for (const start of from) {
    let index = start
    while (!open.has(index)) {
      open.add(index)
      if (parts[index]?.type !== 'run') break
      index += 1
    }
  }
  return open
}
