import {Chalk} from 'chalk'
import {describe, expect, test} from 'vitest'

import type {Survey, SurveyedNode} from '../../../src/lib/operator/pool-survey.js'
import {failureJson, failureOf, renderFailure} from '../../../src/lib/cli/failure.js'
import {bytes, grouped, plural} from '../../../src/lib/cli/plural.js'
import {missingNodes, poolLines} from '../../../src/lib/cli/pool-list.js'
import {describePruned} from '../../../src/lib/cli/pool-prune.js'
import {poolJson} from '../../../src/lib/cli/pool-view.js'
import {describeSent, exitOfSent, sendJson} from '../../../src/lib/cli/send-result.js'
import {mostSimilar} from '../../../src/lib/cli/similar.js'
import {grepOf, tailJson, tailLine, tailNotice} from '../../../src/lib/cli/tail-view.js'
import type {MessageEvent, NodeStats} from '../../../src/lib/protocol/operator-frame.js'
import {AssertionFailed} from '../../../src/lib/util/assert.js'
import {nodeId} from '../../../src/lib/util/brand.js'
import {WsmeshError} from '../../../src/lib/util/errors.js'

const plain = new Chalk({level: 0})

function stats(node: string, changes: Partial<NodeStats> = {}): NodeStats {
  return {
    node: nodeId(node),
    version: '0.1.0',
    pid: 10,
    role: 'follower',
    term: 3,
    epoch: 'e',
    master: null,
    position: 'e.3.1',
    uptimeS: 3725.5,
    rssBytes: 90 * 1024 * 1024,
    heapBytes: 1,
    connections: 1200,
    users: 7,
    guests: 0,
    operators: 0,
    links: 1,
    timers: 0,
    queueBytes: 0,
    outboxMessages: 0,
    historyMessages: 0,
    historyBytes: 0,
    view: [],
    inPerS: 2,
    outPerS: 30,
    counters: {},
    ...changes,
  }
}

function node(id: string, order: number, found: Partial<SurveyedNode>): SurveyedNode {
  const url = `ws://127.0.0.1:${8000 + order}/mesh`
  const clientUrl = `ws://127.0.0.1:${8000 + order}/WebSockets`
  const known = {id: nodeId(id), url, clientUrl, order, pid: 10, version: '0.1.0'}
  const silent = {state: 'stale', stats: undefined, rttMs: undefined, why: undefined} as const
  return {known, id, url, ...silent, ...found}
}

function up(id: string, order: number, changes: Partial<NodeStats> = {}): SurveyedNode {
  return node(id, order, {state: 'up', stats: stats(id, changes), rttMs: 0.456})
}

function survey(nodes: readonly SurveyedNode[], changes: Partial<Survey> = {}): Survey {
  return {nodes, holder: undefined, leaseTerm: 0, warnings: [], ...changes}
}

describe('pool list', () => {
  const pool = poolJson(
    survey([
      up('n1', 1, {role: 'master'}),
      up('n2', 2),
      node('n3', 3, {state: 'stale', why: 'nothing listens there (connection refused)'}),
    ]),
  )

  test('as JSON', () => {
    expect(pool).toMatchObject({master: 'n1', term: 3})
    expect(pool.nodes[0]).toEqual({
      id: 'n1',
      order: 1,
      role: 'master',
      state: 'up',
      nodeUrl: 'ws://127.0.0.1:8001/mesh',
      clientUrl: 'ws://127.0.0.1:8001/WebSockets',
      clients: 1200,
      users: 7,
      inPerS: 2,
      outPerS: 30,
      rttMs: 0.46,
      uptimeS: 3725.5,
      rssBytes: 94_371_840,
      pid: 10,
      version: '0.1.0',
      why: null,
    })
    expect(pool.nodes[2]).toMatchObject({role: 'unknown', state: 'stale', clients: null})
  })

  test('as a table: the master by word and sign, what is gone with the reason', () => {
    const lines = poolLines(pool, 'table', {colours: plain, widthMax: undefined})
    const fields = lines.slice(0, 4).map((line) => line.split(/ +/))
    expect(fields).toEqual([
      'NODE ROLE STATE ADDRESS CLIENTS USERS IN/s OUT/s RTT UP RSS VERSION',
      'n1 master* up 127.0.0.1:8001 1200 7 2 30 0.5ms 1h2m 90MiB 0.1.0',
      'n2 follower up 127.0.0.1:8002 1200 7 2 30 0.5ms 1h2m 90MiB 0.1.0',
      'n3 ? stale 127.0.0.1:8003 - - - - - - - 0.1.0',
    ].map((line) => line.split(' ')))
    expect(lines.slice(4)).toEqual([
      '',
      '3 nodes, 2 up; 2 400 clients; in 4/s; out 60/s; master n1, term 3',
      'warning: n3 is in the pool, but it is gone: nothing listens there (connection refused)',
      'Next: wsmesh pool prune   (removes rows of nodes that are gone)',
    ])
  })

  test('a screen of 80 columns is not exceeded', () => {
    const lines = poolLines(pool, 'table', {colours: plain, widthMax: 80}).slice(0, 4)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
    expect(lines[0]).toContain('RTT')
  })

  test('-o name is addresses alone', () => {
    expect(poolLines(pool, 'name', {colours: plain, widthMax: undefined})).toEqual([
      'ws://127.0.0.1:8001/mesh',
      'ws://127.0.0.1:8002/mesh',
      'ws://127.0.0.1:8003/mesh',
    ])
  })

  const master = {role: 'master'} as const
  const isolated = {state: 'isolated', stats: stats('a', {role: 'isolated'})} as const
  const silent = {state: 'unreachable', why: 'no answer'} as const

  test.each<[string, Survey, string | null, number, RegExp]>([
    [
      'two masters', survey([up('a', 1, master), up('b', 2, {...master, term: 4})]),
      'b', 4, /2 masters: b \(term 4\), a \(term 3\)/,
    ],
    [
      'no master', survey([up('a', 1)], {holder: 'x'}),
      null, 3, /no master answers; the lease is x's/,
    ],
    [
      'versions', survey([up('a', 1, master), up('b', 2, {version: '9'})]),
      'a', 3, /different versions: 0.1.0, 9/,
    ],
    ['an isolated node', survey([node('a', 1, isolated)]), null, 3, /a is isolated/],
    [
      'a silent node', survey([node('a', 1, silent)], {leaseTerm: 9}),
      null, 9, /a is in the pool, but no answer/,
    ],
  ])('warns of %s', (_name, found, master, term, warning) => {
    const json = poolJson(found)
    expect(json).toMatchObject({master, term})
    expect(json.warnings.join('\n')).toMatch(warning)
  })

  test('an empty pool says what to do', () => {
    const empty = poolJson(survey([]))
    expect(empty).toEqual({relay: null, master: null, term: 0, nodes: [], warnings: []})
    const lines = poolLines(empty, 'table', {colours: plain, widthMax: undefined})
    expect(lines.join('\n')).toMatch(/empty.*\nNext: wsmesh serve/)
  })

  test('--expect counts those that answer', () => {
    expect(missingNodes(pool, 2)).toBeUndefined()
    expect(missingNodes(pool, 3)).toMatchObject({
      code: 'NODES_MISSING',
      message: '2 nodes of 3 expected answer',
    })
  })
})

describe('send', () => {
  const result = {
    id: 'n1-1',
    position: 'e.1.1',
    connections: 3,
    nodes: 3,
    byNode: [
      {node: nodeId('n1'), connections: 2},
      {node: nodeId('n2'), connections: 1},
      {node: nodeId('n3'), connections: 0},
    ],
    missing: [],
  }

  test('what happened', () => {
    const sent = sendJson(result, 4.1234)
    expect(sent).toEqual({
      id: 'n1-1',
      position: 'e.1.1',
      connections: 3,
      nodes: 2,
      ms: 4.12,
      byNode: {n1: 2, n2: 1},
    })
    expect(describeSent(sent, 'user 42')).toBe('delivered to 3 connections on 2 nodes in 4.1 ms')
    expect(exitOfSent(sent)).toBe(0)
  })

  test('delivered before, longer ago than anybody remembers', () => {
    const earlier = {...result, connections: 0, byNode: [], earlier: true} as const
    const sent = sendJson(earlier, 4)
    expect(sent.earlier).toBe(true)
    expect(describeSent(sent, 'user 42')).toBe(
      'delivered earlier, at e.1.1: to how many is forgotten (4 ms)',
    )
    expect(exitOfSent(sent)).toBe(0)
    expect(describeSent({...sent, position: null}, 'user 42')).toContain('earlier, long ago')
  })

  test('nobody, and a node that went away', () => {
    const sent = sendJson({...result, connections: 0, byNode: [], missing: [nodeId('n9')]}, 4)
    expect(describeSent(sent, 'user 42')).toBe(
      'delivered to nobody: no connection of user 42 (4 ms); no word from n9',
    )
    expect(sent.missing).toEqual(['n9'])
    expect(exitOfSent(sent)).toBe(5)
  })
})

describe('tail', () => {
  const message: MessageEvent = {
    event: 'message',
    at: new Date(2026, 0, 2, 3, 4, 5, 6).getTime(),
    position: 'e.1.2',
    id: 'n1-1',
    origin: nodeId('n1'),
    target: {user: ['42']},
    action: 'hello',
    details: ['Hi\u001B[2J'],
  }

  test('a line for people, in which nothing moves the cursor', () => {
    expect(tailLine(message, plain)).toBe('03:04:05.006  n1  user 42  hello  ["Hi\\u001b[2J"]')
    const evil = {...message, action: 'a\u009B2Jb'}
    expect(tailLine(evil, plain)).toContain('a\\x9b2Jb')
  })

  test('a line of NDJSON', () => {
    expect(Object.keys(JSON.parse(tailJson(message)) as object)).toEqual([
      'at', 'position', 'id', 'origin', 'target', 'action', 'details',
    ])
  })

  test.each([
    [{event: 'master', master: nodeId('n2'), term: 4}, '* n2 is master (term 4)'],
    [{event: 'master', master: null, term: 4}, '! no master at the moment (term 4)'],
    [{event: 'member', change: 'joined', node: nodeId('n2')}, '+ n2 joined'],
    [{event: 'member', change: 'left', node: nodeId('n2')}, '- n2 left'],
    [{event: 'dropped', messages: 3}, '! 3 messages not shown: this tail is too slow'],
  ] as const)('%j', (event, text) => {
    expect(tailNotice(event, plain)).toBe(text)
  })

  test('--grep looks at action, target and details', () => {
    expect(['hel+o', 'user 42', 'Hi', 'x{9}'].map((text) => grepOf(text)(message))).toEqual([
      true, true, true, false,
    ])
    expect(() => grepOf('(')).toThrow(expect.objectContaining({code: 'USAGE'}))
  })
})

describe('errors', () => {
  test('what, why and what to try', () => {
    const error = new WsmeshError('NODE_UNREACHABLE', 'No node answered', {
      cause: new Error('a: refused\nb: no answer', {cause: new Error('deeper')}),
      suggestions: ['wsmesh serve', '--pool URL'],
    })
    const failure = failureOf(error, 'wsmesh send')
    expect(renderFailure(failure, plain)).toBe(
      [
        'Error: No node answered [NODE_UNREACHABLE]',
        '  why: a: refused',
        '       b: no answer',
        '       deeper',
        '  try: wsmesh serve',
        '       --pool URL',
        '',
      ].join('\n'),
    )
    expect(failureJson(failure)).toEqual({
      code: 'NODE_UNREACHABLE', message: 'No node answered', why: 'a: refused',
      hint: 'wsmesh serve', exit: 3,
    })
  })

  test.each([new AssertionFailed('x < y'), new TypeError('no x')])('%s is a bug', (error) => {
    expect(failureOf(error, 'wsmesh send')).toMatchObject({code: 'BUG', exit: 70})
    expect(renderFailure(failureOf(error, 'wsmesh send'), plain)).not.toMatch(/^ +at /m)
  })
})

test.each([
  [() => plural(1, 'node'), '1 node'],
  [() => plural(12_345, 'client'), '12 345 clients'],
  [() => grouped(999), '999'],
  [() => bytes(512), '512 B'],
  [() => bytes(1536), '1.5 KiB'],
  [() => bytes(1024 ** 3), '1.0 GiB'],
  [
    () => describePruned({removed: [], kept: ['a'], dryRun: false}),
    'nothing removed: 1 node answered',
  ],
  [
    () => describePruned({removed: ['b'], kept: [], dryRun: true}),
    'would remove b. Next: wsmesh pool prune --yes',
  ],
  [() => mostSimilar('sned', ['send', 'serve']), 'send'],
  [() => mostSimilar('pool lst', ['pool list', 'tail']), 'pool list'],
  [() => mostSimilar('xyzzy', ['send', 'serve']), undefined],
])('%s is %s', (make, text) => {
  expect(make()).toBe(text)
})
