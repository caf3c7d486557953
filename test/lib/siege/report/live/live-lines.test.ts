import {Chalk} from 'chalk'
import {stripVTControlCharacters} from 'node:util'
import {describe, expect, test} from 'vitest'

import {liveLines} from '../../../../../src/lib/siege/report/live/live-lines.js'
import {LIVE_START, liveStep, SAMPLES_MAX} from '../../../../../src/lib/siege/report/live/live-state.js'
import type {LiveState} from '../../../../../src/lib/siege/report/live/live-state.js'
import type {SecondSample} from '../../../../../src/lib/siege/second-sample.js'
import {fixtureReport} from '../../fixture-report.js'

const plain = new Chalk({level: 0})
const {config, seconds} = fixtureReport()

/** The run as it is after so many of its seconds. */
function after(count: number, change: (sample: SecondSample) => SecondSample = (s) => s): LiveState {
  const started = liveStep(LIVE_START, {type: 'started', startLine: config.command, timeS: 30})
  return seconds.slice(0, count).reduce(
    (state, sample) => liveStep(state, {type: 'second', sample: change(sample)}), started,
  )
}

function lines(state: LiveState, width: number, height = 30): string[] {
  return liveLines(state, {colours: plain, width, height})
}

test('in the middle of a run, on a usual screen', () => {
  expect(lines(after(20), 80)).toEqual([
    'wsmesh siege --nodes 3 --connections 1000 --users 500 --tabs 2 --rate 2000 --ti…',
    'load         ━━━━━━━━━━━━━━━━━━━━━━━─────────────────  17 s of 30 s, 13 s left',
    'connections  1 000 open',
    'messages     4 002/s delivered  2 000/s sent  289 KiB/s in',
    'delivered    ▁▁▁██████████▇██████',
    'latency      p99 4.80 ms  p50 0.947 ms  max 10.6 ms  p90 1.79 ms',
    'p99          ···▁▁▁▁▁▁▁▁▁▁█▁▁▁▁▁▁ 4.14 to 148 ms',
    'trouble      334 closed by the server  1 error',
    'faults       healed kill-master at 13 s  kill-master at 11 s',
    'NODE        ROLE      CLIENTS  CPU     RSS    LOOP',
    'n-5ca68f81  follower        0  25%  101MiB  1.50ms',
    'n-9ec3777d  master*       500  23%   97MiB  2.00ms',
    'n-02c7ac10  follower      500  21%   98MiB  2.50ms',
    'generator    cpu 25 %  loop delay 1.10 ms  118 MiB',
  ])
})

test('before the first second, while connections are opened, and after the load', () => {
  expect(lines(after(0), 80)[1]).toBe('connect      opening connections')
  expect(lines(after(2), 80).slice(1, 3)).toEqual([
    'connect      opening connections', 'connections  500 open  250 being opened',
  ])
  expect(lines(after(35), 80)[1]).toBe('drain        waiting for the last deliveries')
  const ended = liveStep(after(20), {type: 'phase', name: 'drain', atS: 17})
  expect(lines(ended, 80)[1]).toBe('drain        waiting for the last deliveries')
})

const WIDTHS = [1, 5, 8, 12, 20, 26, 30, 38, 40, 49, 50, 60, 72, 79, 80, 100, 120, 200]

describe.each(WIDTHS)('%i columns', (width) => {
  test.each([0, 1, 3, 14, 20, 35])('after %i seconds no line is wider', (count) => {
    for (const level of [0, 1] as const) {
      const painted = liveLines(after(count), {colours: new Chalk({level}), width, height: 30})
      const widths = painted.map((line) => Array.from(stripVTControlCharacters(line)).length)
      expect(Math.max(...widths)).toBeLessThanOrEqual(width)
    }
  })
})

test.each([1, 2, 3, 6, 9, 10, 11, 12, 13, 14, 50])('never more than %i rows', (height) => {
  expect(lines(after(20), 80, height).length).toBeLessThanOrEqual(height)
})

function withTwelveNodes(sample: SecondSample): SecondSample {
  const {nodes} = sample
  return {...sample, nodes: nodes.flatMap((node) => [1, 2, 3, 4].map((n) => ({...node, node: `n-${n}`})))}
}

test('nodes that do not fit are counted', () => {
  const shown = lines(after(20, withTwelveNodes), 80, 16)
  expect(shown).toHaveLength(16)
  expect(shown.slice(-2)).toEqual(['and 8 more', 'generator    cpu 25 %  loop delay 1.10 ms  118 MiB'])
})

test('where not even one node fits, none is begun', () => {
  for (let height = 1; height < 40; height += 1) {
    const shown = lines(after(20, withTwelveNodes), 80, height)
    const head = shown.findIndex((line) => line.startsWith('NODE'))
    if (head !== -1) expect(shown[head + 1]).toMatch(/^n-1 /)
    expect(shown).not.toContain('')
    if (head === -1) expect(shown.join('\n')).not.toContain(' more')
  }
})

test('what goes wrong is named, and red when messages do', () => {
  const wrong = after(1, (sample) => ({...sample, misdelivered: 2, missing: 1200, dropped: 7}))
  expect(lines(wrong, 80)).toContain('trouble      2 misdelivered  1 200 missing so far  7 slots dropped')
  const red = new Chalk({level: 1})
  const line = liveLines(wrong, {colours: red, width: 80, height: 30})
    .find((text) => text.includes('misdelivered'))
  expect(line).toBe(red.red('trouble      2 misdelivered  1 200 missing so far  7 slots dropped'))
  expect(lines(after(5), 80)).toContain('trouble      none')
})

test('names from outside cannot move the cursor', () => {
  const evil = after(14, (sample) => ({
    ...sample, phase: '\u001B[2J', marks: ['\u001B[2J'],
    nodes: sample.nodes.map((node) => ({...node, node: '\u001B[2J'})),
  }))
  expect(lines(evil, 80).join('')).not.toContain('\u001B')
})

test('hours of it are kept in bounded memory', () => {
  const [sample] = seconds
  if (sample === undefined) throw new Error('The fixture has seconds')
  let state = LIVE_START
  for (let atS = 1; atS <= 1000; atS += 1) {
    const second = {...sample, atS, dropped: 1, marks: [`mark ${atS}`]}
    state = liveStep(state, {type: 'second', sample: second})
  }
  expect(state.samples).toHaveLength(SAMPLES_MAX)
  expect(state.marks.length).toBeLessThan(10)
  expect(state.totals.dropped).toBe(1000)
})
