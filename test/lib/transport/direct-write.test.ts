import assert from 'node:assert/strict'
import {once} from 'node:events'
import {mkdtemp, rm} from 'node:fs/promises'
import {connect, createServer} from 'node:net'
import type {AddressInfo, ListenOptions, Socket} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {PassThrough} from 'node:stream'
import {TLSSocket} from 'node:tls'
import {afterEach, test} from 'vitest'
import {directHandleOf, writeDirectly} from '../../../src/lib/transport/direct-write.js'
import type {DirectHandle, DirectWriter} from '../../../src/lib/transport/direct-write.js'
import {eventually} from '../../helpers/eventually.js'

const open: (() => Promise<unknown> | void)[] = []

afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close()
})

async function pair(options: ListenOptions = {port: 0, host: '127.0.0.1'}) {
  const server = createServer({pauseOnConnect: true})
  server.listen(options)
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  const address = server.address()
  const peer = typeof address === 'string'
    ? connect(address) : connect((address as AddressInfo).port, '127.0.0.1')
  peer.pause()
  const [stream] = await accepted as [Socket]
  stream.on('error', () => {})
  peer.on('error', () => {})
  open.push(() => {
    peer.destroy()
    stream.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  return {stream, peer}
}

function handleOf(stream: Socket): DirectHandle {
  const handle = directHandleOf(stream)
  assert.ok(handle, 'This Node has what direct writes need')
  return handle
}

function writer(): DirectWriter & {readonly told: boolean[]} {
  const told: boolean[] = []
  return {told, directlyWritten: (isWritten) => void told.push(isWritten)}
}

/** Writes until the operating system takes no more; all that was offered. */
function fill(handle: DirectHandle, told: DirectWriter): Buffer[] {
  const offered: Buffer[] = []
  for (let index = 0; index < 1000; index += 1) {
    const bytes = Buffer.alloc(256 * 1024, index)
    offered.push(bytes)
    const result = writeDirectly(handle, bytes, told)
    if (result === 'some') return offered
    assert.equal(result, 'all')
  }
  return assert.fail('The operating system took 250 MB for a peer that does not read')
}

async function readOf(peer: Socket, size: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of peer as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes >= size) break
  }
  return Buffer.concat(chunks)
}

test('what the operating system takes is with the peer, and nobody is told', async () => {
  const {stream, peer} = await pair()
  const told = writer()
  assert.equal(writeDirectly(handleOf(stream), Buffer.from('hello'), told), 'all')
  assert.equal((await readOf(peer, 5)).toString(), 'hello')
  assert.deepEqual(told.told, [])
})

test('also over a Unix socket', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wsmesh-'))
  open.push(() => rm(folder, {recursive: true}))
  const {stream, peer} = await pair({path: join(folder, 'socket')})
  assert.equal(writeDirectly(handleOf(stream), Buffer.from('hello'), writer()), 'all')
  assert.equal((await readOf(peer, 5)).toString(), 'hello')
})

test('what is left over is written before what the stream is given later, then told', async () => {
  const {stream, peer} = await pair()
  const told = writer()
  const offered = fill(handleOf(stream), told)
  const last = Buffer.from('by the stream')
  stream.write(last)
  assert.deepEqual(told.told, [])
  const all = Buffer.concat([...offered, last])
  const read = await readOf(peer, all.length)
  assert.ok(read.equals(all), 'All bytes, in order')
  await eventually(() => told.told.length > 0)
  assert.deepEqual(told.told, [true])
})

test('two writes that leave something over are told apart', async () => {
  const {stream, peer} = await pair()
  const [first, second] = [writer(), writer()]
  const offered = fill(handleOf(stream), first)
  const bytes = Buffer.from('another')
  assert.equal(writeDirectly(handleOf(stream), bytes, second), 'some')
  await readOf(peer, Buffer.concat(offered).length + bytes.length)
  await eventually(() => second.told.length > 0)
  assert.deepEqual([first.told, second.told], [[true], [true]])
})

test('what will never be written is told too', async () => {
  const {stream} = await pair()
  const told = writer()
  fill(handleOf(stream), told)
  stream.destroy()
  await eventually(() => told.told.length > 0)
  assert.deepEqual(told.told, [false])
})

test('a socket that is over is left to its stream', async () => {
  const {stream} = await pair()
  const handle = handleOf(stream)
  stream.destroy()
  await once(stream, 'close')
  assert.equal(writeDirectly(handle, Buffer.from('hello'), writer()), 'none')
})

test('TLS and whatever else is no plain socket has no such way', async () => {
  const {stream} = await pair()
  assert.equal(directHandleOf(new PassThrough()), undefined)
  const tls = new TLSSocket(stream, {isServer: true})
  tls.on('error', () => {})
  assert.equal(directHandleOf(tls), undefined)
  tls.destroy()
})
