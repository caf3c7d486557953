import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import type {ProcessSample} from '../../../src/lib/protocol/soak-frame.js'
import {judgeServer} from '../../../src/lib/siege/soak/judge-server.js'
import type {Judged} from '../../../src/lib/siege/soak/judge-server.js'
import {seededRandom} from '../../../src/lib/util/random.js'
import {soakSeries, type Change, type Done, type SeriesOptions} from '../../helpers/soak-series.js'

const LIMIT = {detectionLimitBytes: 110}

function judge(
  change: Change | undefined, seed = 1, options: Partial<SeriesOptions> = {},
): Judged {
  const random = seededRandom(seed)
  const series = soakSeries({random, ...options, ...(change !== undefined && {change})})
  return judgeServer(series, undefined, LIMIT)
}

function withClass(sample: ProcessSample, count: number): ProcessSample {
  return {
    ...sample,
    objects: sample.objects + count,
    classes: {...sample.classes, Fixture: count},
    heapBytes: sample.heapBytes + count * 56,
  }
}

function withGauge(sample: ProcessSample, value: number): ProcessSample {
  return {...sample, gauges: {...sample.gauges, users: {kind: 'exact', value}}}
}

function withHeap(bytes: (done: Done) => number): Change {
  return (sample, done) => ({...sample, heapBytes: sample.heapBytes + Math.round(bytes(done))})
}

const withHistory: Change = (sample, {index}) => ({
  ...withClass(sample, 3 * ((index * 37) % 50)),
  gauges: {...sample.gauges, history: {kind: 'drains', value: (index * 37) % 50}},
})

const withVisits: Change = (sample, {connection}) => ({
  ...withClass(sample, 5 * connection),
  gauges: {...sample.gauges, visits: {kind: 'bounded', value: connection}},
})

/** Of a machine that is busy: the master changes again and again, and each term is remembered. */
const withMasters: Change = (sample, {index}) => {
  const terms = 2 * Math.max(0, index)
  const noted = terms + (index % 3)
  return {
    ...withClass(sample, 4 + noted),
    gauges: {...sample.gauges, termEnds: {kind: 'bounded', value: terms}},
  }
}

const withCacheAndLeak: Change = (sample, done) =>
  withHeap(({connection}) => 400 * connection)(
    withClass(sample, Math.min(done.connection, 12_000)), done)

/** Of a node that came to lead after these cycles. */
function led(change: Change, after: number, cycles: number): Judged {
  const samples = soakSeries({random: seededRandom(1), change, cycles})
    .map((sample) => ({...sample, leads: sample.cycle > after}))
  return judgeServer(samples, undefined, LIMIT)
}

/** Of so many seeds, how many have this verdict. */
function countOf(verdict: Judged['verdict'], change: Change | undefined, seeds = 100): number {
  let count = 0
  for (let seed = 0; seed < seeds; seed += 1) {
    if (judge(change, seed).verdict === verdict) count += 1
  }
  return count
}

describe('no leak', () => {
  it.each([0.3, 0.5, 0.7])('is a cache that is full after %d of the run', (share) => {
    const full = 5000 + 15_000 * share
    const filling: Change = (sample, {connection}) => withClass(sample, Math.min(connection, full))
    expect(judge(filling)).toMatchObject({verdict: 'pass-plateau'})
  })

  it.each([0.75, 0.8])('is sure of a cache that is full after %d of the run, too late to tell', (share) => {
    const full = 5000 + 15_000 * share
    const objects: Change = (sample, {connection}) => withClass(sample, Math.min(connection, full))
    expect(judge(objects).verdict).toBe('inconclusive')
    const keys: Change = (sample, {connection}) => ({
      ...sample, items: {...sample.items, Map: 4200 + Math.min(connection, full)},
    })
    expect(judge(keys).verdict).not.toBe('leak')
  })

  it('is found in 200 clean runs, whose heap wanders', () => {
    expect(countOf('pass', undefined, 200)).toBe(200)
  })

  it('is what a cache weighs that is full before the end, in 50 runs', () => {
    const verdicts = new Set([0.3, 0.5, 0.7, 0.8].flatMap((share) => {
      const filling: Change = (sample, {connection}) =>
        withClass(sample, Math.min(connection, 5000 + 15_000 * share))
      return Array.from({length: 50}, (_, seed) => judge(filling, seed).verdict)
    }))
    expect(verdicts).toEqual(new Set(['pass-plateau', 'inconclusive']))
    // Beside it, what grows on is one all the same.
    expect(judge(withCacheAndLeak).verdict).toBe('leak')
  })

  it('is what a node remembers of masters that changed, though other steps are larger', () => {
    expect(countOf('pass', withMasters, 50)).toBe(50)
    // The same without that record is one.
    const kept: Change = (sample, done) => ({...withMasters(sample, done), gauges: sample.gauges})
    expect(judge(kept)).toMatchObject({verdict: 'leak', findings: [{name: 'class Fixture'}]})
  })

  it('is seen in bytes of a node that came to lead meanwhile; a count that grows is one', () => {
    const rising = withHeap(({connection}) => 400 * connection)
    expect(led(rising, 11, 12)).toMatchObject({
      verdict: 'inconclusive', summary: expect.stringContaining('but the master changed meanwhile'),
    })
    // What grows for long before or after does not come from that.
    expect(led(rising, 15, 20).verdict).toBe('leak')
    expect(led((sample, {connection}) => withClass(sample, connection), 11, 12).verdict).toBe('leak')
    expect(led((sample) => sample, 15, 20).verdict).toBe('pass')
  })

  it('is seen in bytes of a mesh whose master changed all the time: that is another state', () => {
    const growing = withHeap(({connection}) => 200 * connection)
    const both: Change = (sample, done) => withMasters(growing(sample, done), done)
    expect(judge(growing).verdict).toBe('leak')
    expect(judge(both)).toMatchObject({
      verdict: 'inconclusive', summary: expect.stringContaining('the master changed 38 times'),
    })
  })

  it('is seen in counts that go up and down, whatever they do', () => {
    fc.assert(fc.property(fc.array(fc.nat(300), {minLength: 25, maxLength: 25}), (noise) => {
      const change: Change = (sample, {index}) => withClass(sample, noise[index + 5] ?? 0)
      expect(judge(change).verdict).not.toBe('leak')
    }), {numRuns: 200, seed: 7})
  })

  it('is a sawtooth, which something empties', () => {
    const {verdict} = judge((sample, {connection}) => ({
      ...withClass(sample, connection % 3000),
      items: {...sample.items, Array: 9000 + (connection % 4096)},
    }))
    expect(verdict).toBe('pass')
  })

  it('is a cache that is full after a while: it is named', () => {
    const {verdict, summary} = judge((sample, {connection}) =>
      withClass(sample, Math.min(9000, connection)))
    expect(verdict).toBe('pass-plateau')
    expect(summary).toContain('class Fixture grew and stopped (5500 → 9000')
  })

  it('is something that comes once', () => {
    const {verdict, summary} = judge((sample, {index}) => withClass(sample, index > 8 ? 8000 : 0))
    expect(verdict).toBe('pass-step')
    expect(summary).toContain('class Fixture rose once (0 → 8000')
  })

  it('is bytes of a bounded cache of strings, or ones that come once', () => {
    const cache = withHeap(({connection}) => Math.min(2_500_000, 400 * connection))
    const once = withHeap(({index}) => (index > 12 ? 1_500_000 : 0))
    expect(countOf('leak', cache)).toBe(0)
    expect(countOf('leak', once)).toBe(0)
  })

  it('is what a cache that the program counts itself holds', () => {
    expect(judge(withHistory).verdict).toBe('pass')
  })
})

describe('a leak', () => {
  it.each([
    ['one object in ten connections', 10, 'connection', 0.1],
    ['one in two hundred', 200, 'connection', 0.005],
    ['one in fifty messages', 50, 'message', 0.02],
  ] as const)('of %s has a name and a measure', (_, each, per, growth) => {
    const change: Change = (sample, done) => withClass(sample, Math.floor(done[per] / each))
    const {verdict, findings, suspects} = judge(change)
    expect(verdict).toBe('leak')
    expect(findings[0]).toMatchObject({name: 'class Fixture', tier: 'objects', per})
    expect(findings[0]?.growth).toBeCloseTo(growth, 3)
    expect(suspects[0]).toBe('Fixture')
  })

  it('that goes with the clock is for each hour', () => {
    const {summary} = judge((sample, {hour}) => withClass(sample, Math.floor(hour * 7200)))
    expect(summary).toMatch(/^class Fixture grows by 7\d{3} for each hour/)
  })

  it('of one kind of visits says which', () => {
    const {summary} = judge((sample, {terminate}) => withGauge(sample, terminate))
    expect(summary).toMatch(/^users grows by 1\.00 for each connection .* of kind terminate\)$/)
  })

  it('of the program\'s own number is named before the objects that go with it', () => {
    const {findings} = judge((sample, {connection}) =>
      withGauge(withClass(sample, 22 * connection), connection))
    expect(findings.slice(0, 2).map(({name}) => name)).toEqual(['users', 'class Fixture'])
  })

  it('of strings in a Set is seen where objects are not', () => {
    const {findings, suspects} = judge((sample, {connection}) => ({
      ...sample, items: {...sample.items, Set: 10 + connection},
    }))
    expect(findings[0]).toMatchObject({name: 'members of Sets', verdict: 'leak'})
    expect(suspects).toEqual(['largest Set'])
  })

  it('of a listener, a timer or a handle is an exact number', () => {
    for (const [change, name] of [
      [(s, {connection}) => ({...s, listeners: {'Server x': connection}}), 'listeners of Server x'],
      [(s, {connection}) => ({...s, resources: {Timeout: connection}}), 'handles Timeout'],
      [(s, {connection}) => ({...s, files: 22 + connection}), 'open files'],
    ] as const satisfies readonly (readonly [Change, string])[]) {
      expect(judge(change).findings[0]).toMatchObject({verdict: 'leak', name, growth: 1})
    }
  })

  it('of Buffers is seen outside of the heap, to a few bytes for each connection', () => {
    const {verdict, findings} = judge((sample, {connection}) => ({
      ...sample, externalBytes: sample.externalBytes + 12 * connection,
    }))
    expect(verdict).toBe('leak')
    expect(findings[0]).toMatchObject({tier: 'bytes', name: 'external memory', per: 'connection'})
    expect(findings[0]?.growth).toBeCloseTo(12, 0)
  })

  it('at the detection limit is seen in more than nine of ten runs', () => {
    const limit = judge(undefined).detectionLimitBytes ?? 0
    expect(limit).toBeGreaterThan(90)
    expect(limit).toBeLessThan(110)
    expect(countOf('leak', withHeap(({connection}) => limit * connection))).toBeGreaterThan(92)
  })

  it('is found however much it is, above one object in a thousand connections', () => {
    fc.assert(fc.property(fc.integer({min: 1, max: 1000}), fc.nat(), (each, seed) => {
      const change: Change = (sample, {connection}) =>
        withClass(sample, Math.floor(connection / each))
      expect(judge(change, seed).verdict).toBe('leak')
    }), {numRuns: 60, seed: 11})
  })
})

describe('a run that proves nothing', () => {
  it('is of another process at its end', () => {
    const series = soakSeries({random: seededRandom(1)}).map((taken, index) =>
      index < 15 ? taken : {...taken, sample: {...taken.sample, uptimeMs: 1000 + index}})
    expect(judgeServer(series, undefined, LIMIT)).toMatchObject({
      verdict: 'invalid', summary: 'its process was another one after cycle 16: restarted',
    })
  })

  it('has too few cycles, or a server that went away', () => {
    expect(judge(undefined, 1, {cycles: 11})).toMatchObject({
      verdict: 'invalid', summary: '11 cycles were measured, 12 are needed',
    })
    expect(judgeServer([], 'no sample after cycle 3: gone', LIMIT)).toMatchObject({
      verdict: 'invalid', summary: 'no sample after cycle 3: gone',
    })
  })

  it('has too few connections to see a small leak of bytes', () => {
    const {verdict, summary} = judge(undefined, 1, {connections: 300})
    expect(verdict).toBe('inconclusive')
    expect(summary).toMatch(/^nothing grew, but less than 3\d\d B a connection would not/)
  })

  it('has a cache that connections still fill', () => {
    const {verdict, summary} = judge(withVisits)
    expect(verdict).toBe('inconclusive')
    expect(summary).toContain('a cache was still being filled (visits 5500 → 20000)')
  })
})

it('warns of resident memory that grows alone', () => {
  const {verdict, summary} = judge((sample, {connection}) => ({
    ...sample, rssBytes: sample.rssBytes + 3000 * connection,
  }))
  expect(verdict).toBe('warn-native')
  expect(summary).toMatch(/^resident memory grows by \d+ bytes for each connection/)
})
