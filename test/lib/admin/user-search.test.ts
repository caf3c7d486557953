import {expect, test} from 'vitest'

import {searchUsers, type UserSearch} from '../../../src/lib/admin/user-search.js'
import {answerWho, type WhoSource} from '../../../src/lib/node/who.js'
import type {OperatorConnection} from '../../../src/lib/operator/operator-connection.js'
import {compareUsers} from '../../../src/lib/protocol/user-order.js'
import {WsmeshError} from '../../../src/lib/util/errors.js'
import {nodeId} from '../../../src/lib/util/brand.js'

/** A node with a connection for each of these users, which answers as nodes do. */
function nodeWith(name: string, users: readonly string[]): OperatorConnection {
  const all = users.map((user, n) => ({
    id: `${name}-c${n}`,
    identity: {user, groups: ['staff'], session: 'a-long-session-id', properties: {}},
    sinceMs: 0,
    socket: {bufferedBytes: 7},
  }))
  const source = {
    all: () => all,
    size: all.length, unknown: 0, guests: 0,
    userIds: () => new Set(users),
    ofUser: (user: string) => new Set(all.filter(({identity}) => identity.user === user)),
    ofGroup: () => new Set(all),
    ofSession: () => new Set(all),
  }
  return {
    node: nodeId(name),
    url: `ws://${name}/mesh`,
    who: async (query: Parameters<OperatorConnection['who']>[0]) =>
      answerWho(query, source as unknown as WhoSource, 60_000),
  } as unknown as OperatorConnection
}

async function allPages(nodes: readonly OperatorConnection[], search: Partial<UserSearch> = {}) {
  const users: string[] = []
  const sizes: number[] = []
  let after: string | null = null
  do {
    const page = await searchUsers(nodes, {by: 'user', text: '', ...search, after}, 1_000_000)
    users.push(...page.users.map(({user}) => user ?? 'guests'))
    sizes.push(page.users.length)
    after = page.next
  } while (after !== null)
  return {users, sizes}
}

test('pages over several nodes show each user once, in order, with the tabs of all nodes', async () => {
  const ids = Array.from({length: 130}, (_, n) => (n % 2 === 0 ? String(n) : `u-${n}`))
  const nodes = [
    nodeWith('n1', ids.filter((_, n) => n % 3 === 0)),
    nodeWith('n2', ids.filter((_, n) => n % 3 !== 0)),
    nodeWith('n3', ids.filter((_, n) => n > 100)),
  ]
  const {users, sizes} = await allPages(nodes)
  expect(users).toEqual(ids.toSorted(compareUsers))
  expect(Math.max(...sizes)).toBeLessThanOrEqual(25)
  const one = await searchUsers(nodes, {by: 'one', text: '120', after: null}, 1_000_000)
  expect(one.users).toMatchObject([{user: '120', connections: 2, byNode: {n1: 1, n3: 1}}])
  expect(one.tabs?.map(({node, session, since}) => [node, session, since])).toEqual([
    ['n1', 'a-long…', 940_000], ['n3', 'a-long…', 940_000],
  ])
})

test('a node that says little at once hides nobody, and nobody is shown without all of his tabs', async () => {
  const ids = Array.from({length: 40}, (_, n) => `u-${String(n).padStart(2, '0')}`)
  const long = nodeWith('n1', ids)
  // As one whose answer would be too long: it ends early, and names where to go on.
  const brief = {
    ...long, who: (query: Parameters<OperatorConnection['who']>[0], timeoutMs: number) =>
      long.who({...query, limit: 3}, timeoutMs),
  }
  const nodes = [brief, nodeWith('n2', ids)]
  expect((await allPages(nodes)).users).toEqual(ids)
  const first = await searchUsers(nodes, {by: 'user', text: '', after: null}, 1_000_000)
  expect(first.users.map(({connections}) => connections)).toEqual([2, 2, 2])
})

test('a search by name finds those that begin so, page by page, and stops after them', async () => {
  const ids = Array.from({length: 90}, (_, n) => `anna-${n}`)
  const nodes = [nodeWith('n1', [...ids, 'ann', 'bob', '7']), nodeWith('n2', ['annika', 'zoe'])]
  const {users} = await allPages(nodes, {text: 'ann'})
  expect(users).toEqual([...ids, 'ann', 'annika'].toSorted(compareUsers))
  expect((await allPages(nodes, {text: 'bob'})).users).toEqual(['bob'])
  expect((await allPages(nodes, {text: 'nobody'})).users).toEqual([])
})

test('a whole number is that user', async () => {
  const nodes = [nodeWith('n1', ['4', '42', '420', '42x'])]
  expect((await allPages(nodes, {text: '42'})).users).toEqual(['42'])
})

test('a node that does not answer is named, and the others are shown', async () => {
  const silent = {
    ...nodeWith('n2', []),
    who: () => Promise.reject(new WsmeshError('TIMED_OUT', 'Node n2 did not answer within 3 s')),
  }
  const page = await searchUsers([nodeWith('n1', ['1']), silent], {by: 'user', text: '', after: null}, 0)
  expect(page.users.map(({user}) => user)).toEqual(['1'])
  expect(page.warnings).toEqual([expect.stringContaining('n2 does not answer')])
})

test('without a node there is nobody', async () => {
  expect(await searchUsers([], {by: 'group', text: 'staff', after: null}, 0)).toEqual({
    users: [], tabs: null, connections: 0, next: null, warnings: [],
  })
})
