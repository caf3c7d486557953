/** Reads what the stream has stored: between two numbers, or of one subject. */
import {storedPrefix, type JetStream, type StoredMessage, type StreamSettings}
  from '../../nats/stream.js'
import {FewAtOnce} from './few-at-once.js'
import type {Arrival} from './inflow.js'
import {keyOfText, keyText} from './subjects.js'

/** Subjects, or numbers, that are asked for beside each other. */
const PARALLEL = 64

/** More messages than this, and than subjects are needed, are asked for subject by subject. */
const BY_NUMBER_MAX = 1000

/** Messages of a subject that are read one after the other, before it is read in parts. */
const WALK_MAX = 16

/** Of one subject; and each of them again, where it is as full. */
const PARTS_MAX = 8

/** As which the stream answers. */
const BASE64 = 4 / 3

interface Range {
  readonly after: number
  readonly through: number
}

export class StreamReader {
  readonly #stream: JetStream
  readonly #prefix: string
  readonly #fewAtOnce = new FewAtOnce()

  constructor(stream: JetStream, settings: StreamSettings) {
    this.#stream = stream
    this.#prefix = `${storedPrefix(settings)}.`
  }

  /** Of these subjects, after the one and through the other number; in order. */
  async range(
    after: number, through: number, keys: ReadonlySet<number>,
  ): Promise<readonly Arrival[]> {
    if (through - after > Math.max(BY_NUMBER_MAX, keys.size)) {
      const found = await parallel([...keys], (key) => this.subject(key, after, through))
      return found.flat().toSorted((a, b) => a.seq - b.seq)
    }
    const numbers = Array.from({length: through - after}, (_, index) => after + 1 + index)
    const found = await parallel(numbers, (seq) => this.#ask(() => this.#stream.at(seq)))
    return found.flatMap((message) => {
      const arrival = message && this.#arrivalOf(message)
      return arrival?.key !== undefined && keys.has(arrival.key) ? [arrival] : []
    })
  }

  /** All of one subject after the one and through the other number, in order. */
  async subject(
    key: number, after: number, through: number, bytesMax = Infinity,
  ): Promise<readonly Arrival[]> {
    const found = await this.#walk(this.#prefix + keyText(key), {after, through}, {bytes: bytesMax})
    return found.flatMap((message) => this.#arrivalOf(message) ?? [])
  }

  /**
   * One asks for the next, so it is one after the other; where that would be many, by their number
   * so far, what is left is read in parts beside each other. *A busy subject is read no faster than
   * it fills otherwise, and who has fallen behind stays behind.*
   */
  async #walk(
    subject: string, {after, through}: Range, budget: {bytes: number},
  ): Promise<readonly StoredMessage[]> {
    const found: StoredMessage[] = []
    for (let from = after + 1; from <= through && found.length < WALK_MAX;) {
      const message = await this.#ask(() => this.#stream.next(subject, from))
      if (message === undefined || message.seq > through) return found
      found.push(message)
      budget.bytes -= message.data.length
      if (budget.bytes < 0) throw new Error('More than the history may hold')
      from = message.seq + 1
    }
    const at = found.at(-1)?.seq ?? through
    const left = ((through - at) * found.length) / (at - after)
    const rest = await parallel(partsOf({after: at, through}, Math.ceil(left / WALK_MAX)), (part) =>
      this.#walk(subject, part, budget))
    return [...found, ...rest.flat()]
  }

  #ask(ask: () => Promise<StoredMessage | undefined>): Promise<StoredMessage | undefined> {
    return this.#fewAtOnce.run(ask, (message) => (message?.data.length ?? 0) * BASE64)
  }

  /** Undefined: a mark, or nothing of this mesh's. */
  #arrivalOf({subject, seq, data}: StoredMessage): Arrival | undefined {
    if (!subject.startsWith(this.#prefix)) return undefined
    const key = keyOfText(subject.slice(this.#prefix.length))
    return key === undefined ? undefined : {key, seq, before: 0, data}
  }
}

/** In the order of the items; the first failure ends it. */
async function parallel<Item, Result>(
  items: readonly Item[], run: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  // Shared by all who work: each takes the next one.
  const left = items.entries()
  const work = async (): Promise<void> => {
    for (const [at, item] of left) results[at] = await run(item)
  }
  await Promise.all(Array.from({length: Math.min(PARALLEL, items.length)}, work))
  return results
}

/** None where nothing is left. */
function partsOf({after, through}: Range, wanted: number): Range[] {
  const step = Math.ceil((through - after) / Math.max(1, Math.min(PARTS_MAX, wanted)))
  const parts: Range[] = []
  for (let from = after; from < through; from += step) {
    parts.push({after: from, through: Math.min(through, from + step)})
  }
  return parts
}
