/** The whole terminal for a while, given back as it was however that ends. */

const ENTER = '\u001B[?1049h\u001B[?25l'
const LEAVE = '\u001B[?25h\u001B[?1049l'
const HOME = '\u001B[H'
const END_OF_LINE = '\u001B[K'
const END_OF_SCREEN = '\u001B[J'

export interface Terminal {
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
}

export class FullScreen implements Disposable {
  readonly #terminal: Terminal
  readonly #onKey: (key: string) => void
  readonly #onChange: () => void
  #isOn = false
  /** A bug, too, is told on the screen that was there before. */
  readonly #leave = (): void => this.leave()
  readonly #keys = (data: Buffer): void => {
    for (const key of data.toString()) this.#onKey(key)
  }
  readonly #back = (): void => {
    this.enter()
    this.#onChange()
  }

  /** `onChange`: another size, or back in the foreground; draw again. */
  constructor(terminal: Terminal, onKey: (key: string) => void, onChange: () => void) {
    this.#terminal = terminal
    this.#onKey = onKey
    this.#onChange = onChange
    process.prependListener('uncaughtException', this.#leave)
    process.on('exit', this.#leave)
    process.on('SIGCONT', this.#back)
    terminal.stdout.on('resize', onChange)
    this.enter()
  }

  enter(): void {
    if (this.#isOn) return
    this.#isOn = true
    const {stdin, stdout} = this.#terminal
    stdout.write(ENTER)
    stdin.setRawMode(true)
    stdin.on('data', this.#keys)
    stdin.resume()
  }

  leave(): void {
    if (!this.#isOn) return
    this.#isOn = false
    const {stdin, stdout} = this.#terminal
    stdin.off('data', this.#keys)
    stdin.setRawMode(false)
    stdin.pause()
    stdout.write(LEAVE)
  }

  /** Ctrl-Z: the shell is to find its terminal in order. */
  suspend(): void {
    this.leave()
    process.kill(process.pid, 'SIGSTOP')
  }

  /** In one write, over what was there: nothing flickers. */
  draw(lines: readonly string[]): void {
    if (!this.#isOn) return
    const text = lines.map((line) => `${line}${END_OF_LINE}`).join('\r\n')
    this.#terminal.stdout.write(`${HOME}${text}${END_OF_SCREEN}`)
  }

  get size(): {readonly width: number; readonly height: number} {
    const {columns, rows} = this.#terminal.stdout
    // A terminal that does not know its size says 0.
    return {width: columns || 80, height: rows || 24}
  }

  [Symbol.dispose](): void {
    this.leave()
    process.off('uncaughtException', this.#leave)
    process.off('exit', this.#leave)
    process.off('SIGCONT', this.#back)
    this.#terminal.stdout.off('resize', this.#onChange)
  }
}
