/** The parts of a NATS relay, put together, from a node's start to its end. */
import type {Standing} from '../../mesh/effect.js'
import type {InspectQuery, Inspection} from '../../mesh/inspect.js'
import type {MemberInfo} from '../../mesh/membership.js'
import type {Recovery} from '../../mesh/recovery.js'
import type {NatsClient, NatsMessage, NatsSubscription} from '../../nats/nats-client.js'
import {livePrefix, readPublishAnswer, storedPrefix, streamName, type JetStream}
  from '../../nats/stream.js'
import type {Position} from '../../protocol/position.js'
import type {Identity} from '../../protocol/target.js'
import type {NodeId} from '../../util/brand.js'
import {CalmWarning} from '../calm-warning.js'
import type {RelayPublish, RelayStats, RelayUser} from '../relay.js'
import {StoreLoop} from '../store-loop.js'
import {Inflow, type Arrival} from './inflow.js'
import {inspectRun} from './inspect.js'
import {Intake} from './intake.js'
import {Lives} from './lives.js'
import {Marks} from './marks.js'
import {Members} from './members.js'
import {Memory} from './memory.js'
import type {NatsRelayOptions} from './nats-relay.js'
import {Needs} from './needs.js'
import {OutgoingMessages, type OutgoingParcel} from './outgoing.js'
import {placeAfter, placeOf, streamSeqOf} from './places.js'
import {Post} from './post.js'
import {Receipts} from './receipts.js'
import {Recent} from './recent.js'
import {statsOfRun} from './run-stats.js'
import {StandingLook} from './standing-look.js'
import {StreamReader} from './stream-reader.js'
import {EVERYONE, keyOfText, keysOfIdentity, keyText, LOSSES, MARK} from './subjects.js'

export interface NatsRunOptions extends Omit<NatsRelayOptions, 'self'> {
  readonly self: MemberInfo
  readonly user: RelayUser
  readonly client: NatsClient
  readonly stream: JetStream
}

const TICK_MS = 100
const CHECK_MS = 1000
const SWEEP_MS = 5000
const ACCEPTED_MAX = 10_000

export class NatsRun {
  readonly #options: NatsRunOptions
  readonly #id: NodeId
  readonly #calm: CalmWarning
  readonly #memory: Memory
  readonly #inflow: Inflow
  readonly #lives: Lives
  readonly #needs: Needs
  readonly #marks: Marks
  readonly #outgoing: OutgoingMessages
  readonly #receipts: Receipts
  readonly #post: Post
  readonly #members: Members
  readonly #store: StoreLoop
  readonly #intake: Intake
  readonly #acceptedMs = new Recent<number, number>(ACCEPTED_MAX)
  readonly #timers: NodeJS.Timeout[] = []
  readonly #look: StandingLook
  #standing: Standing = {state: 'joining'}
  #watching: NatsSubscription | undefined
  #flush: NodeJS.Immediate | undefined
  #isStopped = false
  #reconnects = 0

  constructor(options: NatsRunOptions) {
    const {client, stream, relay, config, user, now, self, log, counters} = options
    const {slots, mesh} = relay.stream
    this.#options = options
    this.#id = self.id
    this.#calm = new CalmWarning(log)
    this.#memory = new Memory({ms: config.historyMs, bytes: config.historyBytes})
    const memory = this.#memory
    this.#receipts = new Receipts({
      answer: (ticket, receipt) => user.receipt(ticket, receipt),
      epoch: () => this.#inflow.epoch ?? '',
      now, countMs: config.dropMs,
    })
    const receipts = this.#receipts
    this.#post = new Post({
      self: self.id, client, mesh, memory, receipts, counters, now,
      needed: () => this.#needs.keys(),
      isHearing: () => this.#inflow.isHearing,
    })
    this.#marks = new Marks({now, send: (number) => this.#sendMark(number)})
    const reader = new StreamReader(stream, relay.stream)
    this.#intake = new Intake({
      user, memory, counters, now,
      epoch: () => this.#inflow.epoch ?? '',
      isNeeded: (key) => this.#needs.has(key),
      report: (to, reports) => this.#post.report(to, reports),
      lookBack: (key, after, through) => reader.subject(key, after, through),
    })
    this.#lives = this.#livesOf()
    this.#inflow = new Inflow({
      stream, lives: this.#lives, log, now,
      isUnclear: (arrival) => this.#intake.isUnclear(arrival),
      isConnected: () => client.isConnected,
      read: async (after, through) =>
        this.#clear(await reader.range(after, through, this.#needs.keys())),
      deliver: (arrivals) => this.#intake.deliver(arrivals),
      marked: ({seq, data}) => this.#marked(seq, data),
      begun: (isFirst) => this.#begun(isFirst),
      flushed: () => user.flushed(),
      changed: () => this.#changed(),
    })
    this.#needs = new Needs({
      slots, memory, now,
      epoch: () => this.#inflow.epoch,
      delivered: () => this.#inflow.delivered,
      firstSeq: () => this.#inflow.firstSeq,
      subscribe: (key) => this.#subscribe(keyText(key)),
      changed: (added, removed) => this.#post.changed(added, removed),
      mark: () => this.#marks.wait(),
      lastMark: () => this.#marks.last,
      read: async (key, after, through) =>
        this.#clear(await reader.subject(key, after, through, config.historyBytes)),
      keep: (key, from, earlier) => this.#intake.keepEarlier(key, from, earlier),
      lookFirst: () => this.#inflow.look(),
      forgotten: (key) => {
        this.#inflow.forget(key)
        this.#intake.forget(key)
      },
    })
    this.#outgoing = this.#outgoingOf()
    this.#store = this.#storeOf()
    this.#members = this.#membersOf()
    this.#look = new StandingLook({
      self: self.id, inflow: this.#inflow, neighbours: this.#post.neighbours,
      members: this.#members, client, startMs: now(),
    })
  }

  #livesOf(): Lives {
    const {stream, relay, config, log, now} = this.#options
    const subject = `${storedPrefix(relay.stream)}.${LOSSES}`
    return new Lives({stream, subject, historyMs: config.historyMs, log, now})
  }

  #outgoingOf(): OutgoingMessages {
    const {self, relay, config, client, user, now} = this.#options
    return new OutgoingMessages({
      self: self.id, slots: relay.stream.slots, config, now,
      term: () => this.#members.outboxTerm,
      place: () => this.#inflow.delivered,
      troubledAfter: () => this.#inflow.troubledAfter,
      canSend: () => client.isConnected && this.#post.isGreeted,
      payloadBytesMax: () => client.maxPayloadBytes,
      send: (parcel, bytes) => this.#send(parcel, bytes),
      accepted: (ticket, id) => user.accepted(ticket, id),
      refused: (ticket, reason) => user.refused(ticket, reason),
      late: (ticket) => user.receipt(ticket, {type: 'timeout'}),
    })
  }

  #storeOf(): StoreLoop {
    const {store, self, counters, log, user} = this.#options
    return new StoreLoop({
      store, self, counters, log,
      push: (event) => this.#members.answered(event),
      onMembers: (change, node) => user.members(change, node),
    })
  }

  #membersOf(): Members {
    const {self, config, hasOutbox, now} = this.#options
    return new Members({
      self: self.id, config, store: this.#store, hasOutbox, now,
      silentMs: (node) => this.#post.neighbours.silentMs(node),
      changed: () => this.#changed(),
    })
  }

  get standing(): Standing {
    return this.#standing
  }

  get position(): Position | undefined {
    const {epoch, delivered} = this.#inflow
    return epoch === undefined ? undefined : {epoch, ...placeAfter(delivered)}
  }

  start(): void {
    const {client, relay} = this.#options
    client.subscribe(`${client.inbox}.*`, (message) => this.#answered(message))
    this.#subscribe(`${MARK}.${this.#id}`)
    this.#subscribe(LOSSES)
    const advisory = `$JS.EVENT.ADVISORY.STREAM.LEADER_ELECTED.${streamName(relay.stream)}`
    client.subscribe(advisory, () => {
      this.#inflow.elected()
      this.#outgoing.restart()
    })
    this.#post.start()
    this.#inflow.catchUp('the node starts')
    this.#every(TICK_MS, () => this.#tick())
    this.#every(CHECK_MS, () => {
      void this.#inflow.check()
      this.#lives.sweep()
      this.#memory.trim(this.#options.now())
    })
    this.#every(SWEEP_MS, () => this.#needs.sweep(this.#options.user.needs()))
    this.#members.tick()
  }

  publish(message: RelayPublish): void {
    if (this.#isStopped) return
    this.#outgoing.accept(message)
    this.#acceptedMs.set(this.#outgoing.counter, this.#options.now())
    // What is published in one turn leaves together.
    this.#flush ??= setImmediate(() => {
      this.#flush = undefined
      this.#outgoing.flush()
    })
  }

  prepare(identity: Identity, resume: Position | undefined): Promise<boolean> | undefined {
    return this.#needs.prepare(identity, resume)
  }

  recover(position: Position, identity: Identity | undefined): Recovery {
    const {epoch, delivered} = this.#inflow
    const after = {term: position.term, seq: position.seq}
    if (position.epoch !== epoch) return {type: 'lost'}
    if (streamSeqOf(position) > delivered) return {type: 'ahead'}
    if (identity === undefined) return {type: 'recovered', after, entries: []}
    const keys = [EVERYONE, ...keysOfIdentity(identity, this.#options.relay.stream.slots)]
    if (!keys.every((key) => this.#memory.covers(key, position))) return {type: 'lost'}
    return {type: 'recovered', after, entries: this.#memory.after(keys, position)}
  }

  watch(isWatching: boolean): Promise<void> | undefined {
    this.#watching?.end()
    this.#watching = undefined
    if (!isWatching) return undefined
    const prefix = livePrefix(this.#options.relay.stream)
    this.#watching = this.#options.client.subscribe(`${prefix}.>`, (live) => this.#live(live))
    return this.#marks.wait().then(() => undefined)
  }

  acceptedAt(counter: number): number | undefined {
    return this.#acceptedMs.get(counter)
  }

  inspect(query: InspectQuery): Inspection {
    return inspectRun(query, {
      outgoing: this.#outgoing, memory: this.#memory, inflow: this.#inflow,
    })
  }

  stats(): RelayStats {
    return statsOfRun(this.#id, {
      inflow: this.#inflow, members: this.#members, neighbours: this.#post.neighbours,
      outgoing: this.#outgoing, memory: this.#memory, needs: this.#needs, intake: this.#intake,
    }, this.#reconnects)
  }

  lost(): void {
    this.#inflow.lost()
    this.#changed()
  }

  back(): void {
    this.#reconnects += 1
    this.#post.back()
    this.#inflow.catchUp('NATS is back')
    this.#outgoing.restart()
  }

  async drain(): Promise<void> {
    const {now, config} = this.#options
    const untilMs = now() + config.drainMs
    this.#outgoing.startDraining()
    while (now() < untilMs && (this.#outgoing.size > 0 || this.#receipts.size > 0)) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    const {size} = this.#outgoing
    if (size > 0) this.#options.log.warn('drain took too long', {outbox: size})
    this.#post.leave()
    this.#members.leave()
    await this.#store.settled()
    this.#look.isDrained = true
    this.#changed()
  }

  stop(): void {
    this.#isStopped = true
    for (const timer of this.#timers) clearInterval(timer)
    clearImmediate(this.#flush)
    this.#inflow.stop()
    this.#marks.stop()
  }

  #every(ms: number, run: () => void): void {
    this.#timers.push(setInterval(run, ms))
  }

  #tick(): void {
    this.#members.tick()
    this.#outgoing.sweep()
    this.#receipts.sweep()
    this.#marks.sweep()
    this.#post.sweep()
    this.#changed()
  }

  #subscribe(text: string): () => void {
    const {client, relay} = this.#options
    const subject = `${livePrefix(relay.stream)}.${text}`
    const subscription = client.subscribe(subject, (message) => this.#live(message))
    return () => subscription.end()
  }

  #live(message: NatsMessage): void {
    if (this.#isStopped) return
    const text = message.subject.slice(livePrefix(this.#options.relay.stream).length + 1)
    if (text === LOSSES) {
      if (this.#lives.heard(message.data)) this.#inflow.catchUp('the stream has lost its end')
      return
    }
    const isMark = text.startsWith(`${MARK}.`)
    if (isMark && text.slice(MARK.length + 1) !== this.#id) return
    const key = isMark ? undefined : keyOfText(text)
    const seq = Number(message.header('Nats-Sequence'))
    const before = Number(message.header('Nats-Last-Sequence'))
    if ((key === undefined && !isMark) || !(seq > 0) || !(before >= 0)) {
      this.#options.counters.add('linkViolations')
      return
    }
    this.#inflow.arrived({key, seq, before, data: message.data})
  }

  async #clear(arrivals: readonly Arrival[]): Promise<readonly Arrival[]> {
    await this.#intake.clarify(arrivals)
    return arrivals
  }

  #sendMark(number: number): void {
    const subject = `${storedPrefix(this.#options.relay.stream)}.${MARK}.${this.#id}`
    this.#options.client.publish(subject, Buffer.from(String(number)))
  }

  #marked(seq: number, data: Uint8Array): void {
    const number = Number(Buffer.from(data).toString())
    this.#needs.marked(number, seq)
    this.#marks.arrived(number)
  }

  #begun(isFirst: boolean): void {
    this.#needs.begun(this.#inflow.delivered)
    this.#intake.begin()
    this.#outgoing.begin(this.#inflow.delivered)
    if (isFirst) return
    this.#options.log.warn('What the stream has is not what was before: clients begin anew', {})
    this.#options.user.logReplaced(placeOf(0, 0), true)
  }

  #send({number, key, id}: OutgoingParcel, bytes: Uint8Array): void {
    const {client, relay} = this.#options
    client.publish(`${storedPrefix(relay.stream)}.${keyText(key)}`, bytes, {
      reply: `${client.inbox}.${number}`, headers: [['Nats-Msg-Id', id]],
    })
  }

  /** What the stream says to a parcel. */
  #answered(message: NatsMessage): void {
    const number = Number(message.subject.slice(message.subject.lastIndexOf('.') + 1))
    // Without a leader nobody is there to answer: soon again.
    const answer = message.status === 0 ? readPublishAnswer(message.data) : undefined
    if (answer === undefined || 'why' in answer) {
      if (answer !== undefined) this.#calm.warn('The stream refuses a message', {why: answer.why})
      this.#outgoing.failed(number)
      return
    }
    const {seq, isRepeat} = answer
    const parcel = this.#outgoing.stored(number)
    if (parcel === undefined) return
    const {neighbours} = this.#post
    const nodes = [...(isRepeat ? neighbours.ids() : neighbours.needing(parcel.key))]
    if (isRepeat || this.#needs.has(parcel.key)) nodes.push(this.#id)
    this.#receipts.stored(seq, parcel.messages, nodes)
    if (isRepeat) this.#post.recount(seq)
  }

  #changed(): void {
    if (this.#isStopped) return
    const standing = this.#look.at(this.#options.now())
    const term = standing.state === 'linked' ? standing.outboxTerm : undefined
    const before = this.#standing.state === 'linked' ? this.#standing.outboxTerm : undefined
    if (before !== undefined && before !== term) this.#outgoing.withdraw()
    if (standing.state === this.#standing.state && term === before) return
    this.#standing = standing
    this.#options.user.standing(standing)
  }
}
