/** What there is to know about a code, for somebody who has just been shown it. */
export interface Advice {
  /** One line: what it says. */
  readonly what: string
  /** What leads to it, the usual first. */
  readonly why: string
  /** What to do, the first to try first; a command is ready to type. */
  readonly todo: readonly string[]
}
