import {randomBytes} from 'node:crypto'

/** Ids for the messages of one publisher: whoever sends one again names it with the same. */
export class CallerIds {
  readonly #prefix = randomBytes(9).toString('base64url')
  #last = 0

  next(): string {
    this.#last += 1
    return `${this.#prefix}-${this.#last}`
  }
}
