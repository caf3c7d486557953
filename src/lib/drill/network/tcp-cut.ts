/** A TCP proxy before a server. Its lines are cut as a cable is: bytes wait, nothing is closed. */
import {once} from 'node:events'
import {connect, createServer, type Server, type Socket} from 'node:net'

export class TcpCut implements AsyncDisposable {
  readonly #server: Server
  readonly #pairs = new Set<readonly [client: Socket, server: Socket]>()
  #isCut = false

  private constructor(server: Server, port: number) {
    this.#server = server
    server.on('connection', (client) => {
      const onward = connect(port, '127.0.0.1')
      const pair = [client, onward] as const
      this.#pairs.add(pair)
      for (const [from, to] of [[client, onward], [onward, client]] as const) {
        from.on('error', () => to.destroy()).on('close', () => to.destroy())
        from.pipe(to)
      }
      client.on('close', () => this.#pairs.delete(pair))
      if (this.#isCut) hold(pair)
    })
  }

  static async to(port: number): Promise<TcpCut> {
    const server = createServer()
    await once(server.listen(0, '127.0.0.1'), 'listening')
    return new TcpCut(server, port)
  }

  get address(): string {
    const address = this.#server.address()
    return `127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`
  }

  cut(): void {
    this.#isCut = true
    for (const pair of this.#pairs) hold(pair)
  }

  /** Lines that stood before are dead: the other side may have given them up. */
  heal(): void {
    this.#isCut = false
    for (const [client, server] of this.#pairs) {
      client.destroy()
      server.destroy()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.heal()
    await once(this.#server.close(), 'close')
  }
}

function hold([client, server]: readonly [Socket, Socket]): void {
  client.unpipe(server)
  server.unpipe(client)
  client.pause()
  server.pause()
}
