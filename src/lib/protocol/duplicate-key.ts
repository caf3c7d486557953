import {endOfString} from './json-text.js'

const QUOTE = 0x22
const COLON = 0x3a

/**
 * A name that stands twice in one object of a JSON text; undefined where there is none. JSON.parse
 * takes the last of them in silence, others the first: a check and what is done after it may mean
 * different ones. The text must be JSON.
 */
export function duplicateKey(text: string): string | undefined {
  /** Names of the objects that are open, from the outermost; of arrays they stay empty. */
  const open: Set<string>[] = []
  let start = 0
  let end = 0
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index)
    if (unit === QUOTE) {
      start = index
      end = endOfString(text, index)
      index = end
    } else if (unit === COLON) {
      const name = stringOf(text.slice(start, end + 1))
      const names = open.at(-1)
      if (names?.has(name) === true) return name
      names?.add(name)
    } else if ((unit | 0x20) === 0x7b) {
      open.push(new Set())
    } else if ((unit | 0x20) === 0x7d) {
      open.pop()
    }
  }
  return undefined
}

/** Two spellings of one name, "a" and "\u0061", are one name. */
function stringOf(json: string): string {
  return json.includes('\\') ? String(JSON.parse(json)) : json.slice(1, -1)
}
