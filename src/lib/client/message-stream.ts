/** Messages for `for await`. */
import {MeshError} from './mesh-error.js'

/** More wait for nobody: a loop that never comes back would hold all messages for ever. */
const WAITING_MAX = 1000

export class MessageStream<M> implements AsyncIterableIterator<M> {
  readonly #waiting: M[] = []
  readonly #onEnd: (stream: MessageStream<M>) => void
  #askers: ((result: IteratorResult<M>) => void)[] = []
  #isOver = false
  #error: MeshError | undefined

  constructor(onEnd: (stream: MessageStream<M>) => void) {
    this.#onEnd = onEnd
  }

  push(message: M): void {
    const asker = this.#askers.shift()
    if (asker !== undefined) asker({done: false, value: message})
    else if (this.#waiting.length < WAITING_MAX) this.#waiting.push(message)
    else {
      this.#waiting.length = 0
      this.#error = new MeshError('too-slow', `${WAITING_MAX} wait already`)
      this.end()
    }
  }

  end(): void {
    this.#isOver = true
    for (const asker of this.#askers) asker({done: true, value: undefined})
    this.#askers = []
    this.#onEnd(this)
  }

  next(): Promise<IteratorResult<M>> {
    const value = this.#waiting.shift()
    if (value !== undefined) return Promise.resolve({done: false, value})
    const error = this.#error
    this.#error = undefined
    if (error !== undefined) return Promise.reject(error)
    if (this.#isOver) return Promise.resolve({done: true, value: undefined})
    return new Promise((resolve) => this.#askers.push(resolve))
  }

  return(): Promise<IteratorResult<M>> {
    this.#waiting.length = 0
    this.end()
    return Promise.resolve({done: true, value: undefined})
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
