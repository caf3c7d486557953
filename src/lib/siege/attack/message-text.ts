/** Messages as text, made from parts that are the same in all of them. */
import type {OutboxMessage} from '../../pool/outbox/outbox-store.js'
import {groupName, userName} from '../plan/audience.js'
import type {TargetKind} from '../plan/audience.js'
import {frameFor, mask, OPCODE} from '../wire/frame-reader.js'
import {MARKER_BYTES, markerText, writeMarker} from '../wire/marker.js'
import type {Marker} from '../wire/marker.js'
import type {AttackJob} from './job.js'

/** `["` and `"]` around the marker. */
export const DETAILS_BYTES_MIN = MARKER_BYTES + 4

const QUOTE = 0x22

export class MessageText {
  static #last: {readonly job: AttackJob; readonly text: MessageText} | undefined
  readonly #padding: string
  readonly #paddingBytes: Buffer
  readonly #name: string
  /** As JSON. */
  readonly #action: string
  readonly #isPlain: boolean
  readonly #echoBefore: Buffer
  readonly #echoBehind: Buffer
  readonly #users: readonly string[] | undefined

  constructor(job: AttackJob) {
    const isPlain = job.protocol === 'plain'
    const around = isPlain ? MARKER_BYTES : DETAILS_BYTES_MIN
    this.#padding = 'x'.repeat(Math.max(0, job.detailsBytes - around))
    this.#paddingBytes = Buffer.from(this.#padding)
    this.#name = job.action
    this.#action = JSON.stringify(job.action)
    this.#isPlain = isPlain
    this.#echoBefore = Buffer.from(isPlain ? '' : `{"action":${this.#action},"details":["`)
    this.#echoBehind = Buffer.from(isPlain ? this.#padding : `${this.#padding}"]}`)
    this.#users = job.proofs.type === 'tokens' ? job.proofs.users.map(({user}) => user) : undefined
  }

  /** The texts of a job; one job at a time is asked for. */
  static of(job: AttackJob): MessageText {
    if (this.#last?.job !== job) this.#last = {job, text: new MessageText(job)}
    return this.#last.text
  }

  /** What a client sends, as a frame: the bare marker, or an action of wsmesh. */
  echo(marker: Readonly<Marker>): Buffer {
    const before = this.#echoBefore
    const frame = frameFor(OPCODE.text, before.length + MARKER_BYTES + this.#echoBehind.length)
    const start = frame.length - this.#echoBehind.length - MARKER_BYTES - before.length
    const markerAt = start + before.length
    frame.set(before, start)
    writeMarker(frame, markerAt, marker)
    frame.set(this.#echoBehind, markerAt + MARKER_BYTES)
    mask(frame, start)
    return frame
  }

  /** `"action":…,"details":…,"target":…`, as operators and backends publish it. */
  publication(marker: Readonly<Marker>): string {
    const target = this.#target(marker.kind, marker.target)
    return `"action":${this.#action},"details":${this.#details(marker)},"target":${target}`
  }

  /** The same as the columns of an outbox. */
  row(marker: Readonly<Marker>): OutboxMessage {
    return {
      action: this.#name,
      details: this.#details(marker),
      target: this.#target(marker.kind, marker.target),
    }
  }

  /**
   * Whether a frame holds what was sent, all of it and nothing else. Its marker is at `markerAt`:
   * numbers that are right say nothing of what is behind them.
   */
  isWhole(bytes: Buffer, start: number, markerAt: number, end: number): boolean {
    const from = markerAt + MARKER_BYTES
    const to = from + this.#paddingBytes.length
    if (this.#isPlain ? start !== markerAt || to !== end : bytes[to] !== QUOTE) return false
    return to <= end && this.#paddingBytes.compare(bytes, from, to) === 0
  }

  #details(marker: Readonly<Marker>): string {
    return `["${markerText(marker)}${this.#padding}"]`
  }

  #target(kind: TargetKind, index: number): string {
    switch (kind) {
      case 'user':
        return JSON.stringify({user: this.#users?.[index] ?? userName(index)})
      case 'group':
        return JSON.stringify({group: groupName(index)})
      case 'everyone':
        return '{"everyone":true}'
      case 'echo':
        return '{}'
      default:
        return kind satisfies never
    }
  }
}
