import {describe, expect, test} from 'vitest'

import {killReport, Kills} from '../../../src/lib/demo/page/kills.js'
import {layout} from '../../../src/lib/demo/page/layout.js'
import {longestWait, Numbers} from '../../../src/lib/demo/page/numbers.js'

function at(...times: readonly number[]) {
  return times.map((atMs) => ({atMs, node: '1'}))
}

test.each([
  ['a wait that began before', at(0, 50, 400, 450), 60, Infinity, 350],
  ['the first after it ends the first wait', at(0, 1000, 1050), 1000, Infinity, 1000],
  ['none has come since', at(0, 50), 60, Infinity, undefined],
  ['waits of before do not count', at(0, 900, 950, 1000), 920, Infinity, 50],
  ['nor those that ended after it was over', at(0, 50, 100, 900), 20, 500, 50],
  ['nothing at all', [], 0, Infinity, undefined],
])('the longest wait: %s', (_what, arrivals, sinceMs, untilMs, waitMs) => {
  expect(longestWait(arrivals, sinceMs, untilMs)).toBe(waitMs)
})

describe('the numbers of a tab', () => {
  test('another run is counted from its own first number', () => {
    const numbers = new Numbers()
    expect(numbers.add(8, 'a', '1', 0)).toBe(false)
    expect(numbers.add(9, 'a', '1', 50)).toBe(false)
    expect(numbers.add(1, 'b', '1', 100)).toBe(true)
    expect(numbers.tally).toMatchObject({first: 1, last: 1, arrived: 1, holes: []})
  })

  test('times are kept for a minute or so, not for ever', () => {
    const numbers = new Numbers()
    for (let number = 1; number <= 10_000; number += 1) numbers.add(number, 'a', '1', number * 50)
    expect(numbers.tally.arrived).toBe(10_000)
    expect(numbers.arrivals.length).toBeLessThan(2000)
    expect(numbers.arrivals.at(-1)?.atMs).toBe(500_000)
  })
})

function view(isWhole: boolean, ...nodes: readonly (readonly [string, string | null, string])[]) {
  const [master] = nodes.filter(([, , role]) => role === 'master')
  return {
    master: master?.[1] ?? null,
    isWhole,
    nodes: nodes.map(([name, id, role]) => ({name, id, role})),
  }
}

const WHOLE = view(true, ['1', 'n-1', 'master'], ['2', 'n-2', 'follower'])

describe('a node that dies', () => {
  test('is seen, counts from the press of the button, and is over when all is whole', () => {
    const kills = new Kills()
    expect(kills.look(WHOLE, 0)).toBe(false)
    kills.pressed('n-1', 1000)
    // One that is only slow to answer has not died.
    expect(kills.look(view(false, ['1', 'n-1', 'down'], ['2', 'n-2', 'seeking']), 1010)).toBe(false)
    expect(kills.look(view(false, ['1', null, 'down'], ['2', 'n-2', 'master']), 1100)).toBe(true)
    expect(kills.look(view(false, ['1', null, 'down'], ['2', 'n-2', 'master']), 1200)).toBe(false)
    expect(kills.last).toMatchObject({name: '1', wasMaster: true, atMs: 1000, overAtMs: undefined})
    expect(kills.waitOf(at(960, 1150, 1200))).toBe(190)
    expect(kills.look(view(true, ['1', 'n-3', 'follower'], ['2', 'n-2', 'master']), 4000)).toBe(false)
    expect(kills.count).toBe(1)
    expect(kills.waitOf(at(960, 1150, 9000))).toBe(190)
  })

  test('counts from when it was seen, when a hand at a terminal did it', () => {
    const kills = new Kills()
    kills.look(WHOLE, 0)
    kills.look(view(true, ['1', 'n-1', 'master'], ['2', 'n-7', 'follower']), 700)
    expect(kills.last).toMatchObject({name: '2', wasMaster: false, atMs: 700})
  })

  test('while nobody watched is none that is seen, nor are the nodes of another demo', () => {
    const kills = new Kills()
    kills.look(WHOLE, 0)
    kills.look(view(false, ['1', null, 'down'], ['2', 'n-2', 'master']), 100)
    kills.begin(view(true, ['1', 'n-7', 'master'], ['2', 'n-8', 'follower']), 5000, false)
    expect(kills.count).toBe(1)
    expect(kills.last).toMatchObject({name: '1', overAtMs: 5000})
    kills.begin(view(true, ['1', 'n-9', 'follower'], ['2', 'n-a', 'master']), 9000, true)
    expect(kills.last).toBeUndefined()
    expect(kills.waitOf(at(0, 9000))).toBeUndefined()
    kills.look(view(true, ['1', 'n-9', 'follower'], ['2', null, 'down']), 9500)
    expect(kills.last).toMatchObject({name: '2', wasMaster: true, atMs: 9500})
  })

  test('in words', () => {
    const last = {name: '1', wasMaster: true}
    const tabs = [{isMoved: false, waitMs: 80.4}, {isMoved: false, waitMs: 96.2}]
    expect(killReport(last, '2', tabs)).toBe(
      'Node 1, the master, was killed. Node 2 took over. '
        + 'Longest wait for a number: 96 ms in tabs of other nodes.',
    )
    expect(killReport({name: '3', wasMaster: false}, '2', [{isMoved: true, waitMs: undefined}])).toBe(
      'Node 3 was killed. '
        + 'Longest wait for a number: not over yet in its own tabs, which moved to another node.',
    )
    expect(killReport(last, undefined, [])).toBe('Node 1, the master, was killed.')
  })
})

describe('the drawing', () => {
  const sizes = [1, 2, 3, 4, 5, 8, 10, 12, 20].flatMap((count) =>
    [270, 320, 620].map((width) => [count, width] as const),
  )

  test.each(sizes)('%d nodes in %d pixels: inside, and none upon another', (count, width) => {
    const {height, radius, places} = layout(count, width)
    for (const {x, y} of places) {
      expect(x).toBeGreaterThanOrEqual(radius)
      expect(x).toBeLessThanOrEqual(width - radius)
      expect(y).toBeGreaterThanOrEqual(radius)
      expect(y).toBeLessThanOrEqual(height - radius)
    }
    for (const [index, a] of places.entries()) {
      for (const b of places.slice(index + 1)) {
        expect(Math.hypot(a.x - b.x, a.y - b.y)).toBeGreaterThan(2 * radius)
      }
    }
  })
})
