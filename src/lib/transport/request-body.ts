/**
 * Bodies of requests, read when somebody asks for them and not before: who is refused is not asked
 * to send one, and nothing is held for him.
 */
import type {IncomingMessage, ServerResponse} from 'node:http'
import type {Socket} from 'node:net'
import type {BodyRead} from './transport.js'

/**
 * A request's body. Requests that come on one connection without waiting for answers (pipelining)
 * get theirs in the order that they were sent in.
 */
export class RequestBody {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  /** The client waits for a "100 Continue" before it sends. */
  readonly #awaitsInvitation: boolean
  readonly #isThere: boolean
  readonly #turn: Turn
  #wasRead = false

  constructor(
    request: IncomingMessage, response: ServerResponse, awaitsInvitation: boolean,
  ) {
    const {headers} = request
    this.#request = request
    this.#response = response
    this.#awaitsInvitation = awaitsInvitation
    this.#isThere =
      headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
    this.#turn = takeTurn(request.socket)
  }

  /** Whether another request can follow on this connection. */
  get isOver(): boolean {
    return !this.#isThere || this.#wasRead
  }

  /** Nobody will ask for it any more. */
  done(): void {
    this.#turn.end()
  }

  /** Never rejects. To be called once; what is too big is not read to its end. */
  async read(bytesMax: number): Promise<BodyRead> {
    await this.#turn.before
    const read = this.#isThere ? await this.#readNow(bytesMax) : EMPTY
    this.#wasRead = read.ok
    // The next in turn has to read first: the one that asked here goes on before it.
    this.#turn.end()
    return read
  }

  #readNow(bytesMax: number): Promise<BodyRead> | BodyRead {
    const request = this.#request
    if (Number(request.headers['content-length'] ?? 0) > bytesMax) return TOO_BIG
    if (this.#awaitsInvitation) this.#response.writeContinue()
    return new Promise((resolve) => {
      const chunks: Buffer[] = []
      let size = 0
      request.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size <= bytesMax) {
          chunks.push(chunk)
          return
        }
        // Not destroyed: the answer has to go out on its socket.
        request.pause()
        chunks.length = 0
        resolve(TOO_BIG)
      })
      request.on('end', () => resolve({ok: true, bytes: Buffer.concat(chunks)}))
      // The peer has gone, or took too long and was answered 408. After the end it says nothing.
      request.on('close', () => resolve({ok: false, why: 'cut off'}))
      request.on('error', () => resolve({ok: false, why: 'cut off'}))
    })
  }
}

const EMPTY: BodyRead = {ok: true, bytes: new Uint8Array()}
const TOO_BIG: BodyRead = {ok: false, why: 'too big'}

interface Turn {
  /** Those before have read, or never will. */
  readonly before: Promise<void>
  readonly end: () => void
}

function noop(): void {}

const lastTurns = new WeakMap<Socket, Promise<void>>()

function takeTurn(socket: Socket): Turn {
  const before = lastTurns.get(socket) ?? Promise.resolve()
  let end: () => void = noop
  const ended = new Promise<void>((resolve) => (end = resolve))
  lastTurns.set(socket, before.then(() => ended))
  return {before, end}
}
