import {Chalk} from 'chalk'
import {describe, expect, test} from 'vitest'
import {parseFault} from '../../../src/lib/cli/simulate-faults.js'
import {runSimulation} from '../../../src/lib/cli/run-simulate.js'
import {simulateScreen} from '../../../src/lib/cli/simulate-screen.js'
import {replayOf} from '../../../src/lib/cli/simulate-view.js'
import {withDeafNode} from '../../helpers/deaf-core.js'

const HOUR_MS = 3_600_000
const flags = {
  nodes: 3, hours: 0.1, seed: 7, rate: 3, 'faults-per-hour': 60, latency: 5, 'store-latency': 8,
  'play-all': false,
}
const screenOptions = {colours: new Chalk({level: 0}), widthMax: undefined}

function options(changes: Partial<Parameters<typeof runSimulation>[0]> = {}) {
  const written: string[] = []
  const terminal = {isTTY: true, write: (text: string) => written.push(text)}
  const {signal} = new AbortController()
  return {flags, version: '1.2.3', signal, terminal, written, ...changes}
}

describe('--fault', () => {
  test.each([
    ['kill', {kind: 'kill', atMs: undefined, forMs: undefined}],
    ['kill+3s', {kind: 'kill', atMs: undefined, forMs: 3000}],
    ['store-outage@2h', {kind: 'store-outage', atMs: 2 * HOUR_MS, forMs: undefined}],
    ['store-outage@90m+10m', {kind: 'store-outage', atMs: 1.5 * HOUR_MS, forMs: 600_000}],
  ])('%s', (text, expected) => {
    expect(parseFault(text, 24 * HOUR_MS)).toEqual(expected)
  })

  test.each([
    ['', 'no fault is called ""'],
    ['kil', 'no fault is called "kil"'],
    ['late-node', 'no fault is called "late-node"'],
    ['kill@', '"" is no duration'],
    ['kill@noon', '"noon" is no duration'],
    ['kill@1h+', '"" is no duration'],
    ['kill@-1h', '"-1h" is no duration'],
    ['kill@1h+2h+3h', '"2h+3h" is no duration'],
    ['kill+0s', 'lasts no time'],
    ['kill@24h', 'comes when the run is over'],
  ])('%s is refused', (text, why) => {
    expect(() => parseFault(text, 24 * HOUR_MS)).toThrow(why)
  })

  test('a misspelt one is told what was meant', () => {
    let thrown: unknown
    try {
      parseFault('kill-mastr', HOUR_MS)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toMatchObject({
      code: 'USAGE',
      suggestions: ['--fault kill-master', expect.stringContaining('store-outage')],
    })
  })
})

test('the screen begins with the verdict', async () => {
  const result = await runSimulation(options())
  const [verdict = ''] = simulateScreen(result, screenOptions)
  expect(verdict).toMatch(/^PASS 3 nodes, 6 m \d+ s, seed 7: all \d+ invariants held through /)
})

test('a broken promise has its sentence, the line that shows it again, and what led to it', async () => {
  const result = await runSimulation(options({makeCore: withDeafNode}))
  expect(result).toMatchObject({verdict: 'fail', exit: 98})
  const {violation} = result.invariants
  expect(violation?.message).toMatch(/^(settles|everywhere): After /)
  expect(violation?.replay).toBe(replayOf(result.config))
  expect(violation?.trace.length).toBeGreaterThan(10)
  const screen = simulateScreen(result, screenOptions)
  expect(screen[0]).toMatch(/^FAIL 3 nodes/)
  const again = 'again: wsmesh simulate --nodes 3 --hours 0.1 --seed 7 --rate 3 ' +
    '--faults-per-hour 60 --latency 5ms --store-latency 8ms'
  expect(screen).toContain(again)
  expect(screen).toContain(violation?.trace.at(-1))
})

test('stopped, it tells what there is by then', async () => {
  const stop = new AbortController()
  const long = options({signal: stop.signal, flags: {...flags, hours: 8000}})
  const running = runSimulation(long)
  stop.abort()
  const result = await running
  expect(result).toMatchObject({verdict: 'interrupted', exit: 130})
  expect(result.playedS).toBeGreaterThan(0)
  expect(simulateScreen(result, screenOptions)[0]).toMatch(/^INTERRUPTED 3 nodes.* so far /)
})
