import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {viewerFileOf} from '../../../src/lib/auth/secret-file.js'
import {askStats, StatsWatch} from '../../../src/lib/operator/ask-stats.js'
import {MeshAccess} from '../../../src/lib/operator/mesh-access.js'
import {eventually} from '../../helpers/eventually.js'
import {startTestMesh, type TestMesh} from '../../helpers/test-node.js'

let mesh: TestMesh

beforeAll(async () => {
  mesh = await startTestMesh(2)
})
afterAll(() => mesh[Symbol.asyncDispose]())

/** A viewer's, whose time for one command is over at once. */
function viewersAccess(timeoutMs = 5000): MeshAccess {
  return new MeshAccess({
    poolUrl: 'sqlite:',
    poolPrefix: 'wsmesh_',
    dataDir: mesh.folder,
    secretFile: undefined,
    env: {WSMESH_SECRET: viewerFileOf(mesh.secret)},
    node: undefined,
    timeoutMs,
  })
}

const rttMs = (): number | null | undefined => second().stats().meter?.links[0]?.rttMs

const [first, second] = [0, 1].map((index) => () => {
  const node = mesh.nodes[index]
  if (node === undefined) throw new Error('There is no such node')
  return node
}) as [() => TestMesh['nodes'][0], () => TestMesh['nodes'][0]]

describe('the numbers of all nodes', () => {
  it('have what is measured: latencies, links with round trip and lag, processor time', async () => {
    const client = await mesh.client(second(), '42')
    await first().publish('hello', ['Hi'], {user: 42})
    await client.next()
    const {nodes, silent, holder} = await askStats(viewersAccess())
    expect(silent).toEqual([])
    expect(holder).toBe(first().id)
    const [master, follower] = [first(), second()].map(({id}) =>
      nodes.find((node) => node.id === id)?.stats)
    expect(master?.meter).toMatchObject({
      isDraining: false,
      latency: {relay: {messages: 1}, delivery: {messages: 1}, receipt: {messages: 1}},
      links: [{node: second().id, lagMessages: 0, queueBytes: 0}],
    })
    const {relay, receipt} = master?.meter?.latency ?? {}
    expect(relay?.maxMs).toBeGreaterThan(0)
    expect(receipt?.maxMs).toBeGreaterThanOrEqual(relay?.maxMs ?? Infinity)
    expect(master?.meter?.leaseAgeMs).toBeLessThan(3000)
    expect(follower?.meter).toMatchObject({
      latency: {relay: {messages: 0}, delivery: {messages: 1}, receipt: {messages: 0}},
      links: [{node: first().id, lagMessages: 0}],
    })
    expect(master?.counters).toMatchObject({publishedByHandlers: 1, deliveredToUsers: 1})
    expect(follower?.counters).toMatchObject({clientFramesOut: 1, deliveredToUsers: 1})
    for (const name of ['clientBytesIn', 'clientBytesOut', 'linkBytesIn', 'linkBytesOut']) {
      expect(follower?.counters[name], name).toBeGreaterThan(0)
    }
  })

  it('tell how far the other side of a link is, once that was asked', async () => {
    await eventually(() => typeof rttMs() === 'number', {timeoutMs: 5000})
    expect(rttMs()).toBeLessThan(1000)
  })

  it('are asked for again over the same connections, however old the access is', async () => {
    const access = viewersAccess(1000)
    const watch = new StatsWatch(access)
    await watch.ask()
    const operators = first().stats().operators
    await watch.ask()
    await eventually(() => access.leftMs() === 1, {timeoutMs: 3000})
    const {nodes, silent} = await watch.ask()
    expect(nodes.map(({stats}) => stats?.operators)).toEqual([operators, operators])
    expect(silent).toEqual([])
    watch.close()
    access.close()
    await eventually(() => first().stats().operators < operators)
  })

  it('name who does not answer, and why', async () => {
    const access = viewersAccess()
    const watch = new StatsWatch(access)
    await watch.ask()
    await second().close()
    const {nodes, silent} = await watch.ask()
    expect(nodes.find(({id}) => id === first().id)?.stats?.node).toBe(first().id)
    expect(silent).toMatchObject([{id: second().id, state: 'stale'}])
    expect(silent[0]?.why).toMatch(/refused/)
    watch.close()
    access.close()
  })
})
