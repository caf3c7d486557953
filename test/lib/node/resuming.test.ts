/** Clients that come back: what they missed, all of it and in order, or the plain word that not. */
import {describe, expect, it} from 'vitest'
import type {Delivery} from '../../../src/lib/mesh/effect.js'
import {LIMITS} from '../../../src/lib/protocol/limits.js'
import {encodePayload} from '../../../src/lib/protocol/payload.js'
import type {Target} from '../../../src/lib/protocol/target.js'
import {nodeId} from '../../../src/lib/util/brand.js'
import {ClientBench, type BenchClient} from '../../helpers/client-bench.js'
import {eventually} from '../../helpers/eventually.js'

const FOR_42: Target = {kind: 'user', ids: ['42']}

function entry(seq: number, target: Target, repeatOf?: number, details: unknown = [seq]): Delivery {
  const payload = encodePayload('n', details)
  const envelope = {origin: nodeId('o'), counter: seq, callerId: undefined, target, payload}
  return {term: 1, seq, envelope, repeatOf: repeatOf ? {term: 1, seq: repeatOf} : undefined}
}

function recovered(entries: readonly Delivery[]) {
  return () => ({type: 'recovered' as const, after: {term: 1, seq: 1}, entries})
}

async function resume(bench: ClientBench, client: BenchClient, resume: string): Promise<void> {
  const token = await bench.token('42', {groups: ['staff']})
  client.say({action: 'Client/authentication', details: [{token, resume}]})
}

async function answered(client: BenchClient): Promise<void> {
  await eventually(() => client.socket.texts.length > 0, {what: 'an answer to the resume'})
}

describe('a wsmesh.v1 client that resumes', () => {
  it('gets the answer, then what it missed, then what comes', async () => {
    const bench = new ClientBench()
    bench.position = {epoch: 'e', term: 1, seq: 7}
    bench.recover = recovered([
      {term: 1, seq: 2, envelope: undefined, repeatOf: undefined},
      entry(3, FOR_42), entry(4, {kind: 'user', ids: ['7']}), entry(5, FOR_42, 3),
      entry(6, {kind: 'group', ids: ['staff']}), entry(7, {kind: 'everyone'}),
    ])
    const client = bench.connect('v1')
    await resume(bench, client, 'e.1.1')
    await answered(client)
    bench.deliver('live', [], {user: 42})
    const [answer, ...frames] = client.socket.take() as {details: unknown[]; position: string}[]
    expect(answer?.details[1]).toMatchObject({position: 'e.1.1', recovered: true})
    expect(frames.map(({details}) => details)).toEqual([[3], [6], [7], []])
    expect(frames.slice(0, 3).map(({position}) => position)).toEqual(['e.1.3', 'e.1.6', 'e.1.7'])
    expect(bench.counters.get('clientsRecovered')).toBe(1)
  })

  it('is told where it stands when the last it missed was for others', async () => {
    const bench = new ClientBench()
    bench.position = {epoch: 'e', term: 1, seq: 4}
    bench.recover = recovered([entry(3, FOR_42), entry(4, {kind: 'user', ids: ['7']})])
    const client = bench.connect('v1')
    await resume(bench, client, 'e.1.1')
    await answered(client)
    expect(client.socket.take().slice(1)).toMatchObject([
      {action: 'n', position: 'e.1.3'},
      {action: 'Client/position', details: ['e.1.4']},
    ])
  })

  it.each(['e.1.1', 'e.1.99', 'nonsense'])('is told plainly that %s is lost', async (position) => {
    const bench = new ClientBench()
    const client = bench.connect('v1')
    await resume(bench, client, position)
    await answered(client)
    const answer = {recovered: false, position: 'e.1.1'}
    expect(client.socket.take()).toMatchObject([{details: ['ok', answer]}])
    expect(bench.counters.get('clientsNotRecovered')).toBe(1)
  })

  it('waits for a node that is behind it, and goes on when the node has caught up', async () => {
    const bench = new ClientBench()
    let asked = 0
    bench.recover = () => {
      asked += 1
      return {type: 'ahead'}
    }
    const client = bench.connect('v1')
    await resume(bench, client, 'e.1.3')
    await eventually(() => asked > 0)
    bench.resuming.delivered()
    expect(client.socket.texts).toEqual([])
    bench.recover = recovered([entry(4, FOR_42)])
    bench.position = {epoch: 'e', term: 1, seq: 4}
    bench.resuming.delivered()
    await answered(client)
    expect(client.socket.take()).toMatchObject([{details: ['ok', {recovered: true}]}, {action: 'n'}])
  })

  it('does not wait for ever', async () => {
    const bench = new ClientBench()
    bench.recover = () => ({type: 'ahead'})
    const client = bench.connect('v1')
    await resume(bench, client, 'e.1.3')
    await answered(client)
    expect(client.socket.take()).toMatchObject([{details: ['ok', {recovered: false}]}])
  })

  it('that was known before, or has no positions, does not get things twice', async () => {
    const bench = new ClientBench()
    bench.recover = recovered([entry(3, FOR_42)])
    const old = bench.connect('object')
    await resume(bench, old, 'e.1.1')
    await answered(old)
    expect(old.socket.take()).toMatchObject([{details: ['ok', {recovered: false}]}])
    const known = bench.connect('v1')
    await known.login('42')
    await resume(bench, known, 'e.1.1')
    await answered(known)
    expect(known.socket.take()).toMatchObject([{details: ['ok', {recovered: false}]}])
  })

  it('is no slow consumer for what it missed, and is one for what comes beyond', async () => {
    const bench = new ClientBench({limits: {clientQueueBytes: 10_000}})
    const missed = [1, 2, 3].map((seq) => entry(seq, FOR_42, undefined, 'x'.repeat(9000)))
    bench.recover = recovered(missed)
    bench.position = {epoch: 'e', term: 1, seq: 3}
    const client = bench.connect('v1')
    await resume(bench, client, 'e.1.1')
    await answered(client)
    expect(client.socket.texts).toHaveLength(4)
    client.socket.flush()
    client.socket.stuckBytes = 27_200
    expect(bench.clients.replayBytes()).toBeGreaterThan(27_000)
    expect(bench.deliver('live', ['x'.repeat(5000)], {user: 42})).toBe(1)
    client.socket.stuckBytes = 33_000
    expect(bench.deliver('live', ['x'.repeat(5000)], {user: 42})).toBe(0)
    expect(client.socket.closed).toEqual({code: 4001, reason: 'slow-consumer'})
    const other = bench.connect('v1')
    await resume(bench, other, 'e.1.1')
    await answered(other)
    other.socket.flush()
    expect(bench.clients.replayBytes()).toBe(0)
  })
})

describe('a quiet client', () => {
  it('is told its position now and then, when it has one and it changed', async () => {
    const bench = new ClientBench({limits: {pingMs: 3_600_000}})
    const client = bench.connect('v1')
    const old = bench.connect('object')
    for (const each of [client, old]) await each.login('42')
    const wait = (ms: number): void => bench.clients.sweep((bench.nowMs += ms))
    wait(LIMITS.positionMs)
    expect(client.socket.take()).toEqual([])
    bench.deliver('a', [], {user: 42})
    bench.deliver('b', [], {user: 7})
    client.socket.take()
    wait(LIMITS.positionMs - 1)
    expect(client.socket.take()).toEqual([])
    wait(1)
    expect(client.socket.take()).toEqual([{action: 'Client/position', details: ['e.1.2']}])
    wait(LIMITS.positionMs)
    expect(client.socket.take()).toEqual([])
    expect(old.socket.take()).toMatchObject([{action: 'a'}])
  })
})

describe('a page, which sees no pings,', () => {
  it('is told its position with each of them, newer or not, and only if it is wsmesh.v1', async () => {
    const bench = new ClientBench()
    const [page, old, stranger] = [bench.connect('v1'), bench.connect('object'), bench.connect('v1')]
    for (const each of [page, old]) await each.login('42')
    for (const seconds of [24.9, 0.1, 24.9, 0.1]) {
      for (const {handler} of [page, old, stranger]) handler.onPong?.('')
      bench.clients.sweep((bench.nowMs += seconds * 1000))
    }
    const told = {action: 'Client/position', details: ['e.1.1']}
    expect(page.socket.take()).toEqual([told, told])
    expect(old.socket.take()).toEqual([])
    expect(stranger.socket.take()).toEqual([])
  })

  it('may ask for it, once it is known', async () => {
    const bench = new ClientBench()
    const [page, old] = [bench.connect('v1'), bench.connect('object')]
    page.say({action: 'Client/position'})
    expect(page.socket.take()).toMatchObject([{action: 'Client/position:error', details: [403, expect.any(String)]}])
    for (const each of [page, old]) await each.login('42')
    page.say({action: 'Client/position', id: 'p1'})
    expect(page.socket.take()).toEqual([
      {action: 'Client/position', details: ['e.1.1'], re: 'p1'},
    ])
    old.say({action: 'Client/position'})
    expect(old.socket.take()).toMatchObject([{details: [403, expect.any(String)]}])
  })
})

it('a log that was replaced ends those who were told of more, and at a reset all', async () => {
  const bench = new ClientBench()
  const beyond = bench.connect('v1')
  const behind = bench.connect()
  await beyond.login('42')
  await behind.login('7')
  bench.deliver('a', [], {user: 7})
  bench.deliver('b', [], {user: 42})
  bench.clients.logReplaced({term: 1, seq: 1}, false)
  expect(beyond.socket.closed).toEqual({code: 4003, reason: 'insufficient-state'})
  expect(behind.socket.closed).toBeUndefined()
  bench.clients.logReplaced({term: 1, seq: 9}, true)
  expect(behind.socket.closed).toEqual({code: 4003, reason: 'insufficient-state'})
})
