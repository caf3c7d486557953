import {expect, test} from 'vitest'

import {alertsOf, type AlertFacts} from '../../../src/lib/admin/alerts.js'
import {EventBook} from '../../../src/lib/admin/event-book.js'
import {HistoryBook} from '../../../src/lib/admin/history.js'
import {nodeRows, RelayRates, sampleOf, totalsOf} from '../../../src/lib/admin/rows.js'
import {row, stats, surveyed, surveyOf} from './rows.js'

function masterAndFollower(seq = 10) {
  return surveyOf([
    surveyed('n1', {stats: stats('n1', {role: 'master', position: `e.1.${seq}`})}),
    surveyed('n2', {stats: stats('n2', {position: 'e.1.7'})}),
  ])
}

test('rows tell how far a follower is behind, and what was relayed since the look before', () => {
  const rates = new RelayRates()
  expect(rates.look(masterAndFollower(10), 1000).get('n1')).toBe(null)
  const seen = rates.look(masterAndFollower(60), 1500)
  expect([...seen]).toEqual([['n1', 100], ['n2', 0]])
  const rows = nodeRows(masterAndFollower(60), seen, new Map([['n2', 4711]]))
  expect(rows.map(({id, behind, relayedPerS, supervisorPid, rttMs, isCopy}) =>
    ({id, behind, relayedPerS, supervisorPid, rttMs, isCopy}))).toEqual([
    {id: 'n1', behind: 0, relayedPerS: 100, supervisorPid: null, rttMs: 1.23, isCopy: true},
    {id: 'n2', behind: 53, relayedPerS: 0, supervisorPid: 4711, rttMs: 1.23, isCopy: false},
  ])
  // Every message comes to every node: not 100 and 0 together, and not twice.
  expect(totalsOf(rows)).toMatchObject({relayedPerS: 100, clients: 20, inPerS: 14, rssBytes: 2e8})
})

test('a new epoch is no rate, and a node without an answer has no numbers', () => {
  const rates = new RelayRates()
  rates.look(masterAndFollower(1_000_000), 0)
  const other = surveyOf([surveyed('n1', {stats: stats('n1', {position: 'f.1.5', role: 'master'})})])
  expect(rates.look(other, 1000).get('n1')).toBe(null)
  const dead = surveyOf([surveyed('n1', {state: 'unreachable', stats: undefined, why: 'no answer'})])
  const [only] = nodeRows(dead, new Map(), new Map())
  expect(only).toMatchObject({state: 'unreachable', role: 'unknown', clients: null, why: 'no answer'})
})

function facts(change: Partial<AlertFacts> = {}): AlertFacts {
  const survey = change.survey ?? masterAndFollower()
  return {
    survey, rows: nodeRows(survey, new Map(), new Map()), expected: undefined, slow: new Map(),
    ...change,
  }
}

function texts(change: Partial<AlertFacts>): readonly string[] {
  return alertsOf(facts(change)).map(({tone, text}) => `${tone}: ${text}`)
}

test('a mesh that is well has no banner', () => {
  expect(texts({expected: 2})).toEqual([])
  expect(texts({survey: surveyOf([])})).toEqual([])
})

test('banners name what is wrong, the gravest first', () => {
  const twoMasters = surveyOf([
    surveyed('n1', {stats: stats('n1', {role: 'master', term: 3})}),
    surveyed('n2', {stats: stats('n2', {role: 'master', term: 4, version: '2.0.0'})}),
    surveyed('n3', {state: 'stale', stats: undefined, why: 'refused'}),
    surveyed('n4', {state: 'unreachable', stats: undefined, why: 'no answer for 3 s'}),
    surveyed('n5', {state: 'isolated', stats: stats('n5', {role: 'isolated'})}),
  ], ['Pool x does not answer: these are the nodes seen last'])
  expect(texts({survey: twoMasters, expected: 5, slow: new Map([['n1', 2]])})).toEqual([
    'bad: Pool x does not answer: these are the nodes seen last',
    'bad: 2 masters: n2 (term 4) and n1 (term 3)',
    'bad: 2 of 5 nodes answer',
    'bad: n4 does not answer: no answer for 3 s',
    'bad: n5 is isolated: the mesh goes on without it',
    'warn: Different versions: 1.0.0, 2.0.0',
    'warn: n1 closed 2 slow clients in the last minute',
    'warn: n3 is in the pool, but it is gone: refused',
  ])
})

test('banners of one node: a stall, a queue, a follower that is behind, nobody who is master', () => {
  const survey = surveyOf([surveyed('n1', {
    stats: stats('n1', {loopDelayMs: 400, queueBytes: 64 * 1024 * 1024}),
  })])
  expect(texts({survey})).toEqual([
    "bad: No master answers; the lease is n1's",
    'warn: n1 stood still for 400 ms',
    'warn: 64 MiB wait in n1 for clients to take them',
  ])
  expect(texts({rows: [row('n2', {behind: 6000})]})).toEqual([
    'warn: n2 is 6 000 messages behind the master',
  ])
})

function counted(n: number) {
  return [{id: 'n1', counters: {slowConsumers: n, handlerErrors: n}}]
}

test('events are told from one look to the next, and the first look is no news', () => {
  const book = new EventBook()
  book.look(0, [row('n1')], counted(5), {master: 'n1', term: 1})
  expect(book.after(0)).toEqual([])
  book.look(1000, [row('n1', {state: 'unreachable', why: 'silent'}), row('n2')], counted(7),
    {master: null, term: 1})
  book.look(2000, [row('n1', {pid: 101}), row('n2')], [], {master: 'n2', term: 2})
  book.look(3000, [row('n2')], [], {master: 'n2', term: 2})
  expect(book.after(0).map(({text}) => text)).toEqual([
    'n2 joined',
    'n1 is unreachable: silent',
    'n1 closed 2 clients, too slow in reading',
    'n1: 2 × error of an action handler (handlerErrors)',
    'No master answers',
    'n1 answers again',
    'n1 was started anew, as process 101',
    'n2 is master, term 2',
    'n1 left the pool',
  ])
  expect(book.after(8).map(({seq}) => seq)).toEqual([9])
  expect([...book.slow(2000)]).toEqual([['n1', 2]])
  expect([...book.slow(62_000)]).toEqual([])
})

test('events are bounded: the oldest goes', () => {
  const book = new EventBook()
  for (let n = 0; n < 600; n += 1) book.add(n, 'act', 'plain', null, String(n))
  expect(book.after(0)).toHaveLength(500)
  expect(book.after(0)[0]).toMatchObject({seq: 101, text: '100'})
})

function sample(inPerS: number) {
  return {...sampleOf(row('n1')), inPerS}
}

test('charts keep ten minutes by the second, and six hours by the worst of each ten', () => {
  const book = new HistoryBook()
  for (let s = 0; s < 1000; s += 1) {
    book.add(s * 1000, sample(s % 10), new Map([['n1', sample(s)]]))
  }
  const fine = book.read(null, '10m')
  expect([fine.at.length, fine.at[0], fine.at.at(-1)]).toEqual([600, 400, 999])
  expect(fine.series.inPerS.slice(-3)).toEqual([7, 8, 9])
  const coarse = book.read('n1', '6h')
  expect(coarse.at.slice(0, 3)).toEqual([0, 10, 20])
  expect(coarse.series.inPerS.slice(0, 3)).toEqual([9, 19, 29])
  // The worst came first here: what came later does not hide it.
  const falling = new HistoryBook()
  for (let s = 0; s < 20; s += 1) falling.add(s * 1000, sample(20 - s), new Map())
  expect(falling.read(null, '6h').series.inPerS).toEqual([20, 10])
  expect(book.read('unknown', '10m').at).toEqual([])
})

test('what a node did not say is a gap, and two looks in one second are one', () => {
  const book = new HistoryBook()
  const nothing = {...sampleOf(row('n1')), clients: null}
  book.add(5100, nothing, new Map())
  book.add(5900, {...nothing, inPerS: 50}, new Map())
  book.add(6000, {...nothing, clients: 3}, new Map())
  expect(book.read(null, '10m')).toMatchObject({
    at: [5, 6], series: {clients: [null, 3], inPerS: [50, 1]},
  })
})

test('of hundreds of nodes that came and went the oldest are forgotten', () => {
  const book = new HistoryBook()
  for (let n = 0; n < 250; n += 1) {
    book.add(n * 1000, sampleOf(row('x')), new Map([[`n${n}`, sampleOf(row('x'))]]))
  }
  expect(book.read('n0', '10m').at).toEqual([])
  expect(book.read('n249', '10m').at).toEqual([249])
})
