/** A TCP proxy before a server, which can refuse, or hold each answer back for a time. */
import {connect, createServer} from 'node:net'
import type {NetConnectOpts, Server, Socket} from 'node:net'
import {once} from 'node:events'

export class FaultyProxy {
  readonly host: string
  readonly #server: Server
  readonly #target: NetConnectOpts
  readonly #sockets = new Set<Socket>()
  #isRefusing = false
  #delayMs = 0

  private constructor(server: Server, target: NetConnectOpts, host: string) {
    this.host = host
    this.#server = server
    this.#target = target
    server.on('connection', (socket) => this.#accept(socket))
  }

  static async open(target: NetConnectOpts, host = '127.0.0.1'): Promise<FaultyProxy> {
    const server = createServer()
    server.listen(0, host)
    await once(server, 'listening')
    return new FaultyProxy(server, target, host)
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' ? (address?.port ?? 0) : 0
  }

  refuse(): void {
    this.#isRefusing = true
    for (const socket of this.#sockets) socket.destroy()
  }

  delay(ms: number): void {
    this.#delayMs = ms
  }

  pass(): void {
    this.#isRefusing = false
    this.#delayMs = 0
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #accept(client: Socket): void {
    if (this.#isRefusing) {
      client.destroy()
      return
    }
    const server = connect(this.#target)
    for (const [socket, other] of [[client, server], [server, client]] as const) {
      this.#sockets.add(socket)
      socket.setNoDelay(true)
      // Each error is followed by the close.
      socket.on('error', () => {})
      socket.once('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
    }
    client.pipe(server)
    let earlier = Promise.resolve()
    server.on('data', (chunk) => {
      earlier = earlier.then(() => this.#answer(client, chunk))
    })
  }

  async #answer(client: Socket, chunk: Buffer): Promise<void> {
    if (this.#delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.#delayMs))
    client.write(chunk)
  }
}
