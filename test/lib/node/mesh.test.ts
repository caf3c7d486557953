import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, it} from 'vitest'
import {connectOperator} from '../../../src/lib/operator/operator-client.js'
import {defaultMeshConfig} from '../../../src/lib/mesh/config.js'
import {eventually} from '../../helpers/eventually.js'
import {startTestMesh} from '../../helpers/test-node.js'

it('delivers to every tab of a user on every node, and to nobody else', async () => {
  await using mesh = await startTestMesh(3)
  const [a, b, c] = mesh.nodes
  if (!a || !b || !c) throw new Error('three nodes')
  const tabs = [
    await mesh.client(a, '42'),
    await mesh.client(b, '42'),
    await mesh.client(c, '42'),
    await mesh.client(c, '42', {isV1: true}),
  ]
  const other = await mesh.client(b, '7')
  const receipt = await b.publish('hello', ['Hi'], {user: 42})
  expect(receipt).toMatchObject({connections: 4, nodes: 3, missing: []})
  for (const tab of tabs.slice(0, 3)) {
    expect(await tab.next()).toEqual({action: 'hello', details: ['Hi']})
  }
  expect(await tabs[3]?.next()).toEqual({
    action: 'hello',
    details: ['Hi'],
    id: receipt.id,
    position: receipt.position,
  })
  const all = await a.publish('bye', 'now', {registered: true})
  expect(all.connections).toBe(5)
  expect(await other.next()).toEqual({action: 'bye', details: ['now']})
  expect(other.texts).toHaveLength(2)
})

it('delivers a message of the same id once, through whichever node it comes again', async () => {
  await using mesh = await startTestMesh(3)
  const [a, b, c] = mesh.nodes
  if (!a || !b || !c) throw new Error('three nodes')
  await eventually(() => a.stats().view.length === 3)
  const tab = await mesh.client(c, '42', {isV1: true})
  const [first, again] = await Promise.all([
    b.publish('hello', ['Hi'], {user: 42}, {id: 'order-7'}),
    b.publish('hello', ['Hi'], {user: 42}, {id: 'order-7'}),
  ])
  expect(first).toMatchObject({id: 'order-7', connections: 1, byNode: [{node: c.id}]})
  expect(again).toEqual(first)
  expect(await c.publish('hello', ['Hi'], {user: 42}, {id: 'order-7'})).toEqual(first)
  // The master that gave the position and counted the connections is gone: the same receipt.
  await a.close()
  const later = await b.publish('hello', ['Hi'], {user: 42}, {id: 'order-7'})
  expect(later).toEqual({...first, missing: later.missing})
  await b.publish('end', [], {user: 42}, {id: 'order-8'})
  expect(await tab.next()).toMatchObject({id: 'order-7', position: first.position})
  expect(await tab.next()).toMatchObject({id: 'order-8'})
  expect(c.stats().counters['repeats']).toBe(3)
  await expect(b.publish('a', [], {user: 42}, {id: 'x'.repeat(65)})).rejects.toMatchObject({
    code: 'DETAILS_INVALID',
  })
})

it('gives a client that comes back to another node what it missed, for it alone', async () => {
  await using mesh = await startTestMesh(3)
  const [a, b, c] = mesh.nodes
  if (!a || !b || !c) throw new Error('three nodes')
  await eventually(() => a.stats().view.length === 3)
  const claims = {isV1: true, groups: ['staff'], session: 's1', language: 'en'}
  const first = await mesh.client(b, '42', claims)
  await a.publish('n', [1], {user: 42})
  const {position} = (await first.next()) as {position: string}
  await first.close()
  for (const [index, target] of [
    {user: 7}, {user: 42}, {group: 'staff'}, {group: 'others'}, {session: 's1'}, {session: 's2'},
    {filter: {language: 'en'}}, {filter: {language: 'de'}}, {registered: true}, {everyone: true},
  ].entries()) {
    await a.publish('n', [index + 10], target as {user: number})
  }
  const again = await mesh.client(c, '42', {...claims, resume: position})
  await a.publish('n', [99], {user: 42})
  const numbers: unknown[] = []
  while (numbers.at(-1) !== 99) {
    const {details} = (await again.next()) as {details: [number]}
    numbers.push(details[0])
  }
  expect(numbers).toEqual([11, 12, 14, 16, 18, 19, 99])
  expect(JSON.parse(again.texts[0] ?? '')).toMatchObject({details: ['ok', {recovered: true}]})
  const stranger = await mesh.client(c, '42', {...claims, resume: 'another0.1.1'})
  expect(JSON.parse(stranger.texts[0] ?? '')).toMatchObject({details: ['ok', {recovered: false}]})
})

it('goes on after the master died, and after a drain', async () => {
  await using mesh = await startTestMesh(3)
  const [a, b, c] = mesh.nodes
  if (!a || !b || !c) throw new Error('three nodes')
  expect(a.standing.state).toBe('mastering')
  await eventually(() => a.stats().view.length === 3)
  const client = await mesh.client(c, '42')
  await a.close()
  const receipt = await b.publish('hello', ['after'], {user: 42})
  expect(receipt.connections).toBe(1)
  expect(await client.next()).toEqual({action: 'hello', details: ['after']})
  await eventually(() => [b, c].some((node) => node.standing.state === 'mastering'))
  const master = [b, c].find((node) => node.standing.state === 'mastering')
  const follower = master === b ? c : b
  await master?.drain()
  await eventually(() => follower.standing.state === 'mastering')
  // The first one died, and may be named until that is proved; who left in order is not missed.
  const {missing} = await follower.publish('hello', ['last'], {everyone: true})
  expect(missing).not.toContain(master?.id)
})

it('closes a client that never reads, and serves the others unharmed', async () => {
  await using mesh = await startTestMesh(1, {clientQueueBytes: 256 * 1024})
  const [node] = mesh.nodes
  if (!node) throw new Error('one node')
  const stuck = await mesh.client(node, '42')
  const fine = await mesh.client(node, '42')
  stuck.ws.pause()
  let sent = 0
  await eventually(async () => {
    await node.publish('fill', ['x'.repeat(50_000)], {user: 42})
    sent += 1
    return node.stats().counters['slowConsumers'] === 1
  }, {timeoutMs: 20_000})
  expect(node.stats().connections).toBe(1)
  await eventually(() => fine.texts.length === sent + 1)
  await eventually(() => node.stats().queueBytes === 0)
})

it('sends the clients of a node that drains elsewhere, and takes no new ones', async () => {
  await using mesh = await startTestMesh(2)
  const [a, b] = mesh.nodes
  if (!a || !b) throw new Error('two nodes')
  await eventually(() => a.stats().view.length === 2)
  const client = await mesh.client(b, '42', {isV1: true})
  expect((await mesh.client(a, '42')).subprotocol).toBe('')
  await b.drain()
  expect(await client.closed).toEqual({code: 4000, reason: 'drain: within 500 ms'})
  await expect(mesh.client(b, '42')).rejects.toThrow()
  expect((await a.publish('hello', [], {user: 42})).missing).toEqual([])
})

const MANY = 400

it('keeps the order of one operator whose messages meet a full outbox and are sent again', async () => {
  const small = {...defaultMeshConfig, outboxMessages: 40}
  await using mesh = await startTestMesh(1, {mesh: small})
  const [node] = mesh.nodes
  if (!node) throw new Error('one node')
  const tab = await mesh.client(node, '42')
  const {secret} = mesh
  const url = node.addresses.nodeUrl
  const operator = await connectOperator({url, secret, timeoutMs: 5000})
  const refused = {times: 0}
  let waiting = Array.from({length: MANY}, (_, index) => index + 1)
  // Fat, so that they come in many pieces, between which the outbox empties.
  const fat = 'x'.repeat(8000)
  while (waiting.length > 0) {
    const sent = waiting.map(async (n) => {
      try {
        await operator.publish({action: 'n', details: [n, fat], target: {user: 42}}, 20_000)
        return undefined
      } catch (error) {
        expect(error).toMatchObject({code: 'OUTBOX_FULL'})
        refused.times += 1
        return n
      }
    })
    waiting = (await Promise.all(sent)).filter((n) => n !== undefined)
  }
  operator.close()
  expect(refused.times).toBeGreaterThan(0)
  const got: unknown[] = []
  while (got.length < MANY) got.push((await tab.next() as {details: unknown[]}).details[0])
  expect(got).toEqual(Array.from({length: MANY}, (_, index) => index + 1))
})

it('answers a client that asks for more than it reads, in its order, once it reads', async () => {
  await using mesh = await startTestMesh(0)
  const file = join(mesh.folder, 'more.mjs')
  const handler = "({details, reply}) => reply([details[0], 'x'.repeat(20_000)])"
  await writeFile(file, `export default (mesh) => mesh.on('more', ${handler})`)
  const node = await mesh.start({
    actions: [file], clientQueueBytes: 256 * 1024, actionsPerSecond: 0, userActionsPerSecond: 0,
  })
  await node.ready
  const client = await mesh.client(node, '42')
  client.ws.pause()
  const asked = Array.from({length: 1000}, (_, index) => index)
  for (const n of asked) client.send({action: 'more', details: [n]})
  await eventually(() => node.stats().queueBytes > 128 * 1024)
  client.ws.resume()
  const got: unknown[] = []
  while (got.length < asked.length) {
    got.push((await client.next() as {details: unknown[]}).details[0])
  }
  expect(got).toEqual(asked)
  expect(node.stats().counters['slowConsumers']).toBe(0)
})
