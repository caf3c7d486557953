import {describe, expect, it} from 'vitest'
import type {Inspected, Inspection} from '../../../src/lib/mesh/inspect.js'
import {answerExplain} from '../../../src/lib/node/explain.js'
import {ENDED_BYTES_MAX, ENDED_VISITS_MAX, Visits, type Visitor} from '../../../src/lib/node/visits.js'
import type {ExplainRequest} from '../../../src/lib/protocol/explain-frame.js'
import {LIMITS} from '../../../src/lib/protocol/limits.js'
import {encodePayload} from '../../../src/lib/protocol/payload.js'
import type {Position} from '../../../src/lib/protocol/position.js'
import type {Target} from '../../../src/lib/protocol/target.js'
import {nodeId} from '../../../src/lib/util/brand.js'
import {ClientBench} from '../../helpers/client-bench.js'

/** Clients of one node, and a history that remembers what was delivered to them. */
class Bench extends ClientBench {
  readonly history: Inspected[] = []
  override position: Position = {epoch: 'e', term: 2, seq: 0}
  #seq = 0

  say(target: Target): string {
    this.#seq += 1
    const place = {term: 2, seq: this.#seq}
    const envelope = {
      origin: nodeId('n-1'), counter: this.#seq, callerId: undefined, target,
      payload: encodePayload('hello', ['Hi']),
    }
    this.position = {epoch: 'e', ...place}
    const message = {envelope, ...place, repeatOf: undefined}
    const connections = this.clients.deliver([message], 'e')[0] ?? Number.NaN
    this.history.push({envelope, state: 'delivered', place, at: this.nowMs, connections})
    for (const {socket} of this.registry.all()) socket.flush()
    return `n-1-${this.#seq}`
  }

  explain(asked: Partial<ExplainRequest>) {
    const inspection: Omit<Inspection, 'found' | 'absent'> = {
      epoch: 'e', after: {term: 1, seq: 0}, delivered: {term: 2, seq: this.#seq},
    }
    return answerExplain(
      {limit: 10, ...asked},
      {
        registry: this.registry,
        nowMs: this.nowMs,
        core: {
          inspect: (query) => {
            const found = this.history.toReversed().filter(({envelope}) =>
              query.type === 'id'
                ? query.id === `n-1-${envelope.counter}`
                : query.isWanted(envelope),
            )
            const absent = found.length > 0 ? undefined : 'unknown'
            return {...inspection, found, absent: query.type === 'id' ? absent : undefined}
          },
        },
      },
    )
  }

  outcomes(message: string, user?: string) {
    const {messages} = this.explain({message, ...(user !== undefined && {user})})
    return messages[0]?.connections.map(({connection, outcome}) => [connection, outcome])
  }
}

const TO_42: Target = {kind: 'user', ids: ['42']}

describe('explain', () => {
  it('knows who was there when a message came, who left before and who came after', async () => {
    const bench = new Bench({limits: {clientQueueBytes: 1000}})
    const [before, there, slow, leaver, later] = [1, 2, 3, 4, 5].map(() => bench.connect())
    for (const client of [before, there, slow, leaver]) await client?.login('42')
    bench.nowMs = 1000
    before?.handler.onClose(1001, '')
    if (slow) slow.socket.stuckBytes = 990
    bench.nowMs = 3000
    const id = bench.say(TO_42)
    bench.nowMs = 4000
    leaver?.handler.onClose(1006, '')
    await later?.login('42')
    bench.say(TO_42)
    bench.nowMs = 10_000
    expect(bench.outcomes(id)).toEqual([
      ['n-1-c4', 'queued'],
      ['n-1-c2', 'queued'],
      ['n-1-c5', 'later'],
      ['n-1-c3', 'too-slow'],
      ['n-1-c1', 'earlier'],
    ])
    const [message] = bench.explain({message: id}).messages
    expect(message).toMatchObject({
      id, origin: 'n-1', position: 'e.2.1', ageMs: 7000, action: 'hello', bytes: 6,
      target: {user: ['42']}, queued: 2, reached: 2, more: 0,
    })
    expect(message?.connections).toMatchObject([
      {sinceMs: -3000, ended: {code: 1006, afterMs: 1000}},
      {sinceMs: -3000, ended: null},
      {sinceMs: 1000, ended: null},
      {ended: {code: 4001, reason: 'slow-consumer', afterMs: 0}, queueBytes: 990},
      {ended: {code: 1001, afterMs: -2000}},
    ])
  })

  it('says why it was not for a user who is asked about', async () => {
    const bench = new Bench()
    await bench.connect().login('42', {groups: ['staff']}, {language: 'de'})
    await bench.connect().login('7')
    const id = bench.say({kind: 'filter', pairs: [['language', 'en']]})
    expect(bench.outcomes(id)).toEqual([])
    expect(bench.explain({message: id, user: '42'}).messages[0]?.connections).toMatchObject([
      {connection: 'n-1-c1', outcome: 'not-meant', why: 'language is de, not en'},
    ])
  })

  it('knows what a connection that came back was given again', async () => {
    const bench = new Bench()
    const [first, second] = [bench.say(TO_42), bench.say(TO_42)]
    const client = bench.connect()
    await client.login('42')
    const [connection] = [...bench.registry.ofUser('42')]
    if (connection) bench.registry.visits.recovered(connection, 1)
    const third = bench.say(TO_42)
    expect(bench.outcomes(first)).toEqual([['n-1-c1', 'later']])
    expect(bench.outcomes(second)).toEqual([['n-1-c1', 'recovered']])
    expect(bench.outcomes(third)).toEqual([['n-1-c1', 'queued']])
    expect(bench.explain({message: second}).messages[0]).toMatchObject({queued: 0, reached: 1})
  })

  it('follows a connection whose identity changed', async () => {
    const bench = new Bench()
    const client = bench.connect()
    await client.login('42', {groups: ['staff']})
    const staff = {kind: 'group', ids: ['staff']} as const
    const first = bench.say(staff)
    client.socket.take()
    await client.login('42')
    const second = bench.say(staff)
    expect(bench.outcomes(first)).toEqual([['n-1-c1', 'queued']])
    expect(bench.outcomes(second)).toEqual([['n-1-c1', 'earlier']])
    expect(bench.outcomes(second, '42')).toEqual([['n-1-c1', 'not-meant'], ['n-1-c1', 'earlier']])
  })

  it('lists the last messages that were for a user, by all that he is', async () => {
    const bench = new Bench()
    await bench.connect().login('42', {groups: ['staff']})
    bench.say(TO_42)
    bench.say({kind: 'user', ids: ['7']})
    bench.say({kind: 'group', ids: ['staff']})
    bench.say({kind: 'group', ids: ['admins']})
    bench.say({kind: 'everyone'})
    const {messages, absent} = bench.explain({user: '42'})
    expect(messages.map(({id}) => id)).toEqual(['n-1-5', 'n-1-3', 'n-1-1'])
    expect(absent).toBeNull()
  })

  it('names some connections and counts the rest; a long target is cut', async () => {
    const bench = new Bench()
    for (let n = 0; n < 12; n += 1) await bench.connect().login('42')
    const ids = ['42', ...Array.from({length: 50}, (_, n) => `x${n}`)]
    bench.say({kind: 'user', ids})
    const [message] = bench.explain({user: '42'}).messages
    expect(message).toMatchObject({queued: 12, reached: 12, more: 2})
    expect(message?.connections).toHaveLength(LIMITS.explainConnectionsEach)
    expect(message?.target).toEqual({user: ids.slice(0, LIMITS.explainIds)})
    expect(bench.explain({message: 'n-1-1'}).messages[0]).toMatchObject({more: 0})
  })

  it('passes on that a message is not there', () => {
    expect(new Bench().explain({message: 'n-1-9'})).toEqual({
      messages: [], absent: 'unknown', after: 'e.1.0', delivered: 'e.2.0', forgottenMs: null,
    })
  })
})

function visitor(user: string): Visitor {
  const identity = {user, groups: [], session: undefined, properties: {}}
  return {id: user, identity, visit: undefined, socket: {bufferedBytes: 0}}
}

describe('visits that ended', () => {
  it.each([
    ['visits', '', ENDED_VISITS_MAX * 3, ENDED_VISITS_MAX],
    ['bytes', 'x'.repeat(10_000), 1000, Math.floor(ENDED_BYTES_MAX / 20_000)],
  ])('are forgotten beyond a bound of %s, and it is known since when', (_, long, count, most) => {
    let nowMs = 0
    const visits = new Visits(() => nowMs)
    for (let n = 0; n < count; n += 1) {
      nowMs = n
      const one = visitor(`${n}${long}`)
      visits.began(one)
      visits.ended(one, 1000, '')
    }
    expect(visits.remembered).toBeLessThanOrEqual(most)
    expect(visits.remembered).toBeGreaterThan(most * 0.9)
    expect([...visits.past()].at(-1)?.identity.user).toBe(`${count - 1}${long}`)
    expect([...visits.past()]).toHaveLength(visits.remembered)
    expect(visits.forgottenAtMs).toBe(count - visits.remembered - 1)
  })
})
