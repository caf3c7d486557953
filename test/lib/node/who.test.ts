import {describe, expect, it} from 'vitest'
import {answerWho} from '../../../src/lib/node/who.js'
import {LIMITS} from '../../../src/lib/protocol/limits.js'
import type {WhoFilter} from '../../../src/lib/protocol/who-frame.js'
import {ClientBench} from '../../helpers/client-bench.js'
import {eventually} from '../../helpers/eventually.js'

function ask(bench: ClientBench, filter: WhoFilter = {}, limit = 100, after?: string) {
  return answerWho({filter, limit, ...(after !== undefined && {after})}, bench.registry, bench.nowMs)
}

async function crowd(): Promise<ClientBench> {
  const bench = new ClientBench({guests: 'allow'})
  await bench.connect().login('42', {groups: ['staff'], session: 's1'}, {language: 'en'})
  bench.nowMs = 5000
  const slow = bench.connect()
  await slow.login('42', {groups: ['admins'], session: 's2'}, {user_agent: 'x'.repeat(900)})
  slow.socket.stuckBytes = 700
  await bench.connect().login('7', {groups: ['staff']})
  const guest = bench.connect()
  guest.say({action: 'Client/authentication', details: [{}]})
  await eventually(() => bench.registry.guests === 1)
  bench.connect()
  for (const {socket} of bench.registry.all()) socket.flush()
  bench.nowMs = 8000
  return bench
}

describe('who', () => {
  it('names users with all that their connections have, and counts guests', async () => {
    expect(ask(await crowd())).toEqual({
      users: [
        {
          user: '7', connections: 1, ageMs: 3000, queueBytes: 0, sessions: [], groups: ['staff'],
          isCut: false,
        },
        {
          user: '42', connections: 2, ageMs: 8000, queueBytes: 700, sessions: ['s1', 's2'],
          groups: ['staff', 'admins'], isCut: false,
        },
      ],
      next: null,
      matching: 4,
      guests: {connections: 1, ageMs: 3000, queueBytes: 0},
      unproved: 1,
    })
  })

  it('shows the tabs of a user or session that is asked for', async () => {
    const bench = await crowd()
    const {users, matching, guests} = ask(bench, {user: '42'})
    expect(users[0]?.tabs).toEqual([
      {
        connection: 'n-1-c1', session: 's1', ageMs: 8000, queueBytes: 0, language: 'en',
        userAgent: null,
      },
      {
        connection: 'n-1-c2', session: 's2', ageMs: 3000, queueBytes: 700, language: null,
        userAgent: 'x'.repeat(200),
      },
    ])
    expect({matching, guests}).toEqual({matching: 2, guests: null})
    expect(ask(bench, {session: 's2'}).users[0]?.tabs).toHaveLength(1)
  })

  it.each<[WhoFilter, string[], number]>([
    [{group: 'staff'}, ['7', '42'], 2],
    [{group: 'admins'}, ['42'], 1],
    [{group: 'staff', session: 's2'}, [], 0],
    [{user: '42', group: 'staff'}, ['42'], 1],
    [{user: '42', session: 's2'}, ['42'], 1],
    [{user: 'nobody'}, [], 0],
    [{session: 'nobody'}, [], 0],
    [{group: 'nobody'}, [], 0],
  ])('with %j means %j', async (filter, users, connections) => {
    const answer = ask(await crowd(), filter)
    expect(answer.users.map(({user}) => user)).toEqual(users)
    expect(answer.matching).toBe(connections)
    expect(answer.users.reduce((sum, row) => sum + row.connections, 0)).toBe(connections)
  })

  it('comes in pages, the last of which has no next', async () => {
    const bench = new ClientBench()
    for (let user = 0; user < 7; user += 1) await bench.connect().login(String(user))
    const first = ask(bench, {}, 3)
    expect([first.users.length, first.next, first.matching]).toEqual([3, '2', 7])
    const second = ask(bench, {}, 3, '2')
    expect(second.users.map(({user}) => user)).toEqual(['3', '4', '5'])
    const last = ask(bench, {}, 3, '5')
    expect([last.users.map(({user}) => user), last.next]).toEqual([['6'], null])
  })

  it('fits into one frame, however long names are', async () => {
    const bench = new ClientBench()
    const groups = Array.from({length: 100}, (_, n) => `${n}-${'\u0001'.repeat(240)}`)
    for (let user = 0; user < 60; user += 1) {
      const connection = bench.connect()
      await connection.login(`u${user}`)
      const [last] = [...bench.registry.ofUser(`u${user}`)]
      if (last?.identity) bench.registry.identify(last, {...last.identity, groups})
    }
    const answer = ask(bench, {}, 1000)
    expect(answer.users[0]?.groups).toHaveLength(LIMITS.whoNames)
    expect(answer.users[0]?.isCut).toBe(true)
    expect(answer.next).not.toBeNull()
    expect(JSON.stringify(answer).length).toBeLessThan(2 * 1024 * 1024)
    let seen = answer.users.length
    for (let next = answer.next; next !== null; ) {
      const page = ask(bench, {}, 1000, next)
      seen += page.users.length
      next = page.next
    }
    expect(seen).toBe(60)
  })
})
