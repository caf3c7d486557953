/**
 * Too many of everything at one real node: each bound holds, and who behaves is served meanwhile.
 * ABUSE=long does it with the numbers of a real attack.
 */
import {afterEach, beforeEach, describe, expect, it} from 'vitest'
import type {MeshNode} from '../../src/lib/node/create-node.js'
import type {NodeConfig} from '../../src/lib/node/node-config.js'
import {eventually, within} from '../helpers/eventually.js'
import {connectRaw, upgradeRaw, type RawSocket} from '../helpers/raw-socket.js'
import {connectTestClient, type TestClient} from '../helpers/test-client.js'
import {startTestMesh, type TestMesh} from '../helpers/test-node.js'

const isLong = process.env['ABUSE'] === 'long'

let mesh: TestMesh
let raws: RawSocket[]
let clients: TestClient[]

beforeEach(async () => {
  mesh = await startTestMesh(0)
  raws = []
  clients = []
})

afterEach(async () => {
  for (const {socket} of raws) socket.destroy()
  for (const {ws} of clients) ws.terminate()
  await mesh[Symbol.asyncDispose]()
})

async function start(config: Partial<NodeConfig>): Promise<MeshNode> {
  const node = await mesh.start(config)
  await within(node.ready, 'the node to be master')
  return node
}

function counter(node: MeshNode, name: string): number {
  return node.stats().counters[name] ?? 0
}

/** Somebody who behaves connects, and a message reaches him. */
async function expectServed(node: MeshNode, user = '7'): Promise<void> {
  const client = await mesh.client(node, user)
  await node.publish('hello', ['Hi'], {user})
  expect(await client.next()).toEqual({action: 'hello', details: ['Hi']})
  await client.close()
}

/** So many at a time, that the machine's own queue of connections does not overflow. */
async function manyOf<T>(count: number, make: (n: number) => Promise<T>): Promise<T[]> {
  const made: T[] = []
  for (let n = 0; n < count; n += 100) {
    const batch = Array.from({length: Math.min(100, count - n)}, (_, m) => make(n + m))
    made.push(...(await Promise.all(batch)))
  }
  return made
}

describe('requests that never end', () => {
  it('are answered 408 after the time limit, however many trickle in', async () => {
    const node = await start({handshakeMs: 2500})
    raws = await manyOf(isLong ? 2000 : 100, () => connectRaw(node.addresses.httpUrl))
    for (const raw of raws) raw.write('GET /WebSockets HTTP/1.1\r\nHost: x\r\nX-Slow: ')
    const isOver = (): boolean => raws.every(({isClosed}) => isClosed())
    await eventually(() => {
      // One more letter for each, again and again.
      for (const raw of raws) if (!raw.isClosed()) raw.write('y')
      return isOver()
    }, {what: 'all to be closed', timeoutMs: 20_000})
    expect(raws.filter(({text}) => text().startsWith('HTTP/1.1 408')).length).toBe(raws.length)
    expect(counter(node, 'requestsTimedOut')).toBe(raws.length)
    await expectServed(node)
  })

  it('beyond the bound make room for others, the oldest first', async () => {
    const node = await start({pendingConnectionsMax: 50, handshakeMs: 60_000})
    raws = await manyOf(isLong ? 10_000 : 200, async () => {
      const raw = await connectRaw(node.addresses.httpUrl)
      raw.write('GET /WebSockets HTTP/1.1\r\nHost: x\r\n')
      return raw
    })
    await expectServed(node)
    await eventually(() => raws.filter(({isClosed}) => !isClosed()).length <= 50, {
      what: 'the oldest to be gone',
    })
    expect(counter(node, 'connectionsDropped')).toBeGreaterThanOrEqual(raws.length - 50)
  })

  it('with headers without end are answered 431', async () => {
    const node = await start({headerBytes: 8192})
    const raw = await connectRaw(node.addresses.httpUrl)
    raws.push(raw)
    raw.write(`GET / HTTP/1.1\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`)
    await eventually(() => raw.text().startsWith('HTTP/1.1 431'), {what: '431'})
    await eventually(() => counter(node, 'headersTooBig') === 1, {what: 'a count'})
  })
})

describe('sockets that only sit there', () => {
  it('keep nobody out, and are gone after the time limit', async () => {
    const unknownClientsMax = isLong ? 5000 : 100
    const count = unknownClientsMax * 2
    const node = await start({
      clientsMax: 20_000, unknownClientsMax, handshakeMs: isLong ? 30_000 : 3000,
    })
    raws = await manyOf(count, () => upgradeRaw(node.addresses.clientUrl))
    await expectServed(node)
    expect(node.stats().connections).toBeLessThanOrEqual(unknownClientsMax)
    expect(counter(node, 'clientsDroppedUnknown')).toBeGreaterThanOrEqual(count - unknownClientsMax)
    await eventually(() => node.stats().connections === 0, {
      what: 'all strangers to be gone', timeoutMs: isLong ? 60_000 : 15_000,
    })
    const timeouts = counter(node, 'authenticationTimeouts')
    expect(timeouts + counter(node, 'clientsDroppedUnknown')).toBe(count)
    await expectServed(node)
  }, 120_000)

  it('of one address are refused beyond its limit', async () => {
    const node = await start({connectionsPerAddress: 20})
    raws = await manyOf(50, () => upgradeRaw(node.addresses.clientUrl))
    expect(raws.filter(({text}) => text().startsWith('HTTP/1.1 101')).length).toBe(20)
    expect(raws.filter(({text}) => text().startsWith('HTTP/1.1 429')).length).toBe(30)
    expect(counter(node, 'clientsRefusedAddress')).toBe(30)
    raws[0]?.socket.destroy()
    await eventually(() => node.stats().connections < 20, {what: 'one place to be free'})
    await expectServed(node)
  })

  it('and answer no ping are closed, though they are known', async () => {
    const node = await start({pingMs: 100, unansweredPingsMax: 2})
    const client = await mesh.client(node, '42')
    // Half open: from here on nothing that comes is read or answered.
    client.ws.pause()
    await eventually(() => counter(node, 'missedPongs') === 1, {what: 'a missed pong'})
    await eventually(() => node.stats().connections === 0, {what: 'it to be gone'})
  })
})

describe('one user', () => {
  it('opens a thousand tabs: five hundred come in, the others are told, others are served', async () => {
    const node = await start({clientsMax: 5000, unknownClientsMax: 2000})
    const token = await mesh.token('42')
    const proof = {action: 'Client/authentication', details: [{token}]}
    clients = await manyOf(1000, async () => {
      const client = await connectTestClient(node.addresses.clientUrl)
      client.send(proof)
      return client
    })
    await eventually(() => clients.every(({texts}) => texts.length > 0), {
      what: 'an answer for each', timeoutMs: 20_000,
    })
    const answers = clients.map(({texts}) => (JSON.parse(texts[0] ?? '') as {details: unknown[]}).details[0])
    expect(answers.filter((answer) => answer === 'ok').length).toBe(500)
    expect(answers.filter((answer) => answer === 429).length).toBe(500)
    expect(counter(node, 'clientsRefusedUser')).toBe(500)
    await expectServed(node)
    expect((await node.publish('hello', ['Hi'], {user: 42})).connections).toBe(500)
  })

  it('floods with actions: he is told, then closed; others are served', async () => {
    const node = await start({actionsPerSecond: 50})
    const flood = await mesh.client(node, '42')
    for (let n = 0; n < 5000; n += 1) flood.send({action: 'nothing'})
    expect(await within(flood.closed, 'the flood to be closed')).toMatchObject({code: 4005})
    expect(flood.texts.some((text) => text.includes('[429,'))).toBe(true)
    // What was on its way when he was closed is not read any more.
    expect(flood.texts.length).toBeLessThan(250)
    expect(counter(node, 'actionsRefused')).toBeGreaterThan(50)
    await expectServed(node)
  })
})
