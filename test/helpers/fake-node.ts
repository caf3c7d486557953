/** Something on a real socket that speaks the client protocol, and says what a test wants it to. */
import {createServer, connect as dial, type Server, type Socket} from 'node:net'
import type {AddressInfo} from 'node:net'
import {WebSocketServer, type WebSocket} from 'ws'

export interface FakeVisit {
  readonly socket: WebSocket
  /** What it said first: the object of its Client/authentication. */
  readonly proof: Readonly<Record<string, unknown>>
  say(frame: object): void
}

type Welcome = (visit: FakeVisit, count: number) => void

/** `welcome` for each client that has said who it is, with how many came before it. */
export class FakeNode implements AsyncDisposable {
  readonly visits: FakeVisit[] = []
  readonly texts: string[] = []
  /** Where they came to. */
  readonly paths: string[] = []

  private constructor(readonly server: WebSocketServer) {}

  static async open(welcome: Welcome): Promise<FakeNode> {
    const server = new WebSocketServer({host: '127.0.0.1', port: 0})
    await new Promise((resolve) => server.once('listening', resolve))
    const node = new FakeNode(server)
    server.on('connection', (socket, {url = ''}) => {
      node.paths.push(url)
      socket.on('message', (data: Buffer) => {
        const text = data.toString()
        node.texts.push(text)
        const frame = JSON.parse(text) as {action: string; details: [Record<string, unknown>]}
        if (frame.action !== 'Client/authentication') return
        const say = (said: object): void => socket.send(JSON.stringify(said))
        const visit = {socket, proof: frame.details[0], say}
        node.visits.push(visit)
        welcome(visit, node.visits.length - 1)
      })
    })
    return node
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}/WebSockets`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.server.clients) socket.terminate()
    await new Promise((resolve) => this.server.close(resolve))
  }
}

/** Lets somebody in as user 42. */
export function letIn(visit: FakeVisit, answer: object = {}): void {
  const known = {
    user: '42', groups: [], session: null, node: 'fake', position: 'e.1.1', recovered: false,
    heartbeatMs: 25_000, expiresInMs: null, ...answer,
  }
  visit.say({action: 'Client/authentication', details: ['ok', known]})
}

/** A network in front of a node that can stop to carry anything, without saying so. */
export class Tunnel implements AsyncDisposable {
  readonly #sockets = new Set<Socket>()
  isDead = false
  /** The port of the node behind it. */
  to = 0

  private constructor(
    readonly server: Server,
    readonly port: number,
  ) {}

  static async open(to: string): Promise<Tunnel> {
    const server = createServer((near) => {
      const far = dial(tunnel.to, '127.0.0.1')
      for (const [from, into] of [[near, far], [far, near]] as const) {
        tunnel.#sockets.add(from)
        from.on('data', (data) => tunnel.isDead || into.write(data))
        from.on('error', () => {})
        from.on('close', () => {
          tunnel.#sockets.delete(from)
          if (!tunnel.isDead) into.destroy()
        })
      }
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const tunnel = new Tunnel(server, (server.address() as AddressInfo).port)
    tunnel.to = Number(new URL(to).port)
    return tunnel
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/WebSockets`
  }

  /** Carries again, but nothing of what was: bytes are missing there. */
  revive(): void {
    this.isDead = false
    for (const socket of this.#sockets) socket.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.revive()
    await new Promise((resolve) => this.server.close(resolve))
  }
}
