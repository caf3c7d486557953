/**
 * Links to other nodes, by the numbers that the core knows them by: dialled ones are numbered by
 * the core (odd), accepted ones here (even). The core hears of each link's end once, unless it
 * closed the link itself.
 */
import {CLOSE} from '../protocol/close-code.js'
import type {CloseName} from '../protocol/close-code.js'
import {encodeNodeFrame, decodeNodeFrame} from '../protocol/node-codec.js'
import type {NodeAddress, NodeFrame} from '../protocol/node-frame.js'
import type {MeshEvent} from '../mesh/event.js'
import type {Socket, SocketHandler} from '../transport/transport.js'
import {assert} from '../util/assert.js'
import type {NodeId} from '../util/brand.js'
import type {Counters} from './counters.js'
import type {DialNode} from './dial-node.js'
import type {Log} from './log.js'

/** A link that takes nothing while so much waits for it is as good as cut. */
const LINK_QUEUE_BYTES_MAX = 32 * 1024 * 1024

/** How far other nodes are is measured so often. */
const PING_MS = 2000

export interface LinksOptions {
  readonly push: (event: MeshEvent) => void
  readonly dialNode: DialNode
  readonly counters: Counters
  readonly log: Log
  readonly now: () => number
}

interface OpenLink {
  readonly peer: NodeId
  readonly socket: Socket
  rttMs: number | undefined
}

/** Of one link with a node, the one on which most waits. */
export interface LinkLook {
  readonly rttMs: number | undefined
  readonly queueBytes: number
}

export class Links {
  readonly #options: LinksOptions
  readonly #open = new Map<number, OpenLink>()
  readonly #dialling = new Map<number, AbortController>()
  #lastAccepted = 0
  #pingedAtMs = 0
  #lastComplaint = ''
  #lastEncoded: {readonly frame: NodeFrame; readonly bytes: Uint8Array} | undefined

  constructor(options: LinksOptions) {
    this.#options = options
  }

  /** Links that are open, dialled and accepted. */
  get count(): number {
    return this.#open.size
  }

  get dialling(): number {
    return this.#dialling.size
  }

  /** A node that proved itself at our door. */
  accepted(peer: NodeId, socket: Socket): SocketHandler {
    this.#lastAccepted += 2
    const link = this.#lastAccepted
    this.#open.set(link, {peer, socket, rttMs: undefined})
    this.#options.push({type: 'link-accepted', link, peer})
    return this.#handlerOf(link)
  }

  /** Ends in link-opened or link-failed, unless close comes first. */
  dial(link: number, to: NodeAddress): void {
    const abort = new AbortController()
    this.#dialling.set(link, abort)
    void this.#dial(link, to, abort.signal)
  }

  async #dial(link: number, to: NodeAddress, signal: AbortSignal): Promise<void> {
    const {dialNode, push, log} = this.#options
    const result = await dialNode(to, signal, (socket) => this.#dialled(link, to.id, socket))
    if (result.ok || !this.#dialling.delete(link)) return
    const complaint = `${to.url} ${result.detail}`
    // Once: the core dials again every second.
    const isNews = result.turnedAway === true && complaint !== this.#lastComplaint
    if (isNews) this.#lastComplaint = complaint
    const text = isNews ? 'No link with a node' : 'A node cannot be reached'
    log[isNews ? 'warn' : 'debug'](text, {node: to.id, url: to.url, why: result.detail})
    push({type: 'link-failed', link, gone: result.gone})
  }

  /** Told at once: the first frame may follow in the same turn. */
  #dialled(link: number, peer: NodeId, socket: Socket): SocketHandler {
    if (this.#dialling.delete(link)) {
      this.#open.set(link, {peer, socket, rttMs: undefined})
      this.#options.push({type: 'link-opened', link, peer})
    } else {
      // The core closed the link in this very turn.
      socket.destroy()
    }
    return this.#handlerOf(link)
  }

  send(link: number, frame: NodeFrame): void {
    const open = this.#open.get(link)
    if (open === undefined) return
    if (open.socket.bufferedBytes > LINK_QUEUE_BYTES_MAX) {
      this.#options.counters.add('linksClosedSlow')
      this.#options.log.warn('A link takes nothing any more', {peer: open.peer})
      this.#end(link, open, 'slowConsumer')
      return
    }
    const bytes = this.#encode(frame)
    open.socket.send(bytes)
    this.#options.counters.add('linkFramesOut')
    this.#options.counters.add('linkBytesOut', bytes.byteLength)
  }

  /** On the core's word: it is told nothing of this link any more. */
  close(link: number, reason: string): void {
    const dialling = this.#dialling.get(link)
    this.#dialling.delete(link)
    dialling?.abort()
    const open = this.#take(link)
    if (open === undefined) return
    this.#options.log.debug('Link closed', {peer: open.peer, reason})
    open.socket.close(CLOSE.unavailable.code, reason.slice(0, 100))
  }

  /**
   * Asks all links how long there and back takes, behind all that waits for them. Expected about
   * every second or more often.
   */
  sample(nowMs: number): void {
    if (nowMs - this.#pingedAtMs < PING_MS) return
    this.#pingedAtMs = nowMs
    const payload = String(nowMs)
    for (const {socket} of this.#open.values()) socket.ping(payload)
  }

  /** Undefined where no link with it is open. */
  look(node: NodeId): LinkLook | undefined {
    let found: LinkLook | undefined
    for (const {peer, socket, rttMs} of this.#open.values()) {
      const queueBytes = socket.bufferedBytes
      if (peer === node && queueBytes >= (found?.queueBytes ?? 0)) found = {rttMs, queueBytes}
    }
    return found
  }

  /** The node stops. */
  destroyAll(): void {
    for (const abort of this.#dialling.values()) abort.abort()
    for (const {socket} of this.#open.values()) socket.destroy()
    this.#dialling.clear()
    this.#open.clear()
  }

  #handlerOf(link: number): SocketHandler {
    return {
      onMessage: (data, isBinary) => this.#received(link, data, isBinary),
      onPong: (payload) => {
        const open = this.#open.get(link)
        const rttMs = this.#options.now() - Number(payload)
        // One that nobody asked for may say anything.
        if (open !== undefined && rttMs >= 0) open.rttMs = rttMs
      },
      onViolation: () => this.#options.counters.add('linkViolations'),
      onClose: () => {
        if (this.#take(link) !== undefined) this.#tellClosed(link)
      },
    }
  }

  #received(link: number, data: Uint8Array, isBinary: boolean): void {
    const open = this.#open.get(link)
    if (open === undefined) return
    this.#options.counters.add('linkFramesIn')
    this.#options.counters.add('linkBytesIn', data.byteLength)
    const read = isBinary ? decodeNodeFrame(data) : undefined
    if (read?.ok === true) {
      this.#options.push({type: 'frame', link, frame: read.value})
      return
    }
    this.#options.counters.add('linkViolations')
    const why = read === undefined ? 'a text frame' : read.violation.reason
    this.#options.log.warn('A node broke the protocol', {peer: open.peer, why})
    this.#end(link, open, read?.violation.close ?? 'badFrame')
  }

  #end(link: number, {socket}: OpenLink, close: CloseName): void {
    this.#open.delete(link)
    const {code, reason} = CLOSE[close]
    socket.close(code, reason)
    this.#tellClosed(link)
  }

  #tellClosed(link: number): void {
    this.#options.push({type: 'link-closed', link})
  }

  #take(link: number): OpenLink | undefined {
    const open = this.#open.get(link)
    this.#open.delete(link)
    return open
  }

  /** A master says the same to all its followers. */
  #encode(frame: NodeFrame): Uint8Array {
    if (this.#lastEncoded?.frame !== frame) {
      this.#lastEncoded = {frame, bytes: encodeNodeFrame(frame)}
    }
    assert(this.#lastEncoded !== undefined, 'Just encoded')
    return this.#lastEncoded.bytes
  }
}
