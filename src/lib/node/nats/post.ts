/** What nodes tell each other past the stream: who lives, who needs what, who got what. */
import type {NatsClient} from '../../nats/nats-client.js'
import {decodeNews, encodeNews, NEWS_KEYS_MAX, type News, type Reported}
  from '../../protocol/relay-codec.js'
import type {NodeId} from '../../util/brand.js'
import type {Counters} from '../counters.js'
import {reportOf} from './intake.js'
import type {Memory} from './memory.js'
import {Neighbours} from './neighbours.js'
import type {Receipts} from './receipts.js'

/** Room for the frames that tell all of a node's needs, numbered downwards. */
const FIRST_VERSION = 10_000
/** So long others have to tell their needs once NATS is back. */
const GREETING_MS = 500

export interface PostOptions {
  readonly self: NodeId
  readonly client: NatsClient
  readonly mesh: string
  readonly memory: Memory
  readonly receipts: Receipts
  readonly counters: Counters
  readonly now: () => number
  /** Of this node. */
  readonly needed: () => Iterable<number>
  /** NATS brings what there is: who is silent then is silent himself. */
  readonly isHearing: () => boolean
}

export class Post {
  readonly neighbours: Neighbours
  readonly #options: PostOptions
  readonly #all: string
  /** Of this node's needs: rises by one with each frame that tells of a change. */
  #version = FIRST_VERSION
  #beatMs = -Infinity
  #backMs = -Infinity

  constructor(options: PostOptions) {
    this.#options = options
    this.#all = `${options.mesh}.n.all`
    this.neighbours = new Neighbours({
      ask: (node) => this.#send(this.#of(node), {type: 'ask', from: options.self}),
      onGone: (node) => options.receipts.gone(node),
      now: options.now,
    })
  }

  start(): void {
    const {client, self, counters} = this.#options
    for (const subject of [this.#all, this.#of(self)]) {
      client.subscribe(subject, ({data}) => {
        const read = decodeNews(data)
        if (!read.ok) counters.add('linkViolations')
        else if (read.value.from !== self) this.#heard(read.value)
      })
    }
    this.askAll()
  }

  /** Everybody tells their needs, and is told this node's. */
  askAll(): void {
    this.#send(this.#all, {type: 'ask', from: this.#options.self})
    this.#tellAll(this.#all)
  }

  /** NATS is back. */
  back(): void {
    this.#backMs = this.#options.now()
    this.neighbours.startAfresh()
    this.askAll()
  }

  /** It is known again who needs what: receipts of what is sent now count all. */
  get isGreeted(): boolean {
    return this.neighbours.areKnown || this.#options.now() - this.#backMs >= GREETING_MS
  }

  /** Expected several times a second. */
  sweep(): void {
    const {now, self, client, isHearing} = this.#options
    if (!client.isConnected || now() - this.#beatMs < this.neighbours.beatMs) return
    this.#beatMs = now()
    this.#send(this.#all, {type: 'beat', from: self, version: this.#version})
    if (isHearing()) this.neighbours.sweep()
  }

  changed(added: readonly number[], removed: readonly number[]): void {
    const from = this.#options.self
    for (const [more, less] of chunks(added, removed)) {
      this.#version += 1
      const version = this.#version
      this.#send(this.#all, {
        type: 'needs', from, version, isWhole: false, added: more, removed: less,
      })
    }
  }

  report(to: NodeId, reports: readonly Reported[]): void {
    const {self, receipts} = this.#options
    if (to === self) for (const report of reports) receipts.reported(self, report)
    else this.#send(this.#of(to), {type: 'report', from: self, reports})
  }

  /** All who live say what became of a parcel that was stored before. */
  recount(seq: number): void {
    const {self} = this.#options
    this.#send(this.#all, {type: 'recount', from: self, seq})
    this.#recounted(self, seq)
  }

  leave(): void {
    this.#send(this.#all, {type: 'bye', from: this.#options.self})
  }

  #heard(news: News): void {
    const {receipts} = this.#options
    switch (news.type) {
      case 'beat':
        this.neighbours.beat(news.from, news.version)
        return
      case 'needs':
        this.neighbours.needs(news)
        return
      case 'ask':
        this.#tellAll(this.#of(news.from))
        return
      case 'bye':
        this.neighbours.gone(news.from)
        return
      case 'report':
        for (const report of news.reports) receipts.reported(news.from, report)
        return
      case 'recount':
        this.#recounted(news.from, news.seq)
        return
    }
  }

  #recounted(to: NodeId, seq: number): void {
    const kept = this.#options.memory.find(seq)
    this.report(to, [kept === undefined ? {seq, at: seq, connections: []} : reportOf(kept)])
  }

  /** The last of the frames has this node's version; the one before it one less. */
  #tellAll(subject: string): void {
    const from = this.#options.self
    const parts = chunks([...this.#options.needed()], [])
    for (const [index, [added]] of parts.entries()) {
      const version = this.#version - (parts.length - 1 - index)
      const isWhole = index === 0
      this.#send(subject, {type: 'needs', from, version, isWhole, added, removed: []})
    }
  }

  #of(node: NodeId): string {
    return `${this.#options.mesh}.n.${node}`
  }

  #send(subject: string, news: News): void {
    this.#options.client.publish(subject, encodeNews(news))
  }
}

function chunks(
  added: readonly number[], removed: readonly number[],
): (readonly [readonly number[], readonly number[]])[] {
  const parts: (readonly [readonly number[], readonly number[]])[] = []
  const length = Math.max(added.length, removed.length, 1)
  for (let at = 0; at < length; at += NEWS_KEYS_MAX) {
    const end = at + NEWS_KEYS_MAX
    parts.push([added.slice(at, end), removed.slice(at, end)])
  }
  return parts
}
