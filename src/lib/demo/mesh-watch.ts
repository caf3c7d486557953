/** Looks at the mesh while somebody watches, and tells each of them whenever it changed. */

/** Often enough for eyes, seldom enough that nobody finds it in `top`. */
const LOOK_MS = 500
/** While something is broken, who is master may change twice in a second. */
const LOOK_OFTEN_MS = 100

export interface Look {
  /** What watchers are told: told again only when it is another text. */
  readonly text: string
  readonly isWhole: boolean
}

export interface MeshWatchOptions {
  readonly look: () => Promise<Look>
  readonly lookMs?: number
  readonly lookOftenMs?: number
}

type OnText = (text: string) => void

interface Watcher {
  readonly tell: OnText
  told: string
}

export class MeshWatch {
  readonly #options: MeshWatchOptions
  readonly #watchers = new Set<Watcher>()
  #timer: NodeJS.Timeout | undefined
  #isLooking = false
  /** Something happened during a look: it may have been too early to see it. */
  #isStirred = false

  constructor(options: MeshWatchOptions) {
    this.#options = options
  }

  /** Tells the state at once, then each new one, until the function that it returns is called. */
  add(tell: OnText): () => void {
    const watcher = {tell, told: ''}
    this.#watchers.add(watcher)
    this.stir()
    return () => {
      this.#watchers.delete(watcher)
      if (this.#watchers.size === 0) clearTimeout(this.#timer)
    }
  }

  /** Something happened: look now. */
  stir(): void {
    clearTimeout(this.#timer)
    if (this.#isLooking) this.#isStirred = true
    else if (this.#watchers.size > 0) void this.#look()
  }

  async #look(): Promise<void> {
    const {look, lookMs = LOOK_MS, lookOftenMs = LOOK_OFTEN_MS} = this.#options
    this.#isLooking = true
    const {text, isWhole} = await look()
    this.#isLooking = false
    for (const watcher of this.#watchers) {
      if (watcher.told === text) continue
      watcher.told = text
      watcher.tell(text)
    }
    if (this.#watchers.size === 0) return
    const nextMs = this.#isStirred ? 0 : isWhole ? lookMs : lookOftenMs
    this.#isStirred = false
    this.#timer = setTimeout(() => void this.#look(), nextMs)
  }
}
