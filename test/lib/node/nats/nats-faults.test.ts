/** What happens to NATS while a mesh uses it, and what its clients see of that. */
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {connectNats} from '../../../../src/lib/nats/nats-client.js'
import {streamName} from '../../../../src/lib/nats/stream.js'
import type {MeshNode} from '../../../../src/lib/node/create-node.js'
import {eventually, within} from '../../../helpers/eventually.js'
import {startNats, uniqueMesh, type TestNats} from '../../../helpers/nats.js'
import {nextMessage} from '../../../helpers/test-client.js'
import {startTestMesh, type TestMesh} from '../../../helpers/test-node.js'

describe('a mesh on one server of NATS', () => {
  const name = uniqueMesh()
  let nats: TestNats
  let mesh: TestMesh

  /** As an operator of NATS would, by its own tools. */
  async function api(what: string): Promise<void> {
    const client = await connectNats(nats.relay().nats, () => {})
    await client.request(`$JS.API.${what}`, new Uint8Array(0), 5000)
    await client.close()
  }

  beforeAll(async () => {
    nats = await startNats()
    mesh = await startTestMesh(2, {relay: nats.relay({mesh: name})})
  }, 60_000)

  afterAll(async () => {
    await mesh[Symbol.asyncDispose]()
    await nats[Symbol.asyncDispose]()
  })

  function node(index: number): MeshNode {
    const found = mesh.nodes[index]
    if (found === undefined) throw new Error(`no node ${index}`)
    return found
  }

  test('what is published while it is killed and away comes once it is back, in order', async () => {
    const client = await mesh.client(node(1), 'k1', {isV1: true})
    const [server] = nats.servers
    const sent = Array.from({length: 30}, (_, n) => n)
    const before = sent.slice(0, 10).map((n) => node(0).publish('n', [n], {user: 'k1'}))
    await server?.end('SIGKILL')
    const after = sent.slice(10).map((n) => node(0).publish('n', [n], {user: 'k1'}))
    await eventually(() => node(0).standing.state === 'seeking')
    await server?.start()
    const receipts = await Promise.all([...before, ...after])
    expect(receipts.map(({connections}) => connections)).toEqual(sent.map(() => 1))
    const got: unknown[] = []
    while (got.length < sent.length) got.push((await nextMessage(client)).details[0])
    expect(got).toEqual(sent)
    await eventually(() => mesh.nodes.every(({standing: {state}}) => state === 'linked'))
  })

  test('a client keeps its place over a restart, and loses it with the stream', async () => {
    const client = await mesh.client(node(0), 'r1', {isV1: true})
    await node(0).publish('n', [1], {user: 'r1'})
    const {position} = await nextMessage(client)
    await client.close()
    await node(0).publish('n', [2], {user: 'r1'})
    await nats.servers[0]?.end('SIGTERM')
    await nats.servers[0]?.start()
    await eventually(() => mesh.nodes.every(({standing: {state}}) => state === 'linked'))
    const back = await mesh.client(node(1), 'r1', {isV1: true, resume: position})
    expect(await nextMessage(back)).toMatchObject({details: [2]})
    await api(`STREAM.DELETE.${streamName({mesh: name})}`)
    // Who is connected has missed nothing yet, but his place is in no stream any more.
    await eventually(() => back.ws.readyState === back.ws.CLOSED)
    await eventually(() => mesh.nodes.every(({standing: {state}}) => state === 'linked'))
    // This one looks at it every second.
    const lost = await eventually(async () => {
      const tried = await mesh.client(node(0), 'r1', {isV1: true, resume: position})
      return (tried.texts[0] ?? '').includes('"recovered":false') ? tried : undefined
    })
    await node(1).publish('n', [3], {user: 'r1'})
    expect(await nextMessage(lost)).toMatchObject({details: [3]})
  })

  test('a place before a purge is not recovered', async () => {
    const client = await mesh.client(node(0), 'p1', {isV1: true})
    const before = await node(0).publish('n', [1], {user: 'p1'})
    await node(0).publish('n', [2], {user: 'p1'})
    await client.close()
    // A node that has the messages in its memory could still give them: a new one has not.
    await api(`STREAM.PURGE.${streamName({mesh: name})}`)
    const fresh = await mesh.start()
    await within(fresh.ready, 'a new node')
    const resume = before.position ?? ''
    const lost = await mesh.client(fresh, 'p1', {isV1: true, resume})
    expect(JSON.parse(lost.texts[0] ?? '')).toMatchObject({details: ['ok', {recovered: false}]})
  })

  test('what is larger than NATS takes is refused for good, and stops nothing', async () => {
    const big = node(0).publish('n', ['x'.repeat(1_048_000)], {user: 'z'})
    await expect(big).rejects.toThrow('larger than NATS takes')
    expect((await node(0).publish('n', [], {user: 'z'})).connections).toBe(0)
  })
})
