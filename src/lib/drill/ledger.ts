/**
 * The drill's own books: what was sent, what each node said of it, and what each connection got.
 * Nothing of the mesh's own counters is used. Settled after each round, when nothing is under way.
 */
import type {PublishResult} from '../protocol/operator-frame.js'
import {parsePosition} from '../protocol/position.js'
import type {Audience} from './audience.js'
import type {Outcome, SentMessage} from './sent-message.js'
import {TabBook} from './tab-book.js'
import type {TabTally, Tally} from './tally.js'
import {EMPTY_TALLY} from './tally.js'

export class Ledger {
  readonly #audience: Audience
  readonly #now: () => number
  readonly #messages = new Map<number, SentMessage>()
  readonly #atPosition = new Map<string, number>()
  readonly #books: readonly TabBook[]
  #last = 0
  #calm = 0
  #isCalm = false
  #repeated = 0
  #wrongReceipts = 0
  #positionsTwice = 0
  #onDelivered: (message: SentMessage, tab: number) => void = () => {}
  /** The first of each sort of trouble, for people. */
  readonly troubles: string[] = []

  constructor(audience: Audience, now: () => number) {
    this.#audience = audience
    this.#now = now
    this.#books = audience.tabs.map(() => new TabBook())
  }

  onDelivered(listener: (message: SentMessage, tab: number) => void): void {
    this.#onDelivered = listener
  }

  /** All are connected and the mesh is whole: from now on receipts must name each connection. */
  beginCalm(): void {
    this.#calm += 1
    this.#isCalm = true
  }

  endCalm(): void {
    this.#isCalm = false
  }

  sending(publisher: number): SentMessage {
    this.#last += 1
    const {tabs} = this.#audience.addressed(this.#last)
    const message: SentMessage = {
      n: this.#last,
      publisher,
      tabs,
      sentMs: this.#now(),
      calm: this.#isCalm ? this.#calm : undefined,
      outcome: undefined,
      position: undefined,
      deliveries: 0,
    }
    this.#messages.set(message.n, message)
    return message
  }

  receipted(message: SentMessage, receipt: PublishResult): void {
    message.outcome = 'receipted'
    if (receipt.position !== null) this.#place(message, receipt.position)
    const isCalm = this.#isCalm && message.calm === this.#calm
    if (!isCalm) return
    if (receipt.connections === message.tabs.length && receipt.missing.length === 0) return
    this.#wrongReceipts += 1
    this.#trouble(
      `the receipt of message ${message.n} names ${receipt.connections} connections where `
        + `${message.tabs.length} are, missing nodes: ${receipt.missing.join(', ') || 'none'}`,
    )
  }

  /** Whether it was sent in this round. */
  knows({n}: SentMessage): boolean {
    return this.#messages.has(n)
  }

  /** Sent again under its id. */
  repeating(): void {
    this.#repeated += 1
  }

  failed(message: SentMessage, outcome: Exclude<Outcome, 'receipted'>): void {
    message.outcome = outcome
  }

  delivered(tab: number, n: number, position: string): void {
    const message = this.#messages.get(n)
    const book = this.#bookOf(tab)
    const place = parsePosition(position)
    if (place === undefined || message === undefined) {
      book.misdelivered()
      this.#trouble(`tab ${tab} got message ${n} at ${position}, of an earlier round or of nobody`)
      return
    }
    this.#place(message, position)
    if (!message.tabs.includes(tab)) {
      book.misdelivered()
      this.#trouble(`tab ${tab} got message ${n}, which is for ${message.tabs.join(', ')}`)
      return
    }
    message.deliveries += 1
    const wrong = book.deliver(message, place)
    if (wrong !== undefined) this.#trouble(`tab ${tab}: ${wrong}`)
    this.#onDelivered(message, tab)
  }

  /** Something that is no message moved the tab's place on: Client/position. */
  passed(tab: number, position: string): void {
    const place = parsePosition(position)
    if (place !== undefined) this.#bookOf(tab).pass(place)
  }

  /** A connection was let in. `position`: where its stream begins. */
  attached(tab: number, position: string | null, recovered: boolean): void {
    const place = position === null ? undefined : parsePosition(position)
    this.#bookOf(tab).attach(place, recovered)
  }

  /** The position after which the tab wants what it missed. */
  placeOf(tab: number): string | undefined {
    return this.#bookOf(tab).place
  }

  /** Messages without an answer yet. */
  get waiting(): number {
    let count = 0
    for (const {outcome} of this.#messages.values()) if (outcome === undefined) count += 1
    return count
  }

  /** Deliveries that are due and did not come yet. */
  get due(): number {
    let count = 0
    this.#eachMissing(() => (count += 1))
    return count
  }

  /** Closes the round: what is missing now is lost. Books are empty afterwards. */
  settle(): {readonly tally: Tally; readonly tabs: readonly TabTally[]} {
    this.#eachMissing((message, tab) => {
      this.#bookOf(tab).lose()
      this.#trouble(
        `tab ${tab} never got message ${message.n} (${message.outcome}, position `
          + `${message.position ?? 'unknown'}, ${message.deliveries} other deliveries)`,
      )
    })
    const tabs = this.#books.map((book) => book.close())
    const tally = this.#tally(tabs)
    this.#messages.clear()
    this.#atPosition.clear()
    this.#repeated = 0
    this.#wrongReceipts = 0
    this.#positionsTwice = 0
    return {tally, tabs}
  }

  #tally(tabs: readonly TabTally[]): Tally {
    const outcomes = {receipted: 0, accepted: 0, refused: 0, unanswered: 0}
    for (const {outcome} of this.#messages.values()) outcomes[outcome ?? 'unanswered'] += 1
    const sum = (name: keyof TabTally): number => tabs.reduce((all, tab) => all + tab[name], 0)
    return {
      ...EMPTY_TALLY,
      ...outcomes,
      sent: this.#messages.size,
      accepted: outcomes.receipted + outcomes.accepted,
      repeated: this.#repeated,
      wrongReceipts: this.#wrongReceipts,
      positionsTwice: this.#positionsTwice,
      delivered: sum('delivered'),
      duplicated: sum('duplicated'),
      reordered: sum('reordered'),
      misdelivered: sum('misdelivered'),
      lost: sum('lost'),
      notRecovered: sum('notRecovered'),
      reconnects: sum('reconnects'),
    }
  }

  /**
   * Due is what a node that lives took, and what one connection got: it was committed, so all must
   * get it. A hole that the connection was told of excuses it: that is counted as not recovered.
   */
  #eachMissing(use: (message: SentMessage, tab: number) => void): void {
    for (const message of this.#messages.values()) {
      const {outcome, deliveries, tabs} = message
      if (deliveries === tabs.length) continue
      const isTaken = outcome === 'receipted' || outcome === 'accepted'
      if (!isTaken && deliveries === 0) continue
      for (const tab of tabs) if (this.#bookOf(tab).lacks(message)) use(message, tab)
    }
  }

  #place(message: SentMessage, position: string): void {
    const other = this.#atPosition.get(position)
    this.#atPosition.set(position, message.n)
    message.position ??= position
    if ((other === undefined || other === message.n) && message.position === position) return
    this.#positionsTwice += 1
    this.#trouble(`message ${message.n} is at ${position} and at ${message.position}, `
      + `where message ${other} is`)
  }

  #bookOf(tab: number): TabBook {
    const book = this.#books[tab]
    if (book === undefined) throw new RangeError(`No tab ${tab}`)
    return book
  }

  #trouble(text: string): void {
    if (this.troubles.length < TROUBLES_MAX) this.troubles.push(text)
  }
}

const TROUBLES_MAX = 20
