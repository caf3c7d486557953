import {describe, expect, test} from 'vitest'
import {Field} from '../../../src/lib/siege/attack/field.js'
import {eachMeter, emptyTally} from '../../../src/lib/siege/attack/job.js'
import type {PartFinal} from '../../../src/lib/siege/attack/job.js'
import {nowUs} from '../../../src/lib/siege/measure/clock.js'
import {newHistogram, record} from '../../../src/lib/siege/measure/histograms.js'
import type {Gathered} from '../../../src/lib/siege/measure/second-gatherer.js'
import {StairWatch, stairs} from '../../../src/lib/siege/stair-watch.js'
import {generatorHealth} from '../../../src/lib/siege/verdict/generator-health.js'
import type {HealthFacts} from '../../../src/lib/siege/verdict/generator-health.js'
import {emptyMarker} from '../../../src/lib/siege/wire/marker.js'
import {attackJob} from './fixture-job.js'
import {fixtureReport} from './fixture-report.js'

const JOB = attackJob({})

describe('Field', () => {
  test('latency counts from the intended time, service time from the real one', () => {
    const field = new Field(JOB)
    const now = nowUs()
    field.startUs = now - 5e6
    field.delivered({...emptyMarker(), kind: 'user', intendedUs: now - 1e6, lateUs: 600_000}, 0)
    const {local, service, user, relayed} = field.meters
    expect(local.getValueAtPercentile(50)).toBeGreaterThanOrEqual(999_000)
    // Both are of one moment: what is between them is what the sender said.
    const betweenUs = local.getValueAtPercentile(50) - service.getValueAtPercentile(50)
    expect(Math.abs(betweenUs - 600_000)).toBeLessThan(2000)
    expect([user.totalCount, relayed.totalCount]).toEqual([1, 0])
    const ownUs = field.meters.own.getValueAtPercentile(50)
    expect(ownUs).toBeGreaterThanOrEqual(599_000)
    expect(ownUs).toBeLessThanOrEqual(local.getValueAtPercentile(50))
  })

  test('a ramp is counted and not measured; another node is told from the own one', () => {
    const field = new Field(JOB)
    const now = nowUs()
    field.startUs = now - 5e6
    field.delivered({...emptyMarker(), kind: 'everyone', intendedUs: now - 4_500_000}, 0)
    expect(field.tally.delivered).toBe(1)
    expect(field.meters.local.totalCount).toBe(0)
    field.delivered({...emptyMarker(), kind: 'everyone', sender: (7 << 8) | 1, intendedUs: now}, 0)
    expect([field.meters.local.totalCount, field.meters.relayed.totalCount]).toEqual([0, 1])
  })
})

describe('generatorHealth', () => {
  const health = {
    cpuPercent: 40, utilization: 0.4, loopDelayP99Ms: 2, loopDelayMaxMs: 9, rssBytes: 1,
    clockFloorUs: 1,
  }
  const final: PartFinal = {
    tally: emptyTally(), lost: 0, expected: 0, histograms: eachMeter(() => ''), stretches: [],
    errors: [], closes: [], connections: [], fastest: [], health,
  }
  const late = newHistogram()
  record(late, 100)
  const facts: HealthFacts = {
    finals: [final], counts: {...fixtureReport().counts, sent: 1000, dropped: 0}, nodes: [], late,
    messageP99Us: 5000, durationS: 10, watcherCpuPercent: 0,
  }
  const slow = newHistogram()
  record(slow, 60_000)

  test.each<[string, Partial<HealthFacts>, RegExp | undefined]>([
    ['one with time to spare', {}, undefined],
    ['one that is busy all the time', {
      finals: [{...final, health: {...health, utilization: 0.99}}],
    }, /busy for 99 %/],
    ['one that sent less than it should', {
      counts: {...facts.counts, dropped: 5},
    }, /5 of 1005 messages were never sent/],
    ['one whose messages left late', {late: slow, messageP99Us: 80_000}, /left late: p99 60/],
    ['late, but little beside what was measured', {late: slow, messageP99Us: 900_000}, undefined],
    ['one that stood still', {
      finals: [{...final, health: {...health, loopDelayP99Ms: 50}}], messageP99Us: 60_000,
    }, /stood still/],
  ])('%s', (_name, some, why) => {
    const {isValid, why: reasons} = generatorHealth({...facts, ...some})
    expect(isValid).toBe(why === undefined)
    if (why !== undefined) expect(reasons.join()).toMatch(why)
  })
})

function second(phase: string, p99Us: number, missing = 0): Gathered {
  const histogram = newHistogram()
  record(histogram, p99Us)
  return {
    atS: 1, isLoad: true, phase, histogram, missing, tally: emptyTally(), bins: [], connected: 1,
    connecting: 0, offered: 100, sent: 100, accepted: 100, dropped: 0, delivered: 100, bytesIn: 1,
    closedByServer: 0, errors: 0, duplicated: 0, misdelivered: 0, corrupted: 0, p50Us: 1,
    p90Us: 1, p99Us: 1, maxUs: 1, generator: {cpuPercent: 1, loopDelayMs: 1, rssBytes: 1},
  }
}

describe('StairWatch', () => {
  test('stops at the step after which latency or loss says that it was too much', () => {
    for (const [p99Us, missing, why] of [[200_000, 0, /p99 rose to 200 ms/], [900, 3, /3 deliveries/]] as const) {
      const stretches = stairs(100, 1)
      expect(stretches.map(({toPerS}) => toPerS).slice(0, 3)).toEqual([100, 150, 225])
      let stopped = 0
      const watch = new StairWatch({stretches}, () => (stopped += 1))
      watch.look(second('step 1', 1000))
      watch.look(second('step 2', 1100))
      watch.look(second('step 3', p99Us, missing))
      expect(stopped).toBe(0)
      watch.look(second('step 4', 1000))
      expect(stopped).toBe(1)
      expect(watch.notes().at(-1)).toMatch(why)
      expect(watch.notes().at(-1)).toContain('the highest rate that held: 150 messages/s')
    }
  })

  test('a first step that is slow for being the first does not hide the knee', () => {
    let stopped = 0
    const watch = new StairWatch({stretches: stairs(100, 1)}, () => (stopped += 1))
    const steps = [300_000, 100_000, 10_000, 200_000]
    for (const [index, p99Us] of steps.entries()) watch.look(second(`step ${index + 1}`, p99Us))
    expect(stopped).toBe(0)
    watch.look(second('step 5', 1000))
    expect(stopped).toBe(1)
    expect(watch.notes().at(-1)).toContain('the highest rate that held: 225 messages/s')
  })
})
