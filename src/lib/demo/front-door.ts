/**
 * What nginx is to a mesh of your own: the page connects to its own host, and is led to a node that
 * lives. `?node=2` names the one that a tab would like best.
 */
import type {IncomingMessage} from 'node:http'
import {connect} from 'node:net'
import type {Socket} from 'node:net'
import type {Duplex} from 'node:stream'
import {endWith, pathOf} from '../transport/http-server.js'
import type {FleetNode} from './node-fleet.js'

export const CLIENT_PATH = '/WebSockets'
/** The library that every node serves. */
export const LIBRARY_PATH = '/wsmesh.js'
const ASK_MS = 5000

/** Where a node listens, the wished one first, the others in any order. */
export function candidates(nodes: readonly FleetNode[], wish: string | null): readonly URL[] {
  const wished = nodes.filter(({name}) => name === wish)
  const others = nodes
    .filter(({name}) => name !== wish)
    .map((node) => ({node, rank: Math.random()}))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({node}) => node)
  return [...wished, ...others].flatMap(({ready}) =>
    ready === undefined ? [] : [new URL(ready.httpUrl)],
  )
}

/** Hands the socket to the first node that takes it; without one it is told so and closed. */
export async function forwardUpgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  nodes: () => readonly FleetNode[],
): Promise<void> {
  // Without this a client that goes away in between would end the demo.
  socket.on('error', () => socket.destroy())
  const asked = Buffer.concat([Buffer.from(requestHead(request), 'latin1'), head])
  for (const {hostname, port} of candidates(nodes(), pathOf(request).query.get('node'))) {
    const node = await answered(hostname, Number(port), asked)
    if (node === undefined) continue
    if (socket.destroyed) node.destroy()
    else join(socket, node)
    return
  }
  endWith(socket, 503, 'No node answers')
}

/**
 * The connection, its answer not read yet. Undefined when there is none: nobody listens, or the
 * process is about to die. A killed process loses its clients before its port, and takes
 * connections in between that nobody will ever answer.
 */
function answered(host: string, port: number, asked: Buffer): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({host, port, noDelay: true}, () => socket.write(asked))
    socket.on('error', () => socket.destroy())
    socket.once('close', () => resolve(undefined))
    socket.once('readable', () => resolve(socket.readableLength > 0 ? socket : undefined))
  })
}

/** As it came: what the node sees is what the browser said. */
function requestHead({method, url, rawHeaders}: IncomingMessage): string {
  const lines = [`${method} ${url} HTTP/1.1`]
  for (let at = 0; at < rawHeaders.length; at += 2) {
    lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`)
  }
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** Each ends with the other: a browser is to see at once that its node died, or why it left. */
function join(client: Duplex, node: Socket): void {
  node.on('close', () => client.end(() => client.destroy()))
  client.on('close', () => node.destroy())
  client.pipe(node)
  node.pipe(client)
}

/** The library as a node serves it; undefined when none answers. */
export async function askLibrary(nodes: readonly FleetNode[]): Promise<Buffer | undefined> {
  for (const url of candidates(nodes, null)) {
    try {
      const signal = AbortSignal.timeout(ASK_MS)
      const response = await fetch(new URL(LIBRARY_PATH, url), {signal})
      if (response.ok) return Buffer.from(await response.arrayBuffer())
    } catch {
      // It died a moment ago: the next one.
    }
  }
  return undefined
}
