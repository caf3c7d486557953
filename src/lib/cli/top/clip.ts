const ESCAPE = '\u001B'

/** At most `width` columns of a line with colours: what is cut leaves no colour behind. */
export function clip(line: string, width: number): string {
  if (!line.includes(ESCAPE) && line.length <= width) return line
  let shown = 0
  let out = ''
  let rest = line
  while (rest !== '') {
    // oxlint-disable-next-line no-control-regex -- it is what terminals are told with
    const code = rest.startsWith(ESCAPE) ? /^\u001B\[[\d;]*m/.exec(rest)?.[0] : undefined
    const part = code ?? String.fromCodePoint(rest.codePointAt(0) ?? 0)
    rest = rest.slice(part.length)
    if (code === undefined && shown === width) continue
    if (code === undefined) shown += 1
    // Behind the end colours are only switched off.
    out += part
  }
  return out
}
