/**
 * A WebSocket of the siege's own, straight on `node:net`: ten thousand of them share one buffer to
 * read into, frames are read where they lie, and what is sent in one turn is one write. The general
 * client in transport/ would make the generator dearer than the node under test.
 */
import {connect, isIP} from 'node:net'
import type {Socket} from 'node:net'
import {messageEnds, readBegins} from '../measure/arrival.js'
import {FrameReader, maskedFrame, OPCODE} from './frame-reader.js'
import {peerOf, refusalOf, upgradeRequest} from './upgrade.js'
import type {UpgradeRequest} from './upgrade.js'

export interface WireOptions {
  readonly url: URL
  readonly subprotocol?: string | undefined
  /** Which address of this machine it comes from. */
  readonly localAddress?: string | undefined
  readonly timeoutMs: number
  readonly maxFrameBytes: number
}

export interface WireHandler {
  onOpen(): void
  /** The bytes are only valid during the call. */
  onMessage(bytes: Buffer, start: number, end: number): void
  /** Once, however it ended, also when it was never open. 1006: without a close frame. */
  onEnd(end: WireEnd): void
  /** After each piece of work on what came. */
  onRead(bytes: number): void
  onWritten(bytes: number): void
}

export interface WireEnd {
  readonly wasOpen: boolean
  readonly code: number
  readonly reason: string
  /** Of the operating system or of this protocol; undefined for an orderly close. */
  readonly error: string | undefined
  /** This side began it. */
  readonly isOwn: boolean
}

const READ_BYTES = 64 * 1024
/** All sockets read into it: each read is dealt with before the next one. */
const SHARED = Buffer.allocUnsafe(READ_BYTES)
const HEAD_BYTES_MAX = 16 * 1024
const CLOSE_MS = 3000
const HEAD_END = '\r\n\r\n'

export class WireSocket {
  readonly #handler: WireHandler
  readonly #options: WireOptions
  readonly #reader: FrameReader
  readonly #upgrade: UpgradeRequest
  readonly #timer: NodeJS.Timeout
  #socket: Socket | undefined
  #closeTimer: NodeJS.Timeout | undefined
  #head: Buffer | undefined = Buffer.alloc(0)
  #isOpen = false
  #isOver = false
  #isOwn = false
  #code = 1006
  #reason = ''
  #error: string | undefined
  #waiting: Buffer | undefined
  #waitingToo: Buffer[] = []

  constructor(options: WireOptions, handler: WireHandler) {
    this.#options = options
    this.#handler = handler
    this.#reader = new FrameReader(
      (opcode, bytes, start, end) => this.#frame(opcode, bytes, start, end),
      options.maxFrameBytes,
    )
    this.#upgrade = upgradeRequest({url: options.url, subprotocol: options.subprotocol})
    this.#timer = setTimeout(
      () => this.#fail(`no answer within ${options.timeoutMs / 1000} s`),
      options.timeoutMs,
    )
    this.#connect()
  }

  get isOpen(): boolean {
    return this.#isOpen && !this.#isOver && this.#closeTimer === undefined
  }

  /** What the operating system has not taken. */
  get bufferedBytes(): number {
    return this.#socket?.writableLength ?? 0
  }

  /** A text message; it leaves with flush. */
  send(text: string | Uint8Array): void {
    if (!this.isOpen) return
    const payload = typeof text === 'string' ? Buffer.from(text) : text
    this.sendFrame(maskedFrame(OPCODE.text, payload))
  }

  /** A whole frame, masked; it leaves with flush. */
  sendFrame(frame: Buffer): void {
    if (!this.isOpen) return
    // Mostly there is one, and a list for it would be dearer than the frame.
    if (this.#waiting === undefined) this.#waiting = frame
    else this.#waitingToo.push(frame)
  }

  flush(): void {
    const frame = this.#waiting
    if (frame === undefined) return
    this.#waiting = undefined
    const bytes = this.#waitingToo.length === 0 ? frame : this.#withOthers(frame)
    this.#handler.onWritten(bytes.length)
    this.#socket?.write(bytes)
  }

  #withOthers(frame: Buffer): Buffer {
    const bytes = Buffer.concat([frame, ...this.#waitingToo])
    this.#waitingToo = []
    return bytes
  }

  /** What arrives stays with the operating system, then with the server. */
  pause(): void {
    this.#socket?.pause()
  }

  resume(): void {
    this.#socket?.resume()
  }

  close(code: number): void {
    if (this.#isOver) return
    this.#isOwn = true
    if (!this.isOpen) return this.destroy()
    this.flush()
    const payload = Buffer.allocUnsafe(2)
    payload.writeUInt16BE(code, 0)
    this.#socket?.write(maskedFrame(OPCODE.close, payload))
    this.#closeTimer = setTimeout(() => this.destroy(), CLOSE_MS)
  }

  /** At once, as a client whose network is gone. */
  destroy(): void {
    this.#isOwn = true
    this.#socket?.destroy()
    this.#ended()
  }

  #connect(): void {
    const {url, localAddress} = this.#options
    const peer = peerOf(url)
    const from = localAddress === undefined ? {} : {localAddress}
    if (peer.type === 'tcp' && peer.isSecure) {
      void this.#connectTls(peer.host, peer.port, from)
      return
    }
    const onread = {
      buffer: SHARED,
      callback: (length: number) => {
        this.#read(SHARED, length)
        return true
      },
    }
    const socket = peer.type === 'unix'
      ? connect({path: peer.path, onread})
      : connect({host: peer.host, port: peer.port, ...from, onread, noDelay: true})
    this.#use(socket, 'connect')
  }

  async #connectTls(host: string, port: number, from: {localAddress?: string}): Promise<void> {
    const {connect: connectTls} = await import('node:tls')
    if (this.#isOver) return
    const servername = isIP(host) === 0 ? {servername: host} : {}
    const socket = connectTls({host, port, ...from, ...servername})
    socket.on('data', (bytes: Buffer) => this.#read(bytes, bytes.length))
    this.#use(socket, 'secureConnect')
  }

  #use(socket: Socket, opened: 'connect' | 'secureConnect'): void {
    this.#socket = socket
    socket.once(opened, () => socket.write(this.#upgrade.text))
    socket.on('error', (error: NodeJS.ErrnoException) => (this.#error ??= errorText(error)))
    socket.once('close', () => this.#ended())
  }

  #read(bytes: Buffer, length: number): void {
    if (this.#isOver) return
    readBegins(this.#reader.isBetween)
    if (this.#head === undefined) this.#frames(bytes, length)
    else this.#readHead(bytes, length)
    messageEnds()
    this.#handler.onRead(length)
  }

  #readHead(bytes: Buffer, length: number): void {
    const head = Buffer.concat([this.#head ?? Buffer.alloc(0), bytes.subarray(0, length)])
    const end = head.indexOf(HEAD_END)
    this.#head = head
    if (end === -1) {
      if (head.length > HEAD_BYTES_MAX) this.#fail('the server does not speak HTTP')
      return
    }
    const refusal = refusalOf(head.toString('latin1', 0, end), this.#upgrade.accept)
    if (refusal !== undefined) return this.#fail(refusal)
    clearTimeout(this.#timer)
    this.#head = undefined
    this.#isOpen = true
    this.#handler.onOpen()
    const rest = head.subarray(end + HEAD_END.length)
    if (rest.length > 0) this.#frames(rest, rest.length)
  }

  #frames(bytes: Buffer, length: number): void {
    const wrong = this.#reader.push(bytes, length)
    if (wrong !== undefined) this.#fail(`the server breaks the WebSocket protocol: ${wrong}`)
  }

  #frame(opcode: number, bytes: Buffer, start: number, end: number): void {
    if (opcode === OPCODE.text || opcode === OPCODE.binary) {
      this.#handler.onMessage(bytes, start, end)
      messageEnds()
    } else if (opcode === OPCODE.ping) {
      this.#socket?.write(maskedFrame(OPCODE.pong, bytes.subarray(start, end)))
    } else if (opcode === OPCODE.close) {
      this.#code = end - start >= 2 ? bytes.readUInt16BE(start) : 1005
      this.#reason = end - start > 2 ? bytes.toString('utf8', start + 2, end) : ''
      this.#reader.stop()
      if (this.#closeTimer === undefined) {
        const answer = bytes.subarray(start, Math.min(end, start + 2))
        this.#socket?.end(maskedFrame(OPCODE.close, answer))
        this.#closeTimer = setTimeout(() => this.#socket?.destroy(), CLOSE_MS)
      } else {
        this.#socket?.end()
      }
    }
  }

  #fail(error: string): void {
    this.#error ??= error
    this.#socket?.destroy()
    this.#ended()
  }

  #ended(): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#timer)
    clearTimeout(this.#closeTimer)
    this.#reader.stop()
    this.#waiting = undefined
    this.#waitingToo = []
    this.#handler.onEnd({
      wasOpen: this.#isOpen,
      code: this.#code,
      reason: this.#reason,
      error: this.#error,
      isOwn: this.#isOwn,
    })
  }
}

/** Without addresses and ports of this side, which make each one different. */
function errorText(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'connection refused: nothing listens there'
    case 'ECONNRESET':
    case 'EPIPE':
      return 'connection reset by the other side'
    case 'EADDRNOTAVAIL':
      return 'no free port on this side: see the preflight'
    case 'EMFILE':
      return 'too many open files: ulimit -n'
    case 'ETIMEDOUT':
      return 'the network gave no answer'
    default:
      if (error.code === undefined || error.syscall === undefined) return error.message
      return `${error.code} (${error.syscall})`
  }
}
