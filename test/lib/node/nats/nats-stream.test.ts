/** What may stand in the stream besides what nodes expect: repeats, rubbish, an older copy of it. */
import {cp, rm} from 'node:fs/promises'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {connectNats, type NatsClient} from '../../../../src/lib/nats/nats-client.js'
import {ensureStream, JetStream, storedPrefix} from '../../../../src/lib/nats/stream.js'
import {keyText, LOSSES, slotKey} from '../../../../src/lib/node/nats/subjects.js'
import type {MeshNode} from '../../../../src/lib/node/create-node.js'
import type {NatsRelayConfig} from '../../../../src/lib/node/nats/nats-relay.js'
import {encodePayload} from '../../../../src/lib/protocol/payload.js'
import {parsePosition} from '../../../../src/lib/protocol/position.js'
import {encodeParcel} from '../../../../src/lib/protocol/relay-codec.js'
import {nodeId} from '../../../../src/lib/util/brand.js'
import {eventually, within} from '../../../helpers/eventually.js'
import {startNats, uniqueMesh, type TestNats} from '../../../helpers/nats.js'
import {nextMessage} from '../../../helpers/test-client.js'
import {startTestMesh, type TestMesh} from '../../../helpers/test-node.js'

let nats: TestNats
let relay: NatsRelayConfig
let mesh: TestMesh
/** Somebody else who may use these subjects. */
let other: NatsClient
let stream: JetStream

beforeAll(async () => {
  nats = await startNats()
  relay = nats.relay({mesh: uniqueMesh()})
  mesh = await startTestMesh(2, {relay})
  other = await connectNats(relay.nats, () => {})
  stream = new JetStream(other, relay.stream)
}, 60_000)

afterAll(async () => {
  await mesh[Symbol.asyncDispose]()
  await other.close()
  await nats[Symbol.asyncDispose]()
})

function node(index: number): MeshNode {
  const found = mesh.nodes[index]
  if (found === undefined) throw new Error(`no node ${index}`)
  return found
}

function subjectOf(user: string): string {
  return `${storedPrefix(relay.stream)}.${keyText(slotKey('u', user, relay.stream.slots))}`
}

function parcelFor(user: string, since: number | undefined): Uint8Array {
  return encodeParcel({since, envelopes: [{
    origin: nodeId('elsewhere'), counter: 1, callerId: undefined,
    target: {kind: 'user', ids: [user]}, payload: encodePayload('twice', [user]),
  }]})
}

/** Where it places what is published now. */
async function epochAt(at: MeshNode): Promise<string | undefined> {
  const {position} = await at.publish('n', [5], {user: 'o1'})
  return parsePosition(position ?? '')?.epoch
}

async function recovered(at: MeshNode, user: string, resume: string): Promise<unknown> {
  const client = await mesh.client(at, user, {isV1: true, resume})
  const answer = JSON.parse(client.texts[0] ?? '') as {details: [string, {recovered: boolean}]}
  return answer.details[1].recovered
}

test('a message that is stored twice comes once, also where the first of the two never was', async () => {
  const client = await mesh.client(node(0), 'tw', {isV1: true})
  const {lastSeq} = await stream.state()
  await stream.store(subjectOf('tw'), parcelFor('tw', undefined), 'first')
  const {action, position} = await nextMessage(client)
  expect(action).toBe('twice')
  await client.close()
  const fresh = await mesh.start({relay})
  await within(fresh.ready, 'a new node')
  const live = await mesh.client(fresh, 'tw', {isV1: true})
  await stream.store(subjectOf('tw'), parcelFor('tw', lastSeq), 'second')
  await fresh.publish('end', [], {user: 'tw'})
  expect(await nextMessage(live)).toMatchObject({action: 'end'})
  const back = await mesh.client(fresh, 'tw', {isV1: true, resume: position})
  expect(await nextMessage(back)).toMatchObject({action: 'end'})
  // Nor to who comes to one that reads the history.
  const later = await mesh.start({relay})
  await within(later.ready, 'a later node')
  const last = await mesh.client(later, 'tw', {isV1: true, resume: position})
  expect(await nextMessage(last)).toMatchObject({action: 'end'})
})

test('rubbish in the stream, and of the nodes, is counted and passed over', async () => {
  const client = await mesh.client(node(0), 'r1', {isV1: true})
  const prefix = storedPrefix(relay.stream)
  const rubbish = new Uint8Array([2, 0, 255, 255, 255, 255, 1])
  for (const subject of [
    subjectOf('r1'), `${prefix}.a`, `${prefix}.zzz.1`, `${prefix}.u.99999999`, `${prefix}.b.nobody`,
    `${prefix}.b.${node(0).id}`, `${prefix}.${LOSSES}`,
  ]) await stream.store(subject, rubbish, subject)
  await stream.store(`${prefix}.a`, new Uint8Array(0), 'empty')
  other.publish(`${relay.stream.mesh}.n.all`, rubbish)
  other.publish(`${relay.stream.mesh}.n.${node(0).id}`, new Uint8Array(0))
  // As if it came from the stream, without what the stream says of it.
  other.publish(subjectOf('r1').replace('.m.', '.l.'), parcelFor('r1', undefined))
  const receipt = await node(1).publish('n', [1], {user: 'r1'})
  expect(receipt).toMatchObject({connections: 1, missing: []})
  expect(await nextMessage(client)).toMatchObject({action: 'n', position: receipt.position})
})

test('a second mesh on the same server hears nothing of the first', async () => {
  const second = nats.relay({mesh: `${relay.stream.mesh}-b`})
  await using both = await startTestMesh(1, {relay: second})
  const [alone] = both.nodes
  const here = await mesh.client(node(0), 's1', {isV1: true})
  expect((await alone?.publish('n', ['there'], {user: 's1'}))?.connections).toBe(0)
  await node(1).publish('n', ['here'], {user: 's1'})
  expect(await nextMessage(here)).toMatchObject({details: ['here']})
})

test('a stream whose subjects are taken by another is refused, and named', async () => {
  const taken = {...relay.stream, mesh: 'taken'}
  await ensureStream(other, taken)
  const differently = {...taken, slots: 64}
  await expect(ensureStream(other, differently)).rejects.toMatchObject({code: 'RELAY_UNUSABLE'})
  const config = {name: 'OTHER', subjects: ['held.>'], storage: 'memory'}
  const asked = new TextEncoder().encode(JSON.stringify(config))
  await other.request('$JS.API.STREAM.CREATE.OTHER', asked, 5000)
  await expect(ensureStream(other, {...relay.stream, mesh: 'held'}))
    .rejects.toThrow(/does not make the stream HELD.*overlap/)
})

test('an older copy of the stream is another life of it: nobody is recovered by its numbers', async () => {
  const client = await mesh.client(node(0), 'o1', {isV1: true})
  const kept = await node(0).publish('n', [1], {user: 'o1'})
  const [server] = nats.servers
  const [store = ''] = nats.stores
  const whole = async (): Promise<void> => {
    await server?.start()
    await eventually(() => mesh.nodes.every(({standing: {state}}) => state === 'linked'))
  }
  await server?.end('SIGTERM')
  await cp(store, `${store}-older`, {recursive: true})
  await whole()
  for (const n of [2, 3, 4]) await node(0).publish('n', [n], {user: 'o1'})
  let lost = await nextMessage(client)
  while (lost.details[0] !== 4) lost = await nextMessage(client)
  await server?.end('SIGKILL')
  await rm(store, {recursive: true})
  await cp(`${store}-older`, store, {recursive: true})
  await whole()
  await eventually(() => client.ws.readyState === client.ws.CLOSED)
  const isNew = async (at: MeshNode): Promise<boolean> =>
    await epochAt(at) !== parsePosition(lost.position)?.epoch
  await eventually(async () => await isNew(node(0)) && await isNew(node(1)))
  // Numbers that were given before are given again.
  for (let n = 0; n < 20; n += 1) await node(1).publish('n', [n], {user: 'o1'})
  const fresh = await mesh.start({relay})
  await within(fresh.ready, 'a new node')
  expect(await epochAt(fresh)).toBe(await epochAt(node(0)))
  for (const at of [node(1), fresh]) {
    expect(await recovered(at, 'o1', lost.position)).toBe(false)
    expect(await recovered(at, 'o1', kept.position ?? '')).toBe(false)
  }
})
