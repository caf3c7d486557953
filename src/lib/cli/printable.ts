/**
 * Text from outside on a terminal: control characters (escape sequences move the cursor, change
 * titles, hide text) become visible. Tabs and line ends become spaces: one row stays one row.
 */
export function printable(text: string): string {
  return text
    .replaceAll(/[\t\r\n]+/g, ' ')
    .replaceAll(UNSAFE, (character) => `\\x${hex(character)}`)
}

/** Control characters, and format characters such as those that turn the direction of text. */
const UNSAFE = /[\p{Cc}\p{Bidi_Control}]/gu

function hex(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).padStart(2, '0')
}

/** At most `width` characters, the last of them "…" when something was cut. */
export function truncate(text: string, width: number): string {
  const characters = Array.from(text)
  if (characters.length <= width) return text
  return width <= 0 ? '' : `${characters.slice(0, width - 1).join('')}…`
}
