/**
 * Stands before a node's door for other nodes, and holds back what some of them say or hear. TCP
 * does the rest as on a cut cable: bytes wait, nothing is closed, and after the healing they come.
 * Who dials is read from the proof of the handshake, which travels in the open.
 */
import {createServer, connect} from 'node:net'
import type {Server, Socket} from 'node:net'
import {once} from 'node:events'
import {dialerOf} from './dialer-of.js'

export interface LinkCuts {
  /** What the dialler says is held back. */
  readonly up: boolean
  /** What the dialler should hear is held back. */
  readonly down: boolean
}

/** For a dialler's node id. */
export type CutsOf = (dialer: string) => LinkCuts

export class LinkProxy {
  readonly #server: Server
  readonly #cutsOf: CutsOf
  readonly #pipes = new Set<LinkPipe>()
  #target: number | undefined

  private constructor(server: Server, cutsOf: CutsOf) {
    this.#server = server
    this.#cutsOf = cutsOf
    server.on('connection', (socket) => this.#accept(socket))
  }

  static async open(cutsOf: CutsOf): Promise<LinkProxy> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new LinkProxy(server, cutsOf)
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' ? (address?.port ?? 0) : 0
  }

  /** The node listens there. Before that, who dials finds the door open and nobody in. */
  lead(port: number): void {
    this.#target = port
  }

  /** Holds back or lets go, as the cuts are now. */
  apply(): void {
    for (const pipe of this.#pipes) pipe.apply()
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const pipe of this.#pipes) pipe.destroy()
    await closed
  }

  #accept(socket: Socket): void {
    if (this.#target === undefined) {
      socket.destroy()
      return
    }
    const pipe = new LinkPipe(socket, connect(this.#target, '127.0.0.1'), this.#cutsOf)
    this.#pipes.add(pipe)
    socket.once('close', () => this.#pipes.delete(pipe))
  }
}

/** One connection between two nodes. */
class LinkPipe {
  readonly #up: Socket
  readonly #down: Socket
  readonly #cutsOf: CutsOf
  #dialer: string | undefined
  #cuts: LinkCuts = {up: false, down: false}

  constructor(up: Socket, down: Socket, cutsOf: CutsOf) {
    this.#up = up
    this.#down = down
    this.#cutsOf = cutsOf
    for (const socket of [up, down]) {
      socket.setNoDelay(true)
      // Each error is followed by the close.
      socket.on('error', () => {})
      socket.once('close', () => this.#closed())
    }
    this.#identify()
    up.pipe(down)
    down.pipe(up)
  }

  apply(): void {
    if (this.#dialer === undefined) return
    const before = this.#cuts
    this.#cuts = this.#cutsOf(this.#dialer)
    hold(this.#up, this.#down, before.up, this.#cuts.up)
    hold(this.#down, this.#up, before.down, this.#cuts.down)
    if (this.#up.destroyed || this.#down.destroyed) this.#closed()
  }

  destroy(): void {
    this.#up.destroy()
    this.#down.destroy()
  }

  /** The end of one side is news that a cut holds back too. */
  #closed(): void {
    if (this.#cuts.up || this.#cuts.down) return
    this.destroy()
  }

  #identify(): void {
    let head = Buffer.alloc(0)
    const read = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk])
      const found = dialerOf(head)
      if (found === undefined) return
      this.#up.off('data', read)
      if (found === '') return
      this.#dialer = found
      this.apply()
    }
    this.#up.on('data', read)
  }
}

function hold(from: Socket, to: Socket, was: boolean, is: boolean): void {
  if (is && !was) {
    from.unpipe(to)
    from.pause()
  }
  if (was && !is) from.pipe(to)
}
