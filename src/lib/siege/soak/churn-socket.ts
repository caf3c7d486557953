/**
 * A WebSocket client that can misbehave: end in the middle of anything, stop reading, answer no
 * ping, send what is no frame. On plain sockets, since a well-made client does none of that.
 */
import {randomBytes} from 'node:crypto'
import {connect as connectTcp} from 'node:net'
import type {Socket} from 'node:net'
import {connect as connectTls} from 'node:tls'

const OPCODE = {text: 1, close: 8, ping: 9, pong: 10} as const
const HEAD_END = '\r\n\r\n'
const HEAD_BYTES_MAX = 16 * 1024

export interface ChurnSocketOptions {
  readonly url: string
  readonly subprotocol: string | undefined
  /** For the connection and the upgrade together. */
  readonly timeoutMs: number
}

export class ChurnSocket {
  readonly #socket: Socket
  #received: Buffer = Buffer.alloc(0)
  #isUpgraded = false
  readonly #texts: string[] = []
  #wake: () => void = () => {}
  #isOver = false
  /** A half-open peer: it is there, and says nothing. */
  isSilent = false
  /** The code of the close frame that came; undefined: none did. */
  closeCode: number | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk) => this.#took(chunk))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      this.#isOver = true
      this.#wake()
    })
  }

  /** Rejects when there is no upgrade in time. */
  static async open(options: ChurnSocketOptions): Promise<ChurnSocket> {
    const client = ChurnSocket.dial(options)
    client.#socket.write(upgradeOf(options))
    await client.#until(() => client.#isUpgraded, options.timeoutMs, 'the upgrade')
    return client
  }

  /** A connection over which nothing was said yet. */
  static dial({url, timeoutMs}: ChurnSocketOptions): ChurnSocket {
    const {hostname, port, protocol} = new URL(url)
    const host = hostname.replace(/^\[(.*)\]$/, '$1')
    const isSecure = protocol === 'wss:'
    const at = {host, port: Number(port || (isSecure ? 443 : 80))}
    const socket = isSecure ? connectTls({...at, servername: host}) : connectTcp(at)
    socket.setNoDelay(true)
    socket.setTimeout(timeoutMs * 20, () => socket.destroy())
    return new ChurnSocket(socket)
  }

  get isOver(): boolean {
    return this.#isOver
  }

  send(text: string): void {
    this.#write(OPCODE.text, Buffer.from(text))
  }

  /** Bytes that need be no frame. */
  sendRaw(bytes: Uint8Array | string): void {
    if (!this.#isOver) this.#socket.write(bytes)
  }

  /** The next text frame. Rejects when none comes in time. */
  async next(timeoutMs: number): Promise<string> {
    await this.#until(() => this.#texts.length > 0, timeoutMs, 'an answer')
    return this.#texts.shift() ?? ''
  }

  stopReading(): void {
    this.#socket.pause()
  }

  readOn(): void {
    this.#socket.resume()
  }

  /** Says good-bye and waits for the other side's. */
  async close(timeoutMs: number): Promise<void> {
    this.#write(OPCODE.close, Buffer.from([0x03, 0xe8]))
    await this.ended(timeoutMs)
  }

  /** The connection is over. Rejects when it is not in time. */
  async ended(timeoutMs: number): Promise<void> {
    await this.#until(() => this.#isOver, timeoutMs, 'the end of the connection', true)
  }

  /** At once: `reset` as a process that dies does, otherwise without a word. */
  destroy(reset: boolean): void {
    if (reset) this.#socket.resetAndDestroy()
    else this.#socket.destroy()
  }

  #took(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    if (!this.#isUpgraded) this.#readHead()
    if (this.#isUpgraded) this.#readFrames()
    this.#wake()
  }

  #readHead(): void {
    const end = this.#received.indexOf(HEAD_END)
    if (end === -1) {
      if (this.#received.length > HEAD_BYTES_MAX) this.#socket.destroy()
      return
    }
    const isAccepted = this.#received.subarray(0, 12).toString() === 'HTTP/1.1 101'
    this.#received = this.#received.subarray(end + HEAD_END.length)
    if (isAccepted) this.#isUpgraded = true
    else this.#socket.destroy()
  }

  #readFrames(): void {
    for (;;) {
      const bytes = this.#received
      if (bytes.length < 2) return
      const length7 = (bytes[1] ?? 0) & 0x7f
      const start = length7 === 127 ? 10 : length7 === 126 ? 4 : 2
      if (bytes.length < start) return
      const length = length7 === 127
        ? Number(bytes.readBigUInt64BE(2))
        : length7 === 126 ? bytes.readUInt16BE(2) : length7
      if (bytes.length < start + length) return
      this.#received = bytes.subarray(start + length)
      this.#frame((bytes[0] ?? 0) & 0x0f, bytes.subarray(start, start + length))
    }
  }

  #frame(opcode: number, body: Buffer): void {
    if (opcode === OPCODE.text) this.#texts.push(body.toString())
    if (opcode === OPCODE.ping && !this.isSilent) this.#write(OPCODE.pong, body)
    if (opcode !== OPCODE.close) return
    this.closeCode = body.length >= 2 ? body.readUInt16BE(0) : 1005
    if (this.isSilent) return
    this.#write(OPCODE.close, body.subarray(0, 2))
    this.#socket.end()
  }

  #write(opcode: number, body: Buffer): void {
    if (this.#isOver || !this.#socket.writable) return
    const mask = randomBytes(4)
    const masked = Buffer.from(body.map((byte, index) => byte ^ (mask[index % 4] ?? 0)))
    this.#socket.write(Buffer.concat([headOf(opcode, body.length), mask, masked]))
  }

  #until(
    isDone: () => boolean, timeoutMs: number, what: string, overIsDone = false,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (error?: Error): void => {
        clearTimeout(timer)
        this.#wake = () => {}
        if (error === undefined) resolve()
        else reject(error)
      }
      const look = (): void => {
        if (isDone()) end()
        else if (this.#isOver && !overIsDone) end(new Error(`closed before ${what}`))
      }
      const timer = setTimeout(() => end(new Error(`waited in vain for ${what}`)), timeoutMs)
      this.#wake = look
      look()
    })
  }
}

export function upgradeOf({url, subprotocol}: ChurnSocketOptions): string {
  const {host, pathname, search} = new URL(url)
  const lines = [
    `GET ${pathname}${search} HTTP/1.1`, `Host: ${host}`, 'Upgrade: websocket',
    'Connection: Upgrade', `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    'Sec-WebSocket-Version: 13',
    ...(subprotocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${subprotocol}`]),
  ]
  return `${lines.join('\r\n')}${HEAD_END}`
}

function headOf(opcode: number, length: number): Buffer {
  const first = 0x80 | opcode
  if (length < 126) return Buffer.from([first, 0x80 | length])
  if (length < 65_536) return Buffer.from([first, 0x80 | 126, length >> 8, length & 0xff])
  const head = Buffer.alloc(10)
  head[0] = first
  head[1] = 0x80 | 127
  head.writeBigUInt64BE(BigInt(length), 2)
  return head
}
