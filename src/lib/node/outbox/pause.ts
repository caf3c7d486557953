/** A wait of one at a time that others may end. It keeps no process alive. */
export class Pause {
  #timer: NodeJS.Timeout | undefined
  #resolve: (() => void) | undefined

  async wait(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#resolve = resolve
      this.#timer = setTimeout(resolve, ms)
      this.#timer.unref()
    })
    this.#resolve = undefined
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#resolve?.()
  }
}
