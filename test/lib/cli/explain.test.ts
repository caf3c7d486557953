import {Chalk} from 'chalk'
import {describe, expect, test} from 'vitest'

import type {Poll, PolledNode} from '../../../src/lib/operator/poll-pool.js'
import {explainScreen} from '../../../src/lib/cli/explain-screen.js'
import {describeConnection} from '../../../src/lib/cli/explain-text.js'
import {exitOfExplain, explainJson} from '../../../src/lib/cli/explain-view.js'
import {askedOf} from '../../../src/lib/cli/run-explain.js'
import type {
  ConnectionFinding,
  ExplainResult,
  MessageFinding,
} from '../../../src/lib/protocol/explain-frame.js'
import {nodeId} from '../../../src/lib/util/brand.js'

const plain = {colours: new Chalk({level: 0}), widthMax: undefined}
const byId = {message: 'n1-7', limit: 1}
const of42 = {user: '42', limit: 10}

function connection(id: string, changes: Partial<ConnectionFinding> = {}): ConnectionFinding {
  return {
    connection: id, user: '42', session: null, outcome: 'queued', why: null, sinceMs: -5000,
    ended: null, queueBytes: 0, ...changes,
  }
}

const LEFT = {code: 4001, reason: 'slow-consumer', afterMs: -3000}

function message(changes: Partial<MessageFinding> = {}): MessageFinding {
  const connections = changes.connections ?? []
  const got = connections.filter(({outcome}) => outcome === 'queued').length
  return {
    id: 'n1-7', origin: nodeId('n1'), position: 'e.1.8', state: 'delivered', ageMs: 12_345,
    action: 'hello', bytes: 6, target: {user: ['42']}, queued: got, reached: got, connections,
    more: 0, ...changes,
  }
}

function answer(messages: MessageFinding[], changes: Partial<ExplainResult> = {}): ExplainResult {
  return {messages, absent: null, after: 'e.1.0', delivered: 'e.1.9', forgottenMs: null, ...changes}
}

function node(id: string, found: Partial<PolledNode<ExplainResult>>): PolledNode<ExplainResult> {
  const url = `ws://${id}/mesh`
  return {known: undefined, id, url, state: 'up', answer: undefined, why: undefined, ...found}
}

function poll(...nodes: PolledNode<ExplainResult>[]): Poll<ExplainResult> {
  return {nodes, lease: undefined, warnings: []}
}

const silent = node('n9', {state: 'unreachable', why: 'no answer'})
const got = node('n1', {
  answer: answer([
    message({
      connections: [
        connection('n1-c1', {session: 's1'}),
        connection('n1-c2', {queueBytes: 2_000_000}),
      ],
    }),
  ]),
})
const missed = node('n2', {
  answer: answer([
    message({ageMs: 12_000, connections: [connection('n2-c1', {outcome: 'earlier', ended: LEFT})]}),
  ]),
})
const nobody = node('n3', {answer: answer([message()])})

describe('one message', () => {
  test('as JSON, all nodes side by side', () => {
    const explained = explainJson(poll(got, missed, nobody), byId)
    expect(explained).toMatchObject({
      complete: true,
      warnings: [],
      nodes: [{id: 'n1', state: 'up', delivered: 'e.1.9', why: null}, {id: 'n2'}, {id: 'n3'}],
    })
    expect(explained.messages).toMatchObject([{
      id: 'n1-7', verdict: 'queued', origin: 'n1', position: 'e.1.8', term: 1, ageMs: 12_345,
      action: 'hello', bytes: 6, target: {user: ['42']}, connections: 2,
      byNode: [
        {node: 'n1', state: 'delivered', queued: 2, reached: 2, more: 0},
        {node: 'n2', state: 'delivered', queued: 0, reached: 0, more: 0},
        {node: 'n3', state: 'delivered', queued: 0, connections: []},
      ],
    }])
  })

  test('on a screen', () => {
    const explained = explainJson(poll(got, missed, nobody, silent), byId)
    expect(explainScreen(explained, byId, plain)).toEqual([
      'n1-7: queued to 2 connections on 1 node',
      '  hello, 6 B, for user 42',
      '  published at n1 12s ago; position e.1.8, term 1',
      '',
      'NODE  STATE      USER  CONNECTION  SESSION  WHAT HAPPENED',
      'n1    delivered  42    n1-c1       s1       queued; its socket took all',
      'n1    delivered  42    n1-c2       -        queued; 1.9 MiB of its queue wait for its socket',
      'n2    delivered  42    n2-c1       -        not there: ended 3 s before (4001 slow-consumer)',
      'n3    delivered  -     -           -        no connection of user 42',
      'n9    silent     -     -           -        no answer',
      '',
      '4 nodes, 3 answered',
      'warning: incomplete: n9 does not answer, what it did is not known: no answer',
    ])
  })

  test('on a narrow screen the connections and what happened to them stay', () => {
    const explained = explainJson(poll(got, missed), byId)
    const lines = explainScreen(explained, byId, {...plain, widthMax: 60})
    expect(lines[4]).toMatch(/^NODE +CONNECTION +WHAT HAPPENED$/)
    expect(lines[5]).toMatch(/^n1 +n1-c1 +queued; its socket took all$/)
  })

  test.each<[string, ExplainResult, string, string]>([
    ['held', answer([message({state: 'held', queued: null})]), 'underway', 'on its way'],
    ['committed', answer([message({state: 'committed', queued: null})]), 'underway', 'on its way'],
    [
      'waiting', answer([message({state: 'waiting', position: null, queued: null})]), 'waiting',
      'waits in the outbox',
    ],
    ['expired', answer([], {absent: 'expired'}), 'expired', 'too old'],
    ['unknown', answer([], {absent: 'unknown'}), 'unknown', 'no node has heard of it'],
    ['delivered', answer([message()]), 'nobody', 'nobody got it'],
  ])('that is %s', (state, said, verdict, text) => {
    const explained = explainJson(poll(node('n1', {answer: said})), byId)
    expect(explained.messages).toMatchObject([{id: 'n1-7', verdict, byNode: [{state}]}])
    expect(explainScreen(explained, byId, plain)[0]).toContain(text)
    expect(exitOfExplain(explained)).toBe(5)
  })

  test('a node that knows less than another is behind, or its history is shorter', () => {
    const behind = node('n2', {answer: answer([], {absent: 'unknown', delivered: 'e.1.7'})})
    const short = node('n3', {answer: answer([], {absent: 'expired', after: 'e.1.8'})})
    const [first] = explainJson(poll(nobody, behind, short), byId).messages
    expect(first).toMatchObject({verdict: 'underway', byNode: [{}, {state: 'behind'}, {state: 'expired'}]})
  })

  test('connections that are forgotten or not named are counted', () => {
    const many = node('n1', {
      answer: answer([message({queued: 9, reached: 4, more: 3, connections: [connection('n1-c1')]})]),
    })
    const screen = explainScreen(explainJson(poll(many), byId), byId, plain).join('\n')
    expect(screen).toContain('queued to 9 connections on 1 node')
    expect(screen).toContain('and 3 connections more')
    expect(screen).toContain('queued to 5 connections forgotten since')
  })

  test('asked about one user, others do not count', () => {
    const asked = {...byId, user: '7'}
    const mine = connection('n1-c4', {user: '7', outcome: 'not-meant', why: 'user 7'})
    const one = node('n1', {answer: answer([message({queued: 3, reached: 0, connections: [mine]})])})
    const explained = explainJson(poll(one), asked)
    expect(explained.messages).toMatchObject([{verdict: 'nobody', connections: 0}])
    expect(explainScreen(explained, asked, plain).join('\n')).toMatch(
      /^n1-7: user 7 did not get it\n[^]*n1-c4 +- +not meant: user 7\n/,
    )
  })
})

describe('the last messages of a user', () => {
  const older = message({id: 'n2-1', position: 'e.1.5', ageMs: 70_000, target: {everyone: true}})
  const polled = poll(
    node('n1', {answer: answer([message({connections: [connection('n1-c1')]}), older])}),
    node('n2', {
      answer: answer([
        message({connections: [connection('n2-c1', {queueBytes: 700})]}),
        {...older, connections: [
          connection('n2-c9', {outcome: 'later', sinceMs: 9000}),
          connection('n2-c8', {outcome: 'earlier', ended: LEFT}),
        ]},
      ]),
    }),
  )

  test('newest first, each with where it went or why not', () => {
    expect(explainScreen(explainJson(polled, of42), of42, plain)).toEqual([
      '  AGO  MESSAGE  POSITION  ACTION  FOR       TABS  WHAT HAPPENED',
      '  12s  n1-7     e.1.8     hello   user 42      2  ' +
        'queued at n1, n2; 700 B of its queue wait for its socket',
      '1m10s  n2-1     e.1.5     hello   everyone     0  ' +
        'n2-c8 not there: ended 3 s before (4001 slow-consumer)',
      '',
      'Next: wsmesh explain n1-7 --user 42   (each connection)',
      '2 nodes, all answered',
    ])
  })

  test('--limit counts messages of all nodes together', () => {
    expect(explainJson(polled, {...of42, limit: 1}).messages.map(({id}) => id)).toEqual(['n1-7'])
  })

  test('none', () => {
    const explained = explainJson(poll(node('n1', {answer: answer([])})), of42)
    expect(explainScreen(explained, of42, plain)).toEqual([
      'no message for user 42 is in the history of the nodes',
      '1 node, all answered',
    ])
    expect(exitOfExplain(explained)).toBe(5)
  })
})

describe('exit statuses of explain', () => {
  test.each([
    ['somebody got it', poll(got, missed), 0],
    ['somebody got it, though a node is silent', poll(got, silent), 0],
    ['nobody got it', poll(missed, nobody), 5],
    ['nobody got it, but a node is silent', poll(missed, silent), 3],
  ])('%s', (_, polled, exit) => expect(exitOfExplain(explainJson(polled, byId))).toBe(exit))
})

test.each<[Partial<ConnectionFinding>, string]>([
  [{ended: {code: 1006, reason: '', afterMs: 1500}}, 'queued; ended 1 s after (1006 connection lost)'],
  [
    {ended: {code: 4001, reason: 'slow-consumer', afterMs: 20}, queueBytes: 1024},
    'queued; ended 20 ms after (4001 slow-consumer) with 1.0 KiB of its queue unsent',
  ],
  [
    {outcome: 'recovered', sinceMs: 3000},
    'recovered when it came back 3 s later; its socket took all',
  ],
  [{outcome: 'too-slow', queueBytes: 1024}, 'not queued: too slow, closed as 1.0 KiB waited already'],
  [{outcome: 'later', sinceMs: -3}, 'not there yet: connected 0 ms later'],
  [
    {outcome: 'earlier', ended: {code: 0, reason: 'authenticated-again', afterMs: -10}},
    'not there: ended 10 ms before (authenticated-again)',
  ],
  [{outcome: 'not-meant', why: 'language is de, not en'}, 'not meant: language is de, not en'],
])('%j is %s', (finding, text) => expect(describeConnection(connection('c', finding))).toBe(text))

test.each([
  [undefined, {limit: 10}],
  ['', {limit: 10}],
  [undefined, {limit: 10, user: ''}],
  ['x'.repeat(256), {limit: 10}],
])('%j with %j is bad input', (id, flags) => {
  expect(() => askedOf(id, {...flags, timeout: 1, 'pool-prefix': ''})).toThrow(/Which|no id/)
})
