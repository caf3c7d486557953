/**
 * When something was wrong with the stream, and where it was before. What somebody published by
 * another node in that time may be in the stream although nobody said so; he sends it again, under
 * his own id, by this node, for about so long.
 */
const REMEMBERED_MS = 30_000
/** Closer together they are one. */
const APART_MS = 1000

interface Trouble {
  readonly after: number
  readonly atMs: number
}

export class Troubles {
  readonly #now: () => number
  #list: Trouble[] = []

  constructor(now: () => number) {
    this.#now = now
  }

  /** Where the stream was before the first of late; undefined: there was none. */
  get after(): number | undefined {
    const nowMs = this.#now()
    while (nowMs - (this.#list[0]?.atMs ?? nowMs) >= REMEMBERED_MS) this.#list.shift()
    return this.#list[0]?.after
  }

  /** `after`: what was stored meanwhile is behind this number. */
  note(after: number): void {
    const atMs = this.#now()
    const last = this.#list.at(-1)
    if (last === undefined || atMs - last.atMs >= APART_MS) this.#list.push({after, atMs})
  }

  /** The stream's numbers are others now. */
  begin(): void {
    this.#list = this.#list.map(({atMs}) => ({after: 0, atMs}))
  }
}
