/**
 * Lines that replace themselves at the foot of a terminal. Whatever ends the process, the cursor is
 * there again and the lines stay where they were.
 */
import {stripVTControlCharacters} from 'node:util'

/** What this needs of process.stderr. */
export interface Screen {
  readonly columns?: number
  readonly rows?: number
  write(text: string): boolean
  on(event: 'resize', listener: () => void): unknown
  off(event: 'resize', listener: () => void): unknown
}

/** What this needs of `process`. */
export interface ProcessLike {
  readonly pid: number
  on(event: 'exit' | 'SIGTSTP' | 'SIGCONT', listener: () => void): unknown
  off(event: 'exit' | 'SIGTSTP' | 'SIGCONT', listener: () => void): unknown
  kill(pid: number, signal: 'SIGSTOP'): unknown
}

export interface Size {
  readonly width: number
  readonly height: number
}

const HIDE_CURSOR = '\u001B[?25l'
const SHOW_CURSOR = '\u001B[?25h'
const CLEAR_LINE_END = '\u001B[K'
const CLEAR_BELOW = '\u001B[J'

const WIDTH_USUAL = 80
const HEIGHT_USUAL = 24

export class LivePainter {
  readonly #screen: Screen
  readonly #process: ProcessLike
  readonly #render: (size: Size) => readonly string[]
  /** How wide each line on the screen is: a terminal that shrinks breaks them. */
  #shown: readonly number[] = []
  #isOpen = true

  /** `render` gives the lines for a size whenever they are painted. */
  constructor(
    screen: Screen,
    processLike: ProcessLike,
    render: (size: Size) => readonly string[],
  ) {
    this.#screen = screen
    this.#process = processLike
    this.#render = render
    screen.on('resize', this.#onResize)
    processLike.on('exit', this.close)
    processLike.on('SIGTSTP', this.#onStop)
    processLike.on('SIGCONT', this.paint)
    screen.write(HIDE_CURSOR)
  }

  /** Over what was painted before, in one write: nothing flickers. */
  readonly paint = (): void => {
    if (!this.#isOpen) return
    this.#screen.write(HIDE_CURSOR + this.#home() + this.#lines())
  }

  /** A line that stays, above the ones that are replaced. */
  say(text: string): void {
    if (!this.#isOpen) return
    this.#screen.write(`${this.#home()}${CLEAR_BELOW}${text}\n${this.#lines()}`)
  }

  /** Takes the lines away and gives the cursor back; a second time does nothing. */
  readonly close = (): void => {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#screen.off('resize', this.#onResize)
    this.#process.off('exit', this.close)
    this.#process.off('SIGTSTP', this.#onStop)
    this.#process.off('SIGCONT', this.paint)
    this.#screen.write(`${this.#home()}${CLEAR_BELOW}${SHOW_CURSOR}`)
  }

  #lines(): string {
    const {columns = WIDTH_USUAL, rows = HEIGHT_USUAL} = this.#screen
    // The last column and row stay empty: what fills them may scroll or break the line.
    const lines = this.#render({width: Math.max(columns - 1, 1), height: Math.max(rows - 1, 1)})
    this.#shown = lines.map(widthOf)
    return `${lines.map((line) => `${line}${CLEAR_LINE_END}\n`).join('')}${CLEAR_BELOW}`
  }

  /** To where the lines begin, however the terminal has broken them since. */
  #home(): string {
    const {columns = WIDTH_USUAL} = this.#screen
    const rowsOf = (width: number) => Math.max(1, Math.ceil(width / columns))
    const rows = this.#shown.reduce((sum, width) => sum + rowsOf(width), 0)
    return rows === 0 ? '\r' : `\r\u001B[${rows}A`
  }

  readonly #onResize = (): void => {
    if (!this.#isOpen) return
    this.#screen.write(`${this.#home()}${CLEAR_BELOW}`)
    this.#shown = []
    this.paint()
  }

  /** Ctrl-Z: the shell wants a cursor. */
  readonly #onStop = (): void => {
    this.#screen.write(SHOW_CURSOR)
    this.#shown = []
    this.#process.kill(this.#process.pid, 'SIGSTOP')
  }
}

function widthOf(line: string): number {
  return Array.from(stripVTControlCharacters(line)).length
}
