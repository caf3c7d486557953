import {describe, expect, it} from 'vitest'
import {limitFlags, limitVariable} from '../../../src/lib/cli/limit-flags.js'
import {limitEntries} from '../../../src/lib/node/limits.js'
import {TokenBucket} from '../../../src/lib/node/token-bucket.js'
import {ClientBench, type BenchClient} from '../../helpers/client-bench.js'
import {eventually} from '../../helpers/eventually.js'

const handlers = {say: ({reply}: {reply: (details?: unknown) => void}) => reply('ok')}

/** So many bytes as JSON. */
function frame(bytes: number): unknown {
  return {action: 'say', details: ['x'.repeat(bytes - 31)]}
}

async function known(bench: ClientBench, user = '42'): Promise<BenchClient> {
  const client = bench.connect()
  await client.login(user)
  return client
}

/** Answers by their status: 200 where it is no error. */
function statuses(client: BenchClient): number[] {
  const answers = client.socket.take() as {action: string; details: unknown[]}[]
  return answers.map(({action, details}) => (action.endsWith(':error') ? Number(details[0]) : 200))
}

function say(client: BenchClient, times: number): void {
  for (let n = 0; n < times; n += 1) client.say({action: 'say'})
}

function countOf(values: readonly number[], value: number): number {
  return values.filter((each) => each === value).length
}

describe('the table of limits', () => {
  it('has a flag, a variable and bounds for each', () => {
    const flags = limitFlags()
    for (const [name, limit] of limitEntries()) {
      expect(flags[limit.flag].default, name).toBe(limit.default)
      expect(limit.default, name).toBeGreaterThanOrEqual(limit.min)
      expect(limit.default, name).toBeLessThanOrEqual(limit.max)
      expect(limitVariable(limit)).toMatch(/^WSMESH_[A-Z_]+$/)
    }
    expect(new Set(limitEntries().map(([, {flag}]) => flag)).size).toBe(limitEntries().length)
  })
})

describe('a token bucket', () => {
  it('gives what it holds at once, then its pace, and never more than it holds', () => {
    const bucket = new TokenBucket(3, 2, 0)
    const takes = (nowMs: number): number => {
      let taken = 0
      while (bucket.take(nowMs)) taken += 1
      return taken
    }
    expect([takes(0), takes(499), takes(500), takes(1500), takes(60_000)]).toEqual([3, 0, 1, 2, 3])
    expect(bucket.isFull(61_400)).toBe(false)
    expect(bucket.isFull(61_500)).toBe(true)
  })
})

describe('actions per second of a connection', () => {
  it('beyond the pace are answered 429, and go through again later', async () => {
    const bench = new ClientBench({handlers, limits: {actionsPerSecond: 10}})
    const client = await known(bench)
    bench.nowMs = 10_000
    say(client, 13)
    expect(countOf(statuses(client), 429)).toBe(3)
    bench.nowMs += 500
    say(client, 6)
    const later = statuses(client)
    expect([countOf(later, 200), countOf(later, 429)]).toEqual([5, 1])
    expect(client.socket.closed).toBeUndefined()
    expect(bench.counters.get('actionsRefused')).toBe(4)
  })

  it('of one that goes on close it with 4005, others keep theirs', async () => {
    const bench = new ClientBench({handlers, limits: {actionsPerSecond: 10}})
    const [flood, other] = [await known(bench), await known(bench)]
    bench.nowMs = 10_000
    say(flood, 1000)
    const seen = statuses(flood)
    expect([countOf(seen, 200), countOf(seen, 429)]).toEqual([10, 10])
    expect(flood.socket.closed).toEqual({code: 4005, reason: 'too-many'})
    expect([flood.socket.isTurnedAway, other.socket.isTurnedAway]).toEqual([true, false])
    say(other, 5)
    expect(statuses(other)).toEqual([200, 200, 200, 200, 200])
  })

  it('count before the proof too: a stranger cannot make the node check proofs without end', () => {
    const bench = new ClientBench({limits: {actionsPerSecond: 5}})
    const client = bench.connect()
    say(client, 8)
    expect(statuses(client)).toEqual([401, 401, 401, 401, 401, 429, 429, 429])
  })

  it('of many bytes count as several: what they cost is bounded, too', async () => {
    const bench = new ClientBench({handlers, limits: {actionsPerSecond: 10}})
    const client = await known(bench)
    bench.nowMs = 10_000
    for (let n = 0; n < 4; n += 1) client.say({action: 'say', details: ['x'.repeat(30_000)]})
    expect(statuses(client)).toEqual([200, 200, 429, 429])
    // One that costs more than a second's worth passes when there is all of it.
    bench.nowMs += 1200
    client.say({action: 'say', details: ['x'.repeat(60_000)]})
    expect(statuses(client)).toEqual([200])
  })

  it('are pings as well: who floods with them is closed', async () => {
    const bench = new ClientBench({handlers, limits: {actionsPerSecond: 10}})
    const client = await known(bench)
    bench.nowMs = 10_000
    for (let n = 0; n < 25; n += 1) client.handler.onPing?.(5)
    expect(client.socket.closed).toEqual({code: 4005, reason: 'too-many'})
  })

  it('have no limit with 0', async () => {
    const bench = new ClientBench({
      handlers, limits: {actionsPerSecond: 0, userActionsPerSecond: 0},
    })
    const client = await known(bench)
    say(client, 5000)
    expect(countOf(statuses(client), 200)).toBe(5000)
  })
})

describe('actions per second of a user', () => {
  it('are shared by all of his connections, and not with others', async () => {
    const limits = {actionsPerSecond: 0, userActionsPerSecond: 10}
    const bench = new ClientBench({handlers, limits})
    const [a, b] = [await known(bench), await known(bench)]
    const other = await known(bench, '7')
    bench.nowMs = 10_000
    say(a, 6)
    say(b, 6)
    say(other, 6)
    expect(countOf([...statuses(a), ...statuses(b)], 429)).toBe(2)
    expect(countOf(statuses(other), 429)).toBe(0)
    expect(bench.counters.get('userActionsRefused')).toBe(2)
  })

  it('stay used up when he connects again, and are forgotten when he has been quiet', async () => {
    const limits = {actionsPerSecond: 0, userActionsPerSecond: 10}
    const bench = new ClientBench({handlers, limits})
    const first = await known(bench)
    bench.nowMs = 10_000
    say(first, 10)
    first.handler.onClose(1001, '')
    bench.pace.sweep(bench.nowMs)
    const again = await known(bench)
    say(again, 2)
    expect(statuses(again)).toEqual([429, 429])
    bench.nowMs += 1000
    bench.pace.sweep(bench.nowMs)
    say(again, 10)
    expect(countOf(statuses(again), 200)).toBe(10)
  })
})

describe('connections', () => {
  it('of one user beyond the limit are told 429 and closed; others come in', async () => {
    const bench = new ClientBench({limits: {connectionsPerUser: 3}})
    const tabs = [await known(bench), await known(bench), await known(bench)]
    const fourth = bench.connect()
    fourth.say({action: 'Client/authentication', details: [{token: await bench.token('42')}]})
    await eventually(() => fourth.socket.closed)
    expect(statuses(fourth)).toEqual([429])
    expect(fourth.socket.closed).toEqual({code: 4005, reason: 'too-many'})
    expect(bench.counters.get('clientsRefusedUser')).toBe(1)
    await known(bench, '7')
    // One that is his already may prove itself again.
    await tabs[0]?.login('42')
    tabs[1]?.handler.onClose(1001, '')
    await known(bench)
    expect(bench.registry.ofUser('42').size).toBe(3)
  })

  it('of an address are counted as they come and go', () => {
    const bench = new ClientBench()
    const clients = [bench.connect(), bench.connect()]
    expect(bench.registry.countOfAddress('127.0.0.1')).toBe(2)
    for (const {handler} of clients) handler.onClose(1001, '')
    expect(bench.registry.countOfAddress('127.0.0.1')).toBe(0)
  })

  it('that say nothing make room, the oldest first, never one that is being checked', async () => {
    const bench = new ClientBench()
    const checked = bench.connect()
    checked.say({action: 'Client/authentication', details: [{token: await bench.token('42')}]})
    const [older, newer] = [bench.connect(), bench.connect()]
    expect(bench.clients.dropSilent()).toBe(true)
    expect(older.socket.closed).toEqual({code: 4005, reason: 'too-many'})
    expect(bench.clients.dropSilent()).toBe(true)
    expect(newer.socket.closed).toBeDefined()
    expect(bench.clients.dropSilent()).toBe(false)
    expect(bench.counters.get('clientsDroppedUnknown')).toBe(2)
    await eventually(() => checked.socket.texts.length > 0)
    expect(statuses(checked)).toEqual([200])
  })
})

describe('one message', () => {
  it('may nest as deep as the limit, no deeper', async () => {
    const bench = new ClientBench({handlers, limits: {detailsDepth: 3}})
    const client = await known(bench)
    client.say({action: 'say', details: [[['three']]]})
    expect(statuses(client)).toEqual([200])
    client.say({action: 'say', details: [[[['four']]]]})
    expect(client.socket.closed).toEqual({code: 4502, reason: 'bad-frame'})
    expect(bench.counters.get('framesTooDeep')).toBe(1)
  })

  it('may be as large as the limit, no larger, and less before the proof', async () => {
    const bench = new ClientBench({handlers, limits: {clientFrameBytes: 40_000}})
    const client = await known(bench)
    expect(JSON.stringify(frame(1000)).length).toBe(1000)
    client.say(frame(40_000))
    expect(statuses(client)).toEqual([200])
    client.say(frame(40_001))
    expect(client.socket.closed).toEqual({code: 4503, reason: 'too-big'})
    const stranger = bench.connect()
    stranger.say(frame(20_000))
    expect(stranger.socket.closed).toEqual({code: 4503, reason: 'too-big'})
    expect(bench.counters.get('framesTooBig')).toBe(2)
  })

  it('waits in no handler when all together have enough to do', async () => {
    const wait = {wait: () => new Promise(() => {})}
    const bench = new ClientBench({handlers: wait, limits: {handlersPerNode: 3}})
    const [a, b] = [await known(bench), await known(bench, '7')]
    for (const client of [a, a, a, b, b]) client.say({action: 'wait'})
    expect(statuses(b)).toEqual([503, 503])
    expect(bench.counters.get('handlersBusyTotal')).toBe(2)
  })
})

describe('pings', () => {
  it('come in the interval that was set, and as often as was set without an answer', async () => {
    const bench = new ClientBench({limits: {pingMs: 1000, unansweredPingsMax: 3}})
    const client = await known(bench)
    const seen: number[] = []
    for (let nowMs = 1000; nowMs <= 4000; nowMs += 1000) {
      bench.clients.sweep(nowMs)
      seen.push(client.socket.pings)
    }
    expect(seen).toEqual([1, 2, 3, 3])
    expect(client.socket.closed).toEqual({code: 4004, reason: 'no-pong'})
  })
})
