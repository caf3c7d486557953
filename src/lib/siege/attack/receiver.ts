/**
 * One client of a siege: it comes in, keeps a book of all that it gets, and comes back when its
 * connection ends. With `--target echo` it also sends.
 */
import {AUTHENTICATION, ERROR_SUFFIX} from '../../protocol/client-frame.js'
import {shouldReconnect} from '../../protocol/close-code.js'
import {isRecord, parseJson} from '../../protocol/json-text.js'
import {LIMITS} from '../../protocol/limits.js'
import {SUBPROTOCOL} from '../../protocol/version.js'
import {StreamBook} from '../ledger/stream-book.js'
import type {StreamResult} from '../ledger/stream-book.js'
import {nowUs} from '../measure/clock.js'
import {record} from '../measure/histograms.js'
import {emptyMarker, hasBeginning, readMarker} from '../wire/marker.js'
import {WireSocket} from '../wire/wire-socket.js'
import type {WireEnd} from '../wire/wire-socket.js'
import {EchoBook} from './echo-book.js'
import type {Field} from './field.js'
import {MessageText} from './message-text.js'

/** What was sent on a stream in all. */
export interface SentOn {
  readonly sent: number
  readonly excluded: ReadonlySet<number>
}

export interface ReceiverOptions {
  readonly field: Field
  /** Among all of the siege. */
  readonly index: number
  readonly token: string | undefined
  readonly isSlow: boolean
  readonly localAddress: string | undefined
}

const PAUSE_MS = 50
const PAUSE_MS_MAX = 2000
const NORMAL = 1000
const MEASURED_MIN = 3
/** One for all: it is read and used up before the next frame. */
const MARKER = emptyMarker()
/** Where it was in the last frame: they are all alike up to there. */
let markerAt = -1

export class Receiver {
  readonly index: number
  readonly user: number
  readonly isSlow: boolean
  readonly #options: ReceiverOptions
  readonly #field: Field
  readonly #books = new Map<number, StreamBook>()
  readonly #echo: EchoBook
  #wire: WireSocket | undefined
  #node = 0
  #isIn = false
  #isFirst = true
  #isOver = false
  #isLeaving = false
  #tries: number
  #intendedUs = 0
  #position: string | undefined
  #timer: NodeJS.Timeout | undefined
  #fastestUs = Number.POSITIVE_INFINITY
  #measured = 0
  duplicated = 0
  reordered = 0
  misdelivered = 0
  corrupted = 0
  closes = 0
  /** Not let in, and asking again would change nothing. */
  isRefused = false

  constructor(options: ReceiverOptions) {
    const {field, index, isSlow} = options
    this.#options = options
    this.#field = field
    this.index = index
    this.user = field.audience.userOf(index)
    this.isSlow = isSlow
    this.#tries = index
    this.#echo = new EchoBook(field, index)
  }

  get isIn(): boolean {
    return this.#isIn
  }

  /** Of its messages; undefined: too few were measured. */
  get fastestUs(): number | undefined {
    return this.#measured < MEASURED_MIN ? undefined : this.#fastestUs
  }

  get bufferedBytes(): number {
    return this.#wire?.bufferedBytes ?? 0
  }

  get nodeName(): string {
    return this.#field.targets[this.#node]?.name ?? ''
  }

  connect(intendedUs: number): void {
    if (this.#isOver) return
    const {localAddress, field} = this.#options
    this.#node = this.#tries % field.targets.length
    const target = field.targets[this.#node]
    if (target === undefined) return
    this.#intendedUs = intendedUs
    field.tally.connectsTried += 1
    field.tally.connecting += 1
    this.#wire = new WireSocket({
      url: new URL(target.clientUrl),
      subprotocol: field.job.protocol === 'wsmesh' ? SUBPROTOCOL.client : undefined,
      localAddress,
      timeoutMs: field.job.timeoutMs,
      maxFrameBytes: LIMITS.nodeFrameBytes,
    }, this)
  }

  /** Due at this time: sent now, or as soon as there is a connection. */
  hit(intendedUs: number): void {
    if (this.#isIn && this.#wire !== undefined) this.#echo.hit(this.#wire, intendedUs)
    else this.#echo.add(intendedUs)
  }

  flush(): void {
    this.#wire?.flush()
  }

  /** Leaves and comes back: after what it saw last, or as one who was never there. */
  churn(how: 'close' | 'cut', comesBack: 'resuming' | 'new'): void {
    if (!this.#isIn || this.#wire === undefined) return
    if (comesBack === 'new') this.#forget()
    this.#isLeaving = true
    if (how === 'close') this.#wire.close(NORMAL)
    else this.#wire.destroy()
  }

  /** A slow reader reads once, whatever lies there. */
  sip(): void {
    if (this.isSlow && this.#isIn) this.#wire?.resume()
  }

  close(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#wire?.close(NORMAL)
  }

  destroy(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#wire?.destroy()
  }

  /** What is missing, now that it is known what was sent; see StreamBook. */
  result(sentOn: (stream: number) => SentOn, senders: readonly number[]): StreamResult {
    const own = this.#echo.result()
    let {delivered, lost} = own
    const {audience} = this.#field
    for (const sender of senders) {
      const streams = [
        this.#field.streamOf(sender, 'user', this.user),
        this.#field.streamOf(sender, 'group', audience.groupOf(this.user)),
        this.#field.streamOf(sender, 'everyone', 0),
      ]
      for (const stream of streams) {
        const {sent, excluded} = sentOn(stream)
        if (sent === 0) continue
        const book = this.#books.get(stream) ?? this.#newBook()
        const result = book.close(sent, excluded)
        delivered += result.delivered
        lost += result.lost
      }
    }
    return {delivered, lost}
  }

  onOpen(): void {
    if (this.#field.job.protocol === 'plain') return this.#entered()
    const {token} = this.#options
    const resume = this.#position === undefined ? {} : {resume: this.#position}
    const proof = token === undefined ? resume : {token, ...resume}
    this.#wire?.send(JSON.stringify({action: AUTHENTICATION, details: [proof]}))
    this.#wire?.flush()
  }

  onRead(bytes: number): void {
    const {tally} = this.#field
    tally.bytesReceived += bytes
    if (this.isSlow && this.#isIn) this.#wire?.pause()
    this.#field.onActivity()
  }

  onWritten(bytes: number): void {
    this.#field.tally.bytesSent += bytes
  }

  onMessage(bytes: Buffer, start: number, end: number): void {
    const at = readMarker(bytes, start, end, markerAt, MARKER)
    if (at === -1) return this.#other(bytes, start, end)
    markerAt = at
    if (this.#field.job.protocol === 'wsmesh') this.#readPosition(bytes, end)
    const {job, tally} = this.#field
    if (MARKER.run !== job.run) {
      tally.foreign += 1
      return
    }
    if (!MessageText.of(job).isWhole(bytes, start, start + at, end)) this.#corrupted()
    this.#arrived()
  }

  /** It counts as delivered all the same: who lost and who spoiled it are two questions. */
  #corrupted(): void {
    this.#field.tally.corrupted += 1
    this.corrupted += 1
  }

  #arrived(): void {
    const {tally, audience} = this.#field
    const {kind, sender, target, number} = MARKER
    const isMine = kind === 'echo' ? sender === this.index : audience.isFor(kind, target, this.user)
    // Before it has proved who it is, nothing is for it.
    if (!isMine || !this.#isIn) {
      tally.misdelivered += 1
      this.misdelivered += 1
      return
    }
    if (this.isSlow) return
    const book = kind === 'echo' ? this.#echo.book : this.#bookOf(sender, kind, target)
    const missing = book.missing
    const arrival = book.arrived(number)
    tally.missing += book.missing - missing
    if (arrival === 'duplicate') {
      tally.duplicated += 1
      this.duplicated += 1
      return
    }
    if (arrival === 'late') {
      tally.reordered += 1
      this.reordered += 1
    }
    const latencyUs = this.#field.delivered(MARKER, this.#node)
    if (latencyUs === undefined) return
    if (latencyUs < this.#fastestUs) this.#fastestUs = latencyUs
    this.#measured += 1
  }

  #bookOf(sender: number, kind: 'user' | 'group' | 'everyone', target: number): StreamBook {
    const stream = this.#field.streamOf(sender >> NODE_SHIFT, kind, target)
    let book = this.#books.get(stream)
    if (book === undefined) {
      book = this.#newBook()
      this.#books.set(stream, book)
    }
    return book
  }

  /** One who was there before the load began must get all of it. */
  #newBook(): StreamBook {
    return new StreamBook(!this.#hasForgotten)
  }

  #hasForgotten = false

  /** Whatever it missed is nobody's loss. */
  #forget(): void {
    this.#hasForgotten = true
    this.#position = undefined
    for (const book of this.#books.values()) {
      this.#field.tally.missing -= book.missing
      book.restart()
    }
  }

  /** A delivered frame of wsmesh.v1 ends in its position. */
  #readPosition(bytes: Buffer, end: number): void {
    if (bytes[end - 1] !== BRACE || bytes[end - 2] !== QUOTE) return
    let from = end - 3
    while (from > end - POSITION_BYTES_MAX && bytes[from] !== QUOTE) from -= 1
    this.#position = bytes.toString('latin1', from + 1, end - 2)
  }

  /** A frame without a marker: answers of the node, or other messages of the application. */
  #other(bytes: Buffer, start: number, end: number): void {
    if (hasBeginning(bytes, start, end, this.#field.job.run)) return this.#corrupted()
    if (this.#field.job.protocol === 'plain') {
      this.#field.tally.foreign += 1
      return
    }
    const read = parseJson(bytes.subarray(start, end))
    if (!read.ok || !isRecord(read.value)) {
      this.#field.error('a frame that is no JSON object')
      return
    }
    const {action, details, position} = read.value
    const list: readonly unknown[] = Array.isArray(details) ? details : []
    if (action === AUTHENTICATION) {
      this.#letIn(list[1])
    } else if (action === AUTHENTICATION + ERROR_SUFFIX) {
      this.isRefused = true
      this.#field.error(`not let in: ${String(list[0])} ${String(list[1])}`)
      this.#wire?.destroy()
    } else if (typeof action === 'string' && action.endsWith(ERROR_SUFFIX)) {
      this.#field.error(`${action} ${String(list[0])} ${String(list[1])}`)
    } else if (action === 'Client/position' && typeof list[0] === 'string') {
      this.#position = list[0]
    } else {
      this.#field.tally.foreign += 1
      if (typeof position === 'string') this.#position = position
    }
  }

  #letIn(info: unknown): void {
    const isRecovered = isRecord(info) && info['recovered'] === true
    if (!this.#isFirst && this.#position !== undefined && !isRecovered) {
      this.#field.tally.notRecovered += 1
      this.#forget()
    }
    const start = isRecord(info) ? info['position'] : undefined
    if (typeof start === 'string' && !isRecovered) this.#position = start
    this.#entered()
  }

  #entered(): void {
    const {tally, meters, startUs} = this.#field
    this.#isIn = true
    tally.connecting -= 1
    tally.connected += 1
    if (!this.#isFirst) tally.reconnects += 1
    // One who comes when the load has begun cannot have got what was before.
    else if (startUs !== undefined) this.#forget()
    this.#isFirst = false
    this.#tries = this.#node
    record(meters.connect, nowUs() - this.#intendedUs)
    if (this.isSlow) this.#wire?.pause()
    if (this.#wire !== undefined) this.#echo.send(this.#wire)
  }

  onEnd(end: WireEnd): void {
    const {tally} = this.#field
    const wasIn = this.#isIn
    this.#isIn = false
    if (wasIn) tally.connected -= 1
    else tally.connecting -= 1
    if (this.#isOver) return
    if (wasIn && this.#isLeaving) this.#echo.excuse()
    else if (wasIn) this.#lostBy(end)
    else this.#failed(end)
    const comesBack = !this.isRefused && (wasIn || shouldReconnect(end.code))
    const isPlanned = wasIn && this.#isLeaving
    this.#isLeaving = false
    if (comesBack) this.#comeBack(isPlanned ? 0 : this.#pauseMs(wasIn))
  }

  #lostBy({code, reason, error}: WireEnd): void {
    const {tally, closes} = this.#field
    this.#wire = undefined
    if (this.isSlow) {
      tally.slowClosed += 1
      return
    }
    this.closes += 1
    tally.closedByServer += 1
    closes.add(code, reason)
    if (error !== undefined) this.#field.error(error)
    this.#tries += 1
  }

  #failed({code, reason, error}: WireEnd): void {
    this.#field.tally.connectsFailed += 1
    const why = code === 1006 ? 'closed before it was let in' : `closed with ${code} ${reason}`
    if (!this.isRefused) this.#field.error(error ?? why)
    this.#tries += 1
  }

  #pauses = 0

  /** Full jitter, longer for each try in vain. */
  #pauseMs(wasIn: boolean): number {
    this.#pauses = wasIn ? 0 : this.#pauses + 1
    return Math.random() * Math.min(PAUSE_MS * 2 ** this.#pauses, PAUSE_MS_MAX)
  }

  #comeBack(afterMs: number): void {
    const dueUs = nowUs() + afterMs * 1000
    this.#timer = setTimeout(() => this.connect(dueUs), afterMs)
  }
}

const NODE_SHIFT = 8
const BRACE = 0x7d
const QUOTE = 0x22
const POSITION_BYTES_MAX = 64
