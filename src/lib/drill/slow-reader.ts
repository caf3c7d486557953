/** A client that never reads: a bare TCP connection that speaks just enough WebSocket to get in. */
import {randomBytes} from 'node:crypto'
import {once} from 'node:events'
import {connect} from 'node:net'
import type {Socket} from 'node:net'
import {AUTHENTICATION} from '../protocol/client-frame.js'
import {WsmeshError} from '../util/errors.js'

const IN_MS = 5000
const END_MS = 10_000
const TEXT_FRAME = 0x81
const MASKED_16 = 0xfe

export class SlowReader {
  readonly #socket: Socket
  #isOver = false

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', () => {})
    socket.once('close', () => (this.#isOver = true))
  }

  /** Resolves once it is let in and has stopped reading. Rejects with NODE_FAILED. */
  static async connect(clientUrl: string, token: string): Promise<SlowReader> {
    const {hostname, port, pathname, host} = new URL(clientUrl)
    const socket = connect(Number(port), hostname)
    const reader = new SlowReader(socket)
    socket.write([
      `GET ${pathname} HTTP/1.1`, `Host: ${host}`, 'Connection: Upgrade', 'Upgrade: websocket',
      'Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
      '', '',
    ].join('\r\n'))
    await reader.#reads('\r\n\r\n')
    socket.write(maskedText(JSON.stringify({action: AUTHENTICATION, details: [{token}]})))
    await reader.#reads('"ok"')
    return reader
  }

  /** Reads at last, to the end. False: there is none. */
  async ends(): Promise<boolean> {
    this.#socket.resume()
    const timer = setTimeout(() => this.#socket.emit('late'), END_MS)
    if (!this.#isOver) await Promise.race([once(this.#socket, 'close'), once(this.#socket, 'late')])
    clearTimeout(timer)
    return this.#isOver
  }

  destroy(): void {
    this.#socket.destroy()
  }

  async #reads(wanted: string): Promise<void> {
    const deadline = AbortSignal.timeout(IN_MS)
    let seen = ''
    while (!seen.includes(wanted)) {
      this.#socket.resume()
      try {
        const [chunk]: unknown[] = await once(this.#socket, 'data', {signal: deadline})
        seen += String(chunk)
      } catch (error) {
        throw new WsmeshError('NODE_FAILED', 'The slow client is not let in', {cause: error})
      } finally {
        this.#socket.pause()
      }
    }
  }
}

/** Tokens are longer than 125 bytes and shorter than 64 KiB: one form of length is enough. */
function maskedText(text: string): Buffer {
  const body = Buffer.from(text)
  const head = Buffer.from([TEXT_FRAME, MASKED_16, body.length >> 8, body.length & 0xff])
  const mask = randomBytes(4)
  return Buffer.concat([head, mask, body.map((byte, index) => byte ^ (mask[index % 4] ?? 0))])
}
