/** `wsmesh serve` as a process, and whatever strangers send it. RUBBISH=1000000: more of it. */
import {randomBytes} from 'node:crypto'
import {connect} from 'node:net'
import {expect, it} from 'vitest'
import {seededRandom} from '../../src/lib/util/random.js'
import {eventually, within} from '../helpers/eventually.js'
import {ServeMesh} from '../helpers/serve-process.js'
import {connectTestClient} from '../helpers/test-client.js'

const FRAMES = Number(process.env['RUBBISH'] ?? 3000)

async function throwAtWebSocket(url: string, subprotocol: string | undefined): Promise<void> {
  const random = seededRandom(42)
  let thrown = 0
  while (thrown < FRAMES) {
    const client = await connectTestClient(url, subprotocol === undefined ? [] : [subprotocol])
    while (thrown < FRAMES && client.ws.readyState === client.ws.OPEN) {
      const bytes = randomBytes(Math.floor(random.next() ** 4 * 4000))
      client.sendRaw(random.next() < 0.5 ? bytes : bytes.toString('latin1'))
      thrown += 1
      if (random.next() < 0.1) await new Promise((resolve) => setImmediate(resolve))
    }
    client.ws.terminate()
  }
}

function throwAtPort(port: number, bytes: Uint8Array | string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => void socket.write(bytes))
    socket.on('error', () => {})
    socket.resume()
    socket.once('close', () => resolve())
  })
}

it('strangers stop no node and hold nothing of it', {timeout: 120_000}, async () => {
  await using mesh = await ServeMesh.open()
  const node = await mesh.start('--log-level', 'error', '--handshake-timeout', '5s')
  const witness = await mesh.connect(node, '42')
  const port = Number(new URL(node.ready.httpUrl).port)
  // Connections that never finish what they begin are ended by the node.
  const halves = ['', 'G', 'GET / HTTP/1.1\r\nHost: x\r\n', 'POST / HTTP/1.1\r\nContent-Length: 9']
  const unfinished = Promise.all(halves.map((half) => throwAtPort(port, half)))
  for (let n = 0; n < 50; n += 1) {
    await throwAtPort(port, Buffer.concat([randomBytes(500), Buffer.from('\r\n\r\n')]))
  }
  await throwAtWebSocket(node.ready.clientUrl, undefined)
  await throwAtWebSocket(node.ready.clientUrl, 'wsmesh.v1')
  await throwAtWebSocket(node.ready.nodeUrl, 'wsmesh.node.v1')
  await throwAtWebSocket(node.ready.nodeUrl, 'wsmesh.operator.v1')
  await within(unfinished, 'the end of half-finished requests', 20_000)
  await eventually(async () => {
    const {connections, links, operators, timers} = await node.stats()
    return [connections, links, operators, timers].join() === '1,0,0,2'
  }, {what: 'the node to hold the witness alone', timeoutMs: 20_000})
  const sent = await mesh.run('send', 'hello', 'Hi', '--user', '42', '--json')
  expect(sent.exit).toBe(0)
  await eventually(() => witness.texts.length === 1)
  expect(node.cli.stderr()).toBe('')
})
