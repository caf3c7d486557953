/** What breaks RFC 6455 at one real node: each ends its own connection, and nobody else's. */
import {randomBytes} from 'node:crypto'
import {deflateRawSync} from 'node:zlib'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import type {MeshNode} from '../../src/lib/node/create-node.js'
import {eventually} from '../helpers/eventually.js'
import {rawFrame, upgradeRaw, type RawSocket} from '../helpers/raw-socket.js'
import type {TestClient} from '../helpers/test-client.js'
import {startTestMesh, type TestMesh} from '../helpers/test-node.js'

let mesh: TestMesh
let node: MeshNode
let other: TestClient

beforeAll(async () => {
  mesh = await startTestMesh(1)
  const [first] = mesh.nodes
  if (first === undefined) throw new Error('One node was started')
  node = first
  other = await mesh.client(node, '7')
})

afterAll(async () => {
  await mesh[Symbol.asyncDispose]()
})

function counter(name: string): number {
  return node.stats().counters[name] ?? 0
}

/** A client that has proved who it is, whose next bytes are the test's. */
async function known(extra = ''): Promise<RawSocket> {
  const raw = await upgradeRaw(node.addresses.clientUrl, extra)
  const token = await mesh.token('42')
  raw.write(rawFrame(JSON.stringify({action: 'Client/authentication', details: [{token}]})))
  await eventually(() => raw.text().includes('"ok"'), {what: 'the proof to be accepted'})
  return raw
}

async function expectOthersUnharmed(): Promise<void> {
  const before = other.texts.length
  await node.publish('hello', ['Hi'], {user: 7})
  await eventually(() => other.texts.length === before + 1, {what: 'a message to somebody else'})
}

const BAD = 4502
const BIG = 4503

const frames: readonly [what: string, bytes: () => Uint8Array, code: number][] = [
  ['a length of 2^63', () => rawFrame('x', {length: 2n ** 63n}), BIG],
  ['a length of 2^53', () => rawFrame('x', {length: 2n ** 53n}), BIG],
  ['a length of 2^40', () => rawFrame('x', {length: 2n ** 40n}), BIG],
  ['a length of all ones', () => rawFrame('x', {length: 2n ** 64n - 1n}), BIG],
  ['one byte more than is allowed', () => rawFrame(Buffer.alloc(65_537, 32)), BIG],
  ['fragments that are too long together', () => fragments(70, Buffer.alloc(1000, 32)), BIG],
  ['a flood of small fragments', () => fragments(2000, Buffer.from('x')), BIG],
  ['a flood of empty fragments', () => fragments(2000, Buffer.alloc(0)), BIG],
  ['bad UTF-8', () => rawFrame(Buffer.from([0x22, 0xc3, 0x28, 0x22])), BAD],
  ['a surrogate in UTF-8', () => rawFrame(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])), BAD],
  ['bad UTF-8 across fragments', () => Buffer.concat([
    rawFrame(Buffer.from([0x22, 0xc3]), {fin: false}),
    rawFrame(Buffer.from([0x28, 0x22]), {opcode: 0}),
  ]), BAD],
  ['a ping in fragments', () => rawFrame('x', {opcode: 9, fin: false}), BAD],
  ['a ping of 126 bytes', () => rawFrame(Buffer.alloc(126), {opcode: 9}), BAD],
  ['a continuation of nothing', () => rawFrame('x', {opcode: 0}), BAD],
  ['a message inside of another', () => Buffer.concat([
    rawFrame('{', {fin: false}), rawFrame('{}'),
  ]), BAD],
  ['a reserved opcode', () => rawFrame('x', {opcode: 3}), BAD],
  ['a reserved bit', () => rawFrame('x', {rsv: 2}), BAD],
  ['a frame without a mask', () => rawFrame('{}', {isMasked: false}), BAD],
  ['a close code that is none', () => rawFrame(Buffer.from([0x03, 0xee]), {opcode: 8}), BAD],
  ['a close frame of one byte', () => rawFrame('x', {opcode: 8}), BAD],
  ['binary', () => rawFrame('{}', {opcode: 2}), BAD],
  ['compression that nobody agreed on', () => compressed(Buffer.alloc(10_000_000)), BAD],
  ['JSON that nests 30,000 deep', () => rawFrame(`{"action":${'['.repeat(30_000)}`), BAD],
  ['a key of 1 MB', () => rawFrame(`{"${'k'.repeat(1_000_000)}":1}`), BIG],
  ['a key of 60 kB that is no action', () => rawFrame(`{"${'k'.repeat(60_000)}":1}`), BAD],
]

function fragments(count: number, part: Buffer): Buffer {
  return Buffer.concat(Array.from({length: count}, (_, n) =>
    rawFrame(part, {opcode: n === 0 ? 1 : 0, fin: n === count - 1}),
  ))
}

function compressed(data: Buffer): Buffer {
  return rawFrame(deflateRawSync(data), {rsv: 4})
}

describe('of a client that is known', () => {
  it.each(frames)('%s ends that connection', async (_, bytes, code) => {
    const violations = counter('clientViolations')
    const tooBig = counter('framesTooBig')
    const raw = await known()
    raw.write(bytes())
    expect(await raw.closeCode()).toBe(code)
    await eventually(() => node.stats().connections === 1, {what: 'the connection to be gone'})
    expect(counter('clientViolations')).toBe(violations + 1)
    expect(counter('framesTooBig')).toBe(tooBig + (code === BIG ? 1 : 0))
    await expectOthersUnharmed()
    raw.socket.destroy()
  })

  it('compression is not agreed on, however it is asked for', async () => {
    const raw = await known('Sec-WebSocket-Extensions: permessage-deflate\r\n')
    expect(raw.text()).not.toMatch(/sec-websocket-extensions/i)
    raw.write(compressed(Buffer.alloc(50_000_000)))
    expect(await raw.closeCode()).toBe(BAD)
    raw.socket.destroy()
  })

  it('control frames between fragments are in their place', async () => {
    const raw = await known()
    raw.write(rawFrame('{"action":', {fin: false}))
    raw.write(rawFrame('are you there', {opcode: 9}))
    raw.write(rawFrame('"nothing"}', {opcode: 0}))
    await eventually(() => raw.text().includes('are you there'), {what: 'a pong'})
    await eventually(() => raw.text().includes('nothing:error'), {what: 'an answer'})
    raw.socket.destroy()
  })

  it('a flood of pings is answered within the bound of what may wait, or closed', async () => {
    const raw = await known()
    raw.socket.pause()
    const pings = Buffer.concat(Array.from({length: 2000}, () => rawFrame(randomBytes(120), {opcode: 9})))
    const rss = process.memoryUsage.rss()
    for (let n = 0; n < 20; n += 1) raw.write(pings)
    await expectOthersUnharmed()
    expect(process.memoryUsage.rss() - rss).toBeLessThan(100 * 2 ** 20)
    raw.socket.destroy()
  })
})

describe('of a stranger', () => {
  it.each(frames)('%s ends that connection', async (_, bytes, code) => {
    const raw = await upgradeRaw(node.addresses.clientUrl)
    raw.write(bytes())
    // Without a proof 16 KiB are allowed.
    expect(await raw.closeCode()).toBe(bytes().length > 16_500 ? BIG : code)
    raw.socket.destroy()
  })
})

describe.each(['wsmesh.node.v1', 'wsmesh.operator.v1'])('at /mesh, as %s', (subprotocol) => {
  it.each(frames.filter(([what]) => what !== 'a key of 1 MB'))('%s opens nothing', async (_, bytes) => {
    const extra = `Sec-WebSocket-Protocol: ${subprotocol}\r\n`
    const raw = await upgradeRaw(node.addresses.nodeUrl, extra)
    await eventually(() => raw.text().includes('challenge'), {what: 'a challenge'})
    const failed = counter('handshakesFailed')
    raw.write(bytes())
    raw.write(bytes())
    raw.write(Buffer.alloc(20_000))
    await eventually(() => raw.isClosed() || raw.text().includes('denied'), {what: 'an end'})
    raw.socket.destroy()
    expect(node.stats().links + node.stats().operators).toBe(0)
    expect(counter('handshakesFailed')).toBeGreaterThanOrEqual(failed)
    await expectOthersUnharmed()
  })
})
