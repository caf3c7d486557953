import {Chalk} from 'chalk'
import {describe, expect, test} from 'vitest'

import type {NodeUsers} from '../../../src/lib/operator/ask-who.js'
import type {Poll, PolledNode} from '../../../src/lib/operator/poll-pool.js'
import {askedNodes, whoFilterOf} from '../../../src/lib/cli/list-who.js'
import {whoScreen} from '../../../src/lib/cli/who-screen.js'
import {exitOfWho, whoJson} from '../../../src/lib/cli/who-view.js'
import type {WhoUser} from '../../../src/lib/protocol/who-frame.js'

const plain = {colours: new Chalk({level: 0}), widthMax: undefined}
const NOON = new Date(2026, 4, 1, 12, 0, 0).getTime()

function row(user: string, changes: Partial<WhoUser> = {}): WhoUser {
  return {
    user, connections: 1, ageMs: 61_000, queueBytes: 0, sessions: [], groups: [], isCut: false,
    ...changes,
  }
}

function users(rows: readonly WhoUser[], changes: Partial<NodeUsers> = {}): NodeUsers {
  const matching = rows.reduce((sum, {connections}) => sum + connections, 0)
  return {users: rows, next: null, matching, guests: null, unproved: 0, ...changes}
}

function node(id: string, found: Partial<PolledNode<NodeUsers>>): PolledNode<NodeUsers> {
  const url = `ws://${id}/mesh`
  return {known: undefined, id, url, state: 'up', answer: undefined, why: undefined, ...found}
}

function poll(...nodes: PolledNode<NodeUsers>[]): Poll<NodeUsers> {
  return {nodes, lease: undefined, warnings: []}
}

const two = poll(
  node('n1', {
    answer: users([row('7'), row('42', {connections: 2, sessions: ['s1'], groups: ['staff']})], {
      matching: 4, guests: {connections: 1, ageMs: 5000, queueBytes: 0}, unproved: 1,
    }),
  }),
  node('n2', {
    answer: users([row('42', {ageMs: 7_500_000, queueBytes: 2048, groups: ['staff', 'x']})], {
      matching: 3, guests: {connections: 2, ageMs: 9000, queueBytes: 3},
    }),
  }),
)
const silent = node('n3', {state: 'unreachable', why: 'no answer'})
const gone = node('n4', {state: 'stale', why: 'nothing listens there (connection refused)'})

describe('who --json', () => {
  test('merges what nodes say of a user, and counts guests as one', () => {
    const who = whoJson(two, 100, NOON)
    expect(who).toEqual({
      users: [
        {
          user: '7', connections: 1, byNode: {n1: 1}, since: NOON - 61_000, ageMs: 61_000,
          queueBytes: 0, sessions: [], groups: [],
        },
        {
          user: '42', connections: 3, byNode: {n1: 2, n2: 1}, since: NOON - 7_500_000,
          ageMs: 7_500_000, queueBytes: 2048, sessions: ['s1'], groups: ['staff', 'x'],
        },
        {
          user: null, connections: 3, byNode: {n1: 1, n2: 2}, since: NOON - 9000, ageMs: 9000,
          queueBytes: 3, sessions: [], groups: [],
        },
      ],
      connections: 7,
      unproved: 1,
      truncated: false,
      complete: true,
      nodes: [
        {id: 'n1', state: 'up', connections: 4, why: null},
        {id: 'n2', state: 'up', connections: 3, why: null},
      ],
      warnings: [],
    })
  })

  test('the first users of all nodes are shown whole, the others not at all', () => {
    const cut = poll(
      node('n1', {answer: users([row('1'), row('3')], {next: '3'})}),
      node('n2', {answer: users([row('3'), row('9')])}),
    )
    const who = whoJson(cut, 2, NOON)
    expect(who.users.map(({user, connections}) => [user, connections])).toEqual([['1', 1], ['3', 2]])
    expect(who.truncated).toBe(true)
    expect(whoScreen(who, {}, plain).at(-1)).toContain('--limit')
  })

  test('a silent node makes it incomplete, a dead one does not', () => {
    expect(whoJson(poll(...two.nodes, gone), 100, NOON)).toMatchObject({complete: true})
    const who = whoJson(poll(...two.nodes, silent), 100, NOON)
    expect(who.complete).toBe(false)
    expect(who.warnings).toEqual([expect.stringMatching(/^incomplete: n3 does not answer/)])
    expect(who.nodes[2]).toEqual({
      id: 'n3', state: 'unreachable', connections: null, why: 'no answer',
    })
  })
})

describe('who on a screen', () => {
  test('users', () => {
    expect(whoScreen(whoJson(poll(...two.nodes, silent, gone), 100, NOON), {}, plain)).toEqual([
      'USER      TABS  NODES      SESSIONS  GROUPS   SINCE                 AGE  QUEUED',
      '7            1  n1:1       -         -        2026-05-01T11:58:59  1m1s       0',
      '42           3  n1:2,n2:1  s1        staff,x  2026-05-01T09:55:00  2h5m  2.0KiB',
      '(guests)     3  n1:1,n2:2  -         -        2026-05-01T11:59:51    9s      3B',
      '',
      '2 users; 3 guests; 7 connections on 2 nodes; 1 connection not authenticated yet; ' +
        '4 nodes, 2 answered',
      'warning: incomplete: n3 does not answer, its users are not shown: no answer',
      'warning: n4 is in the pool, but it is gone, and its connections with it: ' +
        'nothing listens there (connection refused)',
    ])
  })

  test('tabs of one user, with nothing that a browser says of itself moving the cursor', () => {
    const tabs = [
      {
        connection: 'n1-c3', session: 's1', ageMs: 1000, queueBytes: 0, language: 'en',
        userAgent: '\u001B[2Jbad',
      },
      {
        connection: 'n1-c9', session: null, ageMs: 100, queueBytes: 9, language: null,
        userAgent: null,
      },
    ]
    const who = whoJson(poll(node('n1', {answer: users([row('42', {connections: 2, tabs})])})), 9, NOON)
    expect(whoScreen(who, {user: '42'}, plain)).toEqual([
      'USER  NODE  CONNECTION  SESSION  SINCE                AGE  QUEUED  LANGUAGE  BROWSER',
      '42    n1    n1-c3       s1       2026-05-01T11:59:59   1s       0  en        \\x1b[2Jbad',
      '42    n1    n1-c9       -        2026-05-01T11:59:59   1s      9B  -         -',
      '',
      '1 user; 2 connections on 1 node; 1 node, all answered',
    ])
  })

  test.each([
    [{}, 'nobody is connected; 1 node, all answered'],
    [{user: '42', group: 'staff'}, 'no connection of user 42 in group staff; 1 node, all answered'],
    [{session: 's'}, 'no connection of session s; 1 node, all answered'],
  ])('nobody for %j', (filter, text) => {
    const who = whoJson(poll(node('n1', {answer: users([])})), 9, NOON)
    expect(whoScreen(who, filter, plain)).toEqual([text])
  })
})

describe('exit statuses of who', () => {
  const empty = node('n1', {answer: users([])})

  test.each([
    ['somebody is there', {user: '42'}, two, 0],
    ['nobody is there', {user: '42'}, poll(empty), 5],
    ['nobody at all, and nobody was asked for', {}, poll(empty), 0],
    ['nobody found, but a node is silent', {user: '42'}, poll(empty, silent), 3],
    ['nobody found, and a node is dead', {user: '42'}, poll(empty, gone), 5],
  ])('%s', (_, filter, polled, exit) => {
    expect(exitOfWho(whoJson(polled, 100, NOON), filter)).toBe(exit)
  })

  test('--expect counts nodes that answer', () => {
    const {nodes} = whoJson(poll(...two.nodes, silent), 100, NOON)
    expect(askedNodes({nodes}, 2)).toBeUndefined()
    expect(askedNodes({nodes}, 3)).toMatchObject({code: 'NODES_MISSING'})
  })
})

test.each([[{user: ''}], [{group: 'x'.repeat(256)}], [{session: '\uD800'}]])(
  '%j can be nobody',
  (flags) => expect(() => whoFilterOf(flags)).toThrow('is no id'),
)
