import {expect, test} from 'vitest'

import {bytes, grouped} from '../../../src/lib/cli/plural.js'
import {duration, ms, short} from '../../../src/lib/admin/page/format.js'
import {
  FIRST, grown, heard, staleS, titleOf, withGaps, type Model,
} from '../../../src/lib/admin/page/model.js'
import {describeStar, HEIGHT, shortName, starOf, WIDTH} from '../../../src/lib/admin/page/star.js'
import {SERIES, type History} from '../../../src/lib/admin/wire.js'
import {row, snapshotOf} from './rows.js'

function charts(at: readonly number[], node: string | null = null): History {
  const series = Object.fromEntries(SERIES.map((name) => [name, at.map(() => 1)]))
  return {node, at, series: series as unknown as History['series']}
}

const HELLO = {
  type: 'hello', role: 'operator', may: [], acts: [], version: '1', pool: 'p', host: 'h', command: 'wsmesh',
  commandFlags: '', serve: 'serve',
} as const

function event(seq: number) {
  return {seq, at: 0, kind: 'act', tone: 'plain', node: null, text: String(seq)} as const
}

function traced(user: string, position: string) {
  const row = {at: 0, action: 'a', origin: 'n', position, details: ''}
  return {type: 'trace', user, row} as const
}

test('events add up, the newest first, and a new line begins anew', () => {
  let model: Model = heard(FIRST, HELLO, 0)
  model = heard(model, snapshotOf([], {events: [event(1), event(2)]}), 0)
  model = heard(model, snapshotOf([], {events: [event(3)]}), 0)
  expect(model.events.map(({seq}) => seq)).toEqual([3, 2, 1])
  expect(heard(model, HELLO, 0).events).toEqual([])
})

test('charts grow by the second, of all nodes or of the one that is looked at', () => {
  const nodes = [row('n1', {clients: 77})]
  const snapshot = snapshotOf(nodes, {at: 11_500})
  expect(grown(charts([10]), snapshot)?.series.clients).toEqual([1, 4])
  expect(grown(charts([10], 'n1'), snapshot)?.series.clients).toEqual([1, 77])
  expect(grown(charts([10], 'n2'), snapshot)?.series.clients).toEqual([1, null])
  expect(grown(charts([11]), snapshot)?.at).toEqual([11])
  const many = grown(charts(Array.from({length: 600}, (_, n) => n - 600)), snapshot)
  expect([many?.at.length, many?.at.at(-1)]).toEqual([600, 11])
})

test('a node that left is nobody to look at', () => {
  const model = {...FIRST, selected: 'n2', charts: charts([1], 'n2')}
  expect(heard(model, snapshotOf([row('n1'), row('n2')]), 0).selected).toBe('n2')
  expect(heard(model, snapshotOf([row('n1')]), 0)).toMatchObject({selected: null, charts: undefined})
})

test('where nobody looked the line breaks', () => {
  const seen = withGaps(charts([1, 2, 3, 60, 61]), 1)
  expect(seen.at).toEqual([1, 2, 3, 4, 60, 61])
  expect(seen.series.users).toEqual([1, 1, 1, null, 1, 1])
})

test('figures are old when the admin is gone, or silent', () => {
  const model: Model = {...FIRST, line: 'open', snapshot: snapshotOf([]), heardMs: 1000}
  expect(staleS(model, 2500)).toBeUndefined()
  expect(staleS(model, 6000)).toBe(5)
  expect(staleS({...model, line: 'lost'}, 1500)).toBe(0)
  expect(staleS(FIRST, 9000)).toBeUndefined()
})

test('the title says how much is wrong', () => {
  const bad = {tone: 'bad', text: '', hint: null} as const
  const model: Model = {...FIRST, line: 'open', snapshot: snapshotOf([], {alerts: [bad, bad]})}
  expect(titleOf(model)).toBe('(2) wsmesh admin')
  expect(titleOf({...model, line: 'lost'})).toBe('(3) wsmesh admin')
  expect(titleOf(FIRST)).toBe('wsmesh admin')
})

test('a trace is of the user who is followed, until it is over', () => {
  let model: Model = {...FIRST, trace: {user: '42', rows: [], ended: undefined}}
  model = heard(model, traced('42', 'p1'), 0)
  model = heard(model, traced('7', 'p2'), 0)
  model = heard(model, {type: 'trace-ended', user: '42', why: 'stopped'}, 0)
  model = heard(model, traced('42', 'p3'), 0)
  expect(model.trace?.rows.map(({position}) => position)).toEqual(['p1'])
  expect(model.trace?.ended).toBe('stopped')
})

test.each([1, 2, 3, 9, 25, 50, 200])('%i nodes stand in the picture, none on another', (count) => {
  const nodes = Array.from({length: count}, (_, n) => row(`n${n}`))
  const {spots, edges} = starOf(nodes, 'n0')
  expect([spots.length, edges.length]).toEqual([count, count - 1])
  for (const {x, y, radius} of spots) {
    expect([x - radius >= 0, x + radius <= WIDTH, y - radius >= 0, y + radius <= HEIGHT])
      .toEqual([true, true, true, true])
  }
  if (count > 50) return
  const near = spots.flatMap((a, index) => spots.slice(index + 1).filter((b) =>
    Math.hypot(a.x - b.x, a.y - b.y) < a.radius + b.radius))
  expect(near).toEqual([])
})

test('the picture shows who is in trouble by name, and what the master relays by width', () => {
  const nodes = [
    ...Array.from({length: 30}, (_, n) => row(`n${n}`, {relayedPerS: n === 1 ? 5000 : 0})),
    row('sick', {state: 'unreachable'}),
  ]
  const {spots, edges} = starOf(nodes, 'n0')
  expect(spots.filter(({isNamed}) => isNamed).map(({row}) => row.id)).toEqual(['n0', 'sick'])
  expect(edges.find(({id}) => id === 'sick')?.isBroken).toBe(true)
  const widths = ['n1', 'n2'].map((id) => edges.find((edge) => edge.id === id)?.width ?? 0)
  expect((widths[0] ?? 0) / (widths[1] ?? 1)).toBeGreaterThan(3)
  expect(describeStar(nodes, 'n0')).toMatch(/^31 nodes, 1 of them not well; n0 is master\./)
})

test('without a master there is nobody in the middle', () => {
  const {spots, edges, hasMaster} = starOf([row('n1'), row('n2')], null)
  expect([spots.length, edges.length, hasMaster]).toEqual([2, 0, false])
  expect(describeStar([], null)).toBe('No nodes')
})

test('numbers are as the terminal shows them', () => {
  expect([0, 999, 12_345, 1_234_567].map(grouped)).toEqual(['0', '999', '12 345', '1 234 567'])
  expect([0, 7, 9949, 9950, 12_345, 999_500].map(short))
    .toEqual(['0', '7', '9 949', '9.95k', '12.3k', '1M'])
  expect([0.123, 1.26, 12.3, 250, 12_000].map(ms)).toEqual(['0.12 ms', '1.3 ms', '12 ms', '250 ms', '12 s'])
  expect([0, 1023, 1024, 123_456_789].map(bytes)).toEqual(['0 B', '1023 B', '1.0 KiB', '118 MiB'])
  expect([5, 200, 7500, 273_600].map(duration)).toEqual(['5 s', '3 m 20 s', '2 h 5 m', '3 d 4 h'])
  expect([shortName('n-0f283aae'), shortName('a-very-long-node-name')]).toEqual(['n-0f283aae', '…g-node-name'])
})
