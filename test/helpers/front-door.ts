/**
 * What stands in front of the nodes of a site: its pages, and one address for WebSockets that goes
 * on to the first node that takes the connection, as nginx does it.
 */
import {readFileSync} from 'node:fs'
import {createServer, type IncomingMessage} from 'node:http'
import {connect, type AddressInfo, type Socket} from 'node:net'
import {once} from 'node:events'
import {join} from 'node:path'

const FIXTURES = join(import.meta.dirname, '..', 'fixtures')

export interface FrontDoor extends AsyncDisposable {
  readonly url: string
  /** Ports of the nodes; the first that can be reached gets the connection. */
  upstreams: readonly number[]
  /** Upgrades that were asked for, by the value of a cookie. */
  asked(cookie: string): number
  /** Until `open` nobody gets through, and who is through is cut off. */
  shut(): void
  open(): void
}

/** `pages`: by their paths, HTML. Scripts are those of test/fixtures. */
export async function openFrontDoor(pages: Readonly<Record<string, string>>): Promise<FrontDoor> {
  const cookies: string[] = []
  const sockets = new Set<Socket>()
  let isOpen = true
  const server = createServer((request, response) => {
    const path = request.url ?? '/'
    const page = pages[path]
    const isScript = path.endsWith('.js') && !path.includes('..')
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html; charset=utf-8')
    if (page === undefined && !isScript) response.statusCode = 404
    response.end(page ?? (isScript ? readFileSync(join(FIXTURES, path)) : ''))
  })
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    cookies.push(request.headers.cookie ?? '')
    keep(sockets, socket)
    if (isOpen) void passOn(request, socket, head)
    else socket.destroy()
  })
  async function passOn(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    for (const port of door.upstreams) {
      const upstream = await dial(port)
      if (upstream === undefined) continue
      keep(sockets, upstream)
      const lines = [`GET ${request.url} HTTP/1.1`]
      const {rawHeaders} = request
      for (let at = 0; at < rawHeaders.length; at += 2) {
        lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`)
      }
      upstream.write(`${lines.join('\r\n')}\r\n\r\n`)
      upstream.write(head)
      upstream.pipe(socket).pipe(upstream)
      upstream.once('close', () => socket.destroy())
      socket.once('close', () => upstream.destroy())
      return
    }
    socket.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const {port} = server.address() as AddressInfo
  const door: FrontDoor = {
    url: `http://127.0.0.1:${port}`,
    upstreams: [],
    asked: (cookie) => cookies.filter((each) => each.includes(cookie)).length,
    shut() {
      isOpen = false
      for (const socket of sockets) socket.destroy()
    },
    open() {
      isOpen = true
    },
    async [Symbol.asyncDispose]() {
      door.shut()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return door
}

function keep(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket)
  socket.on('error', () => socket.destroy())
  socket.once('close', () => sockets.delete(socket))
}

function dial(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(socket))
    socket.once('error', () => resolve(undefined))
  })
}
