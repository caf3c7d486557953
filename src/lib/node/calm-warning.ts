/** A line that strangers can cause: said once in a second at most, however often it is. */
import type {Log, LogFields} from './log.js'

/** One line in so long; what came meanwhile is counted. */
export const CALM_MS = 1000

type Level = 'warn' | 'error'

export class CalmWarning {
  readonly #log: Log
  #timer: NodeJS.Timeout | undefined
  #leftOut = 0
  #last: {readonly level: Level; readonly text: string; readonly fields: LogFields} | undefined

  constructor(log: Log) {
    this.#log = log
  }

  /** The first is said at once; of those within CALM_MS the last, with how many are left out. */
  warn(text: string, fields: LogFields): void {
    this.#say('warn', text, fields)
  }

  error(text: string, fields: LogFields): void {
    this.#say('error', text, fields)
  }

  #say(level: Level, text: string, fields: LogFields): void {
    if (this.#timer === undefined) {
      this.#log[level](text, fields)
      this.#wait()
      return
    }
    if (this.#last !== undefined) this.#leftOut += 1
    this.#last = {level, text, fields}
  }

  #wait(): void {
    this.#timer = setTimeout(() => this.#over(), CALM_MS)
    this.#timer.unref()
  }

  #over(): void {
    this.#timer = undefined
    const last = this.#last
    if (last === undefined) return
    const leftOut = this.#leftOut === 0 ? undefined : this.#leftOut
    this.#last = undefined
    this.#leftOut = 0
    this.#log[last.level](last.text, {...last.fields, leftOut})
    this.#wait()
  }
}
