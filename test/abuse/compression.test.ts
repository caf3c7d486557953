/** Compression when it is on: what it saves, and that a bomb costs its sender the connection only. */
import {deflateRawSync} from 'node:zlib'
import {afterEach, beforeEach, expect, it} from 'vitest'
import {WebSocket} from 'ws'
import type {MeshNode} from '../../src/lib/node/create-node.js'
import {eventually, within} from '../helpers/eventually.js'
import {rawFrame, upgradeRaw} from '../helpers/raw-socket.js'
import {startTestMesh, type TestMesh} from '../helpers/test-node.js'

let mesh: TestMesh
let node: MeshNode
const open: WebSocket[] = []

beforeEach(async () => {
  mesh = await startTestMesh(1, {compression: true})
  const [first] = mesh.nodes
  if (first === undefined) throw new Error('One node was started')
  node = first
})

afterEach(async () => {
  for (const ws of open.splice(0)) ws.terminate()
  await mesh[Symbol.asyncDispose]()
})

interface Taker {
  readonly ws: WebSocket
  readonly texts: string[]
  /** Bytes of the network. */
  readonly received: () => number
}

async function take(perMessageDeflate: boolean | object): Promise<Taker> {
  const ws = new WebSocket(node.addresses.clientUrl, {perMessageDeflate})
  open.push(ws)
  const texts: string[] = []
  let received = 0
  ws.on('upgrade', ({socket}) => socket.on('data', (chunk: Buffer) => (received += chunk.length)))
  ws.on('message', (data: Buffer) => texts.push(data.toString()))
  await within(new Promise((resolve) => ws.once('open', resolve)), 'a client to be in')
  const token = await mesh.token('42')
  ws.send(JSON.stringify({action: 'Client/authentication', details: [{token}]}))
  await eventually(() => texts.length === 1, {what: 'its proof to be accepted'})
  return {ws, texts, received: () => received}
}

it('saves bytes for who asks for it, whatever window he asks for, and nobody else notices', async () => {
  const packed = await take(true)
  const narrow = await take({serverMaxWindowBits: 9})
  const plain = await take(false)
  const details = ['compress me '.repeat(5000)]
  const before = packed.received()
  await node.publish('hello', details, {user: 42})
  const text = JSON.stringify({action: 'hello', details})
  for (const {texts} of [packed, narrow, plain]) {
    await eventually(() => texts.length === 2, {what: 'the message'})
    expect(texts[1]).toBe(text)
  }
  expect(packed.received() - before).toBeLessThan(text.length / 10)
  // Small ones and those of others come through as well, and what is sent deflated is read.
  packed.ws.send(JSON.stringify({action: 'nothing', details: ['x'.repeat(20_000)]}))
  await eventually(() => packed.texts.some((answer) => answer.includes('nothing:error')), {
    what: 'an answer to a message that was sent deflated',
  })
})

it('stops what inflates beyond the limit, in bounded memory', async () => {
  const bomb = rawFrame(deflateRawSync(Buffer.alloc(100_000_000)), {rsv: 4})
  const small = rawFrame(deflateRawSync(Buffer.alloc(200_000)), {rsv: 4})
  const rss = process.memoryUsage.rss()
  for (const bytes of [bomb, small, small, small]) {
    const extension = 'Sec-WebSocket-Extensions: permessage-deflate\r\n'
    const raw = await upgradeRaw(node.addresses.clientUrl, extension)
    expect(raw.text()).toContain('client_no_context_takeover')
    raw.write(bytes)
    expect(await raw.closeCode()).toBe(4503)
    raw.socket.destroy()
  }
  expect(process.memoryUsage.rss() - rss).toBeLessThan(64 * 2 ** 20)
  expect(node.stats().counters['framesTooBig']).toBe(4)
})
