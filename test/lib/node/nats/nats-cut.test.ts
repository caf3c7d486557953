/** One node's line to NATS is cut, or too slow for it; the other node's is not. */
import {afterAll, beforeAll, expect, test} from 'vitest'
import {defaultMeshConfig} from '../../../../src/lib/mesh/config.js'
import {connectNats} from '../../../../src/lib/nats/nats-client.js'
import {JetStream, storedPrefix, streamName, type StreamSettings}
  from '../../../../src/lib/nats/stream.js'
import type {MeshNode} from '../../../../src/lib/node/create-node.js'
import {keyText, slotKey} from '../../../../src/lib/node/nats/subjects.js'
import {eventually, within} from '../../../helpers/eventually.js'
import {natsRelayOf, startNats, uniqueMesh, type TestNats} from '../../../helpers/nats.js'
import {TcpCut} from '../../../../src/lib/drill/network/tcp-cut.js'
import type {TestClient} from '../../../helpers/test-client.js'
import {startTestMesh, type TestMesh} from '../../../helpers/test-node.js'

const OUTBOX_MESSAGES = 20

let nats: TestNats
let line: TcpCut
let mesh: TestMesh
let far: MeshNode
let near: MeshNode
let stream: StreamSettings

beforeAll(async () => {
  // Little waits at the server for who does not read.
  nats = await startNats({config: 'max_pending: 4MB, write_deadline: "1s"'})
  line = await TcpCut.to(nats.servers[0]?.port ?? 0)
  const relay = nats.relay({mesh: uniqueMesh()})
  stream = relay.stream
  mesh = await startTestMesh(0)
  near = await mesh.start({relay})
  far = await mesh.start({
    relay: natsRelayOf([line.address], stream),
    mesh: {...defaultMeshConfig, outboxMessages: OUTBOX_MESSAGES},
    // All that it missed comes at once.
    clientQueueBytes: 256 * 1024 * 1024,
  })
  await within(Promise.all([near.ready, far.ready]), 'both nodes')
}, 60_000)

afterAll(async () => {
  await mesh[Symbol.asyncDispose]()
  await line[Symbol.asyncDispose]()
  await nats[Symbol.asyncDispose]()
})

interface Frame {
  readonly details: readonly [number, ...unknown[]]
  readonly position: string
}

/** The first part of so many messages. */
async function numbers(client: TestClient, count: number): Promise<number[]> {
  const got: number[] = []
  while (got.length < count) {
    const {details} = (await client.next()) as Partial<Frame>
    if (typeof details?.[0] === 'number') got.push(details[0])
  }
  return got
}

const upTo = (count: number): number[] => Array.from({length: count}, (_, n) => n)

test('a cut line: the node takes so much, says that it is not well, and catches up', async () => {
  const stays = await mesh.client(far, 'c1', {isV1: true})
  const leaves = await mesh.client(far, 'c1', {isV1: true})
  const {position} = await near.publish('n', [0], {user: 'c1'})
  expect(await numbers(stays, 1)).toEqual([0])
  line.cut()
  await leaves.close()
  // What is over the limit is refused, what is under it waits.
  const sent = upTo(OUTBOX_MESSAGES + 5).map((n) => far.publish('n', [n], {user: 'c2'}))
  const settled = Promise.allSettled(sent)
  const listener = await mesh.client(near, 'c2', {isV1: true})
  for (const n of [1, 2, 3]) await near.publish('n', [n], {user: 'c1'})
  await eventually(() => far.standing.state === 'seeking', {timeoutMs: 20_000})
  const healthy = await fetch(`${far.addresses.httpUrl}/healthz`)
  expect(healthy.status).toBe(503)
  // Who left it misses nothing elsewhere, meanwhile.
  const back = await mesh.client(near, 'c1', {isV1: true, resume: position ?? ''})
  expect(await numbers(back, 3)).toEqual([1, 2, 3])
  line.heal()
  await eventually(() => far.standing.state === 'linked', {timeoutMs: 20_000})
  expect(await numbers(stays, 3)).toEqual([1, 2, 3])
  expect(await numbers(listener, OUTBOX_MESSAGES)).toEqual(upTo(OUTBOX_MESSAGES))
  const outcomes = await settled
  expect(outcomes.filter(({status}) => status === 'rejected')).toHaveLength(5)
  // It came while this node heard of nobody.
  const counts = outcomes.map((each) => each.status === 'fulfilled' && each.value.connections)
  expect(counts.slice(0, OUTBOX_MESSAGES)).toEqual(upTo(OUTBOX_MESSAGES).map(() => 1))
  await near.publish('n', [9], {user: ['c1', 'c2']})
  expect(await numbers(stays, 1)).toEqual([9])
  expect(await numbers(listener, 1)).toEqual([9])
})

test('what is stored twice, first where its publisher sent it again, comes once to who is back', async () => {
  await using other = await forgetful()
  const leaves = await mesh.client(near, 'd1', {isV1: true})
  line.cut()
  // This one has it and cannot say so; the other one stores it meanwhile.
  const first = far.publish('n', [1], {user: 'd1'}, {id: 'again'})
  const second = await near.publish('n', [1], {user: 'd1'}, {id: 'again'})
  const later = await near.publish('n', [2], {user: 'd1'})
  expect(await numbers(leaves, 2)).toEqual([1, 2])
  await leaves.close()
  line.heal()
  expect(await first).toMatchObject({position: second.position, connections: 1, missing: []})
  await eventually(() => far.standing.state === 'linked', {timeoutMs: 20_000})
  const fresh = await mesh.start({relay: nats.relay(stream)})
  await within(fresh.ready, 'a new node')
  const back = await mesh.client(fresh, 'd1', {isV1: true, resume: later.position ?? ''})
  await near.publish('n', [3], {user: 'd1'})
  expect(await numbers(back, 1)).toEqual([3])
  expect(await other.stored('d1')).toBe(4)
})

/** From now on the stream knows what it has for a moment alone. */
async function forgetful(): Promise<AsyncDisposable & {stored(user: string): Promise<number>}> {
  const client = await connectNats(nats.relay().nats, () => {})
  const jetStream = new JetStream(client, stream)
  const api = async (what: string, body?: unknown): Promise<Record<string, unknown>> => {
    const asked = new TextEncoder().encode(body === undefined ? '' : JSON.stringify(body))
    const answer = await client.request(`$JS.API.STREAM.${what}.${streamName(stream)}`, asked, 5000)
    return JSON.parse(new TextDecoder().decode(answer)) as Record<string, unknown>
  }
  const {config} = await api('INFO')
  await api('UPDATE', {...config as object, duplicate_window: 100e6})
  return {
    async stored(user) {
      const subject = `${storedPrefix(stream)}.${keyText(slotKey('u', user, stream.slots))}`
      let count = 0
      for (let seq = 1, found; (found = await jetStream.next(subject, seq)); seq = found.seq + 1) {
        count += 1
      }
      return count
    },
    [Symbol.asyncDispose]: () => client.close(),
  }
}

test('a node that NATS drops, because it reads too slowly, misses nothing', async () => {
  const client = await mesh.client(far, 's1', {isV1: true})
  line.cut()
  const text = 'x'.repeat(200_000)
  // More than lies in the buffers of the system between them.
  const sent = upTo(60).map((n) => near.publish('n', [n, text], {user: 's1'}))
  await eventually(() => nats.servers[0]?.log.includes('Slow Consumer'), {timeoutMs: 20_000})
  await Promise.all(sent)
  line.heal()
  const got = (): number => client.texts.filter((frame) => frame.includes(text)).length
  await eventually(() => got() >= 60, {what: 'all that was sent', timeoutMs: 20_000})
  expect(await numbers(client, 60)).toEqual(upTo(60))
})
