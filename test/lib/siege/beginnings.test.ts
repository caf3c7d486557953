import {describe, expect, it} from 'vitest'
import {Beginnings} from '../../../src/lib/siege/soak/beginnings.js'
import {judgeServer} from '../../../src/lib/siege/soak/judge-server.js'
import {SAMPLES_MAX, SampleSeries} from '../../../src/lib/siege/soak/soak-samples.js'
import {seededRandom} from '../../../src/lib/util/random.js'
import {soakSeries} from '../../helpers/soak-series.js'

const OPTIONS = {warmUpCycles: 5, cycles: 20}

describe('where the measure of each process begins', () => {
  it('is the end of the warm-up', () => {
    const beginnings = new Beginnings(OPTIONS)
    beginnings.measureFrom(6)
    expect(beginnings.lastCycle).toBe(26)
    expect(beginnings.isWarmUp('a', 7)).toBe(false)
  })

  it('is five cycles after it began afresh, and as many are measured from there', () => {
    const beginnings = new Beginnings(OPTIONS)
    beginnings.measureFrom(6)
    beginnings.afresh('b', 9)
    expect([9, 13, 14].map((cycle) => beginnings.isWarmUp('b', cycle))).toEqual([true, true, false])
    expect(beginnings.isWarmUp('c', 9)).toBe(false)
    expect(beginnings.lastCycle).toBe(13 + 20)
  })

  it('knows who changed its part, but of another process not what it was', () => {
    const beginnings = new Beginnings(OPTIONS)
    const seen = [true, true, false, false, true].map((leads) => beginnings.sees('a', leads))
    expect(seen).toEqual([false, false, true, false, true])
    beginnings.afresh('a', 9)
    expect(beginnings.sees('a', false)).toBe(false)
  })
})

/** Another program's worth of heap is there from the ninth cycle on, and grows for a while. */
function takesOver() {
  return soakSeries({
    random: seededRandom(3), cycles: 30, connections: 1700,
    change: (sample, {index}) => ({
      ...sample,
      heapBytes: sample.heapBytes + Math.max(0, Math.min(index - 3, 5)) * 300_000,
      objects: sample.objects + Math.max(0, Math.min(index - 3, 5)) * 700,
    }),
  })
}

const LIMIT = {detectionLimitBytes: 60}

describe('a series of samples', () => {
  it('that starts again is judged by what comes then', () => {
    const series = new SampleSeries()
    for (const sample of takesOver()) {
      if (sample.cycle === 9) series.startAgain()
      series.add({...sample, isWarmUp: sample.isWarmUp || (sample.cycle >= 9 && sample.cycle < 14)})
    }
    expect(series.all).toHaveLength(35)
    expect(series.all.filter(({isWarmUp}) => !isWarmUp).map(({cycle}) => cycle)[0]).toBe(14)
    expect(judgeServer(series.all, undefined, LIMIT)).toMatchObject({verdict: 'pass', findings: []})
  })

  it('that leaks after it started again leaks', () => {
    const series = new SampleSeries()
    const leaking = soakSeries({
      random: seededRandom(3), cycles: 30,
      change: (sample, {connection}) => ({
        ...sample, classes: {...sample.classes, ClientConnection: Math.floor(connection / 100)},
      }),
    })
    for (const sample of leaking) {
      if (sample.cycle === 9) series.startAgain()
      series.add({...sample, isWarmUp: sample.cycle < 14})
    }
    expect(judgeServer(series.all, undefined, LIMIT)).toMatchObject({verdict: 'leak'})
  })

  it('stays small, however long it lasts and however often it starts again', () => {
    const series = new SampleSeries()
    const [taken] = soakSeries({random: seededRandom(1), cycles: 1}).slice(-1)
    if (taken === undefined) throw new RangeError('no sample')
    const add = (count: number): void => {
      for (let n = 0; n < count; n += 1) series.add({...taken, cycle: n})
    }
    add(1000)
    expect(series.all.length).toBeLessThanOrEqual(SAMPLES_MAX)
    expect(series.all[0]?.cycle).toBe(0)
    series.startAgain()
    expect(series.all.every(({isWarmUp}) => isWarmUp)).toBe(true)
    add(1000)
    expect(series.all.length).toBeLessThanOrEqual(SAMPLES_MAX + 32)
    expect(series.all.filter(({isWarmUp}) => !isWarmUp).length).toBeGreaterThan(SAMPLES_MAX / 2 - 1)
  })
})
