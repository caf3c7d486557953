/** Links that are cut, a store that is refused or late: real sockets. */
import {once} from 'node:events'
import {connect, createServer} from 'node:net'
import type {AddressInfo, Server, Socket} from 'node:net'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {dialerOf} from '../../../src/lib/drill/network/dialer-of.js'
import {FaultyProxy} from '../../../src/lib/drill/store/faulty-proxy.js'
import {LinkProxy} from '../../../src/lib/drill/network/link-proxy.js'
import {eventually} from '../../helpers/eventually.js'

const KEY = 'A'.repeat(43)
const PROOF = JSON.stringify({
  type: 'proof', role: 'node', node: 'n-2', nonce: KEY, version: 1, mac: KEY,
})

function upgradeAnd(text: string): Buffer {
  const body = Buffer.from(text)
  const mask = Buffer.from([1, 2, 3, 4])
  const masked = body.map((byte, index) => byte ^ (mask[index % 4] ?? 0))
  const head = Buffer.from([0x81, 0xfe, body.length >> 8, body.length & 0xff])
  return Buffer.concat([Buffer.from('GET /mesh HTTP/1.1\r\nX: y\r\n\r\n'), head, mask, masked])
}

describe('who dials', () => {
  test('is read from the proof, however it is cut up', () => {
    const bytes = upgradeAnd(PROOF)
    for (let length = 0; length < bytes.length; length += 1) {
      expect(dialerOf(bytes.subarray(0, length))).toBeUndefined()
    }
    expect(dialerOf(bytes)).toBe('n-2')
  })

  test('is nobody for anything else', () => {
    expect(dialerOf(upgradeAnd(PROOF.replace('"role":"node"', '"role":"operator"')))).toBe('')
    expect(dialerOf(upgradeAnd(PROOF.replace('proof', 'poof')))).toBe('')
    expect(dialerOf(Buffer.alloc(70_000, 'x'))).toBe('')
  })
})

let server: Server
let accepted: Socket[]

beforeEach(async () => {
  accepted = []
  server = createServer((socket) => accepted.push(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})

afterEach(() => {
  for (const socket of accepted) socket.destroy()
  server.close()
})

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

async function through(port: number): Promise<{client: Socket; heard: () => string}> {
  const client = connect(port, '127.0.0.1')
  let text = ''
  client.on('data', (data) => (text += String(data)))
  client.on('error', () => {})
  await once(client, 'connect')
  return {client, heard: () => text}
}

describe('a link', () => {
  test('that is cut keeps what is said until it is healed, in each direction alone', async () => {
    const cuts = {up: false, down: false}
    const proxy = await LinkProxy.open((dialer) => ({...cuts, of: dialer}))
    proxy.lead(portOf(server))
    const {client, heard} = await through(proxy.port)
    let said = ''
    await eventually(() => accepted.length === 1)
    accepted[0]?.on('data', (data) => (said += String(data)))
    client.write(upgradeAnd(PROOF))
    await eventually(() => said.length === upgradeAnd(PROOF).length)

    cuts.down = true
    proxy.apply()
    accepted[0]?.write('held')
    client.write('up')
    await eventually(() => said.endsWith('up'))
    expect(heard()).toBe('')
    cuts.down = false
    proxy.apply()
    await eventually(() => heard() === 'held')
    client.destroy()
    await proxy.close()
  })

  test('ends with its node: then the port refuses', async () => {
    const proxy = await LinkProxy.open(() => ({up: false, down: false}))
    proxy.lead(portOf(server))
    const {client} = await through(proxy.port)
    const {port} = proxy
    const closed = once(client, 'close')
    await proxy.close()
    await closed
    const again = connect(port, '127.0.0.1')
    const [error] = (await once(again, 'error')) as [NodeJS.ErrnoException]
    expect(error.code).toBe('ECONNREFUSED')
  })
})

test('a store behind a proxy is refused, late, and as ever again', async () => {
  const proxy = await FaultyProxy.open({host: '127.0.0.1', port: portOf(server)})
  const first = await through(proxy.port)
  const closed = once(first.client, 'close')
  proxy.refuse()
  await closed
  const refused = await through(proxy.port)
  await once(refused.client, 'close')

  proxy.pass()
  proxy.delay(300)
  const late = await through(proxy.port)
  await eventually(() => accepted.length === 2)
  const since = performance.now()
  accepted[1]?.write('one')
  await eventually(() => late.heard() === 'one')
  expect(performance.now() - since).toBeGreaterThan(250)
  proxy.pass()
  accepted[1]?.write('two')
  await eventually(() => late.heard() === 'onetwo')
  late.client.destroy()
  await proxy.close()
})
