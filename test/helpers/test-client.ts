/** A WebSocket client for tests: Node's own would do, but not its lack of close codes and pings. */
import {WebSocket} from 'ws'
import {eventually, within} from './eventually.js'

export interface TestClient {
  readonly ws: WebSocket
  readonly subprotocol: string
  /** Everything received so far, as text. */
  readonly texts: string[]
  send(value: unknown): void
  sendRaw(data: string | Uint8Array): void
  /** The next frame not yet taken by next, parsed. */
  next(): Promise<unknown>
  /** Resolves when the connection is closed. */
  readonly closed: Promise<{code: number; reason: string}>
  close(): Promise<void>
}

/** Rejects when the connection is refused, with the HTTP status in the message. */
export async function connectTestClient(
  url: string,
  subprotocols: string[] = [],
  headers: Record<string, string> = {},
): Promise<TestClient> {
  const ws = new WebSocket(url, subprotocols, {headers, perMessageDeflate: false})
  const texts: string[] = []
  let taken = 0
  ws.on('message', (data: Buffer) => texts.push(data.toString()))
  const closed = new Promise<{code: number; reason: string}>((resolve) => {
    ws.on('close', (code, reason) => resolve({code, reason: reason.toString()}))
  })
  const opened = new Promise<void>((resolve, reject) => {
    ws.once('open', resolve)
    ws.on('error', reject)
  })
  await within(opened, `a connection to ${url}`)
  return {
    ws,
    subprotocol: ws.protocol,
    texts,
    send: (value) => ws.send(JSON.stringify(value)),
    sendRaw: (data) => ws.send(data),
    async next() {
      await eventually(() => texts.length > taken, {what: `frame ${taken + 1} of ${url}`})
      taken += 1
      return JSON.parse(texts[taken - 1] ?? '') as unknown
    },
    closed,
    async close() {
      ws.close()
      await within(closed, 'the close of a test client')
    },
  }
}

/** A message as a client of `wsmesh.v1` gets it. */
export interface Got {
  readonly action: string
  readonly details: readonly unknown[]
  readonly position: string
}

/** The next message, whatever the node says of positions in between. */
export async function nextMessage(client: Pick<TestClient, 'next'>): Promise<Got> {
  for (;;) {
    const frame = (await client.next()) as Got
    if (frame.action !== 'Client/position') return frame
  }
}
