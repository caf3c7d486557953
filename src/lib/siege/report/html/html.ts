/**
 * HTML that cannot be broken out of: whatever is put into `html\`…\`` is text, unless it came from
 * `html` itself. Pure.
 */
import {printable} from '../../../cli/printable.js'

export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export type HtmlPart = string | number | Html | readonly Html[]

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;',
}

/** Control characters and those that turn the direction of text become visible, too. */
export function escapeHtml(text: string): string {
  return printable(text).replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}

export function html(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  const text = strings.reduce((all, string, index) => {
    const part = parts[index]
    return all + string + (part === undefined ? '' : textOf(part))
  }, '')
  return new Html(text)
}

function textOf(part: HtmlPart): string {
  if (part instanceof Html) return part.text
  if (typeof part === 'string' || typeof part === 'number') return escapeHtml(String(part))
  return part.map(({text}) => text).join('\n')
}

/** JSON inside <script>: nothing in it can end the element or begin a comment. */
export function scriptJson(value: unknown): Html {
  return new Html(JSON.stringify(value).replaceAll('<', String.raw`\u003c`))
}
