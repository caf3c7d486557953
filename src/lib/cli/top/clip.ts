const ESCAPE = '\u001B'

/** At most `width` columns of a line with colours: what is cut leaves no colour behind. */
export function clip(line: string, width: number): string {
  if (!line.includes(ESCAPE) && line.length <= width) return line
  let shown = 0
  let out = ''
  let rest = line
  while (rest !== '') {
    // Of escape sequences there are colours alone, which end with an m.
    const code = rest.startsWith(ESCAPE) ? rest.slice(0, rest.indexOf('m') + 1) : undefined
    const part = code || String.fromCodePoint(rest.codePointAt(0) ?? 0)
    rest = rest.slice(part.length)
    if (!code && shown === width) continue
    if (!code) shown += 1
    // Behind the end colours are only switched off.
    out += part
  }
  return out
}
