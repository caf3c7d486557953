import {describe, expect, test} from 'vitest'
import {scenarioOf} from '../../../src/lib/siege/scenario.js'
import {siegeSettings} from '../../../src/lib/siege/settings-from-flags.js'
import type {SiegeFlagValues} from '../../../src/lib/siege/settings-from-flags.js'
import {builtInThresholds, measure, parseThreshold} from '../../../src/lib/siege/verdict/threshold.js'
import {judge} from '../../../src/lib/siege/verdict/verdict.js'
import type {VerdictFacts} from '../../../src/lib/siege/verdict/verdict.js'
import {SIEGE_DEFAULTS} from '../../helpers/siege.js'
import {fixtureReport} from './fixture-report.js'

const run = {...fixtureReport(), unconnected: 0}

describe('thresholds', () => {
  test.each([
    ['latency.p99<50ms', true, '4.62 ms'],
    ['latency.p99 < 4ms', false, '4.62 ms'],
    ['latency.p99<=4616us', true, '4.62 ms'],
    ['service.max<1s', true, '24.1 ms'],
    ['lost==0', true, '0'],
    ['sent>=60000', true, '60 000'],
    ['dropped.rate<0.1%', true, '0 %'],
    ['node.rss<90MiB', false, '102 MiB'],
    ['delivered.rate>3999/s', true, '4 000/s'],
    ['gap<200ms', true, '152 ms'],
    ['recovery<0.2s', false, '240 ms'],
    ['closed!=0', true, '334'],
  ])('%s', (text, ok, valueText) => {
    expect(measure(parseThreshold(text), run)).toMatchObject({
      text: text.replaceAll(' ', ''), ok, valueText, isBuiltIn: false,
    })
  })

  test.each([
    ['latency.p99', 'No threshold: "latency.p99"'],
    ['latency.p98<5ms', 'No threshold: "latency.p98<5ms"'],
    ['speed<5', 'No threshold: "speed<5"'],
    ['latency.p99<50', 'No threshold: "latency.p99<50"'],
    ['lost==0ms', 'No threshold: "lost==0ms"'],
    ['', 'No threshold: ""'],
  ])('%j is refused', (text, message) => {
    expect(() => parseThreshold(text)).toThrow(message)
  })

  test('what was not measured fails', () => {
    const nothing = {...run, latency: {...run.latency, message: null}}
    expect(measure(parseThreshold('latency.p99<1s'), nothing)).toMatchObject({
      ok: false, value: null, valueText: 'nothing was measured',
    })
  })

  test('one that is asked for takes the place of a built-in one', () => {
    const asked = [parseThreshold('lost.rate<1%'), parseThreshold('lost<10')]
    const names = builtInThresholds({hasFaults: true, asked}).map(({text}) => text)
    expect(names).toEqual(['duplicated==0', 'misdelivered==0', 'corrupted==0', 'reordered==0',
      'unconnected==0'])
  })
})

describe('judge', () => {
  const facts: VerdictFacts = {
    thresholds: [], faults: [], leak: null, generator: {isValid: true, why: []},
    isInterrupted: false, isStrict: false, doubts: [],
  }
  const failing = measure(parseThreshold('latency.p99<4ms'), run)
  const [fault] = run.faults
  const broken = fault === undefined ? [] : [{...fault, broken: ['no recovery']}]
  const invalid = {isValid: false, why: ['too slow']}

  test.each<[Partial<VerdictFacts>, string, number]>([
    [{}, 'pass', 0],
    [{thresholds: [failing]}, 'fail', 99],
    [{thresholds: [failing], faults: broken, isInterrupted: true}, 'fail', 99],
    [{faults: broken, generator: invalid}, 'promise-broken', 98],
    [{isInterrupted: true, generator: invalid}, 'interrupted', 130],
    [{generator: invalid}, 'invalid', 0],
    [{generator: invalid, isStrict: true}, 'invalid', 97],
    [{doubts: ['nothing was sent'], isStrict: true}, 'inconclusive', 97],
  ])('%j', (some, verdict, exit) => {
    expect(judge({...facts, ...some})).toMatchObject({verdict, exit})
  })

  test('says why, the gravest first', () => {
    const {reasons} = judge({...facts, thresholds: [failing], faults: broken, generator: invalid})
    expect(reasons).toEqual(
      ['latency.p99<4ms does not hold: 4.62 ms', 'kill-master: no recovery', 'too slow'])
  })
})

function settings(flags: Partial<SiegeFlagValues>, urls: readonly string[] = []) {
  const all = {...SIEGE_DEFAULTS, protocol: 'wsmesh', connections: undefined, ...flags} as const
  return siegeSettings(all, urls, undefined, [])
}

describe('settings', () => {
  test('connections, users and tabs fit together', () => {
    expect(settings({})).toMatchObject({connections: 100, users: 100, tabs: 1})
    expect(settings({users: 50, tabs: 3})).toMatchObject({connections: 150, users: 50, tabs: 3})
    expect(settings({connections: 10, users: 4})).toMatchObject({users: 4, tabs: 3})
    expect(() => settings({connections: 10, users: 20})).toThrow('20 users cannot have 10')
    expect(() => settings({connections: 9, users: 2, tabs: 4})).toThrow('are 8 connections')
  })

  test('a ramp is part of the time', () => {
    const {stretches} = settings({ramp: 500, time: 1500, rate: '100'})
    expect(stretches).toEqual([
      {name: 'ramp', durationS: 0.5, fromPerS: 0, toPerS: 100},
      {name: 'load', durationS: 1, fromPerS: 100, toPerS: 100},
    ])
  })

  test.each<[Partial<SiegeFlagValues>, readonly string[], string]>([
    [{from: 'outbox', nodes: 3}, [], '--nodes starts a mesh without an outbox'],
    [{protocol: 'plain'}, [], 'needs the address of a server'],
    [{protocol: 'plain', target: 'user'}, ['ws://x/'], 'can only echo'],
    [{}, ['ftp://x/'], 'Not the address of a WebSocket server'],
    [{}, ['http://x/', 'http://y/'], 'One HTTP address at a time'],
    [{}, ['http://x/'], '--rate is for messages'],
    [{}, ['ws://me:secret@x/'], 'would show in the process list'],
    [{fault: ['kill-master@1s']}, [], 'would kill or stop a node of your own mesh'],
    [{fault: ['split@1s'], yes: true}, [], 'breaks a mesh of the siege'],
    [{fault: ['kill-master@1s'], yes: true}, ['ws://x/'], 'breaks a mesh of the siege'],
    [{fault: ['kill-master@1s'], nodes: 1}, [], 'One node alone'],
    [{fault: ['kill-all@1s'], nodes: 3}, [], 'There is no fault "kill-all"'],
    [{fault: ['kill-master'], nodes: 3}, [], 'When? "kill-master"'],
    [{fault: ['kill-master@9s'], nodes: 3}, [], 'comes after the end'],
    [{rate: 'fast'}, [], '--rate is a number'],
    [{nodes: 3}, ['ws://x/'], 'a mesh of its own'],
    [{ramp: 1500}, [], 'nothing would be measured'],
    [{rate: '0', stairs: true}, [], '--stairs needs a --rate'],
  ])('%j %j is refused', (flags, urls, message) => {
    expect(() => settings(flags, urls)).toThrow(message)
  })

  test('no password of a pool comes into a report', () => {
    const {command} = siegeSettings(SIEGE_DEFAULTS, ['ws://x/'], undefined,
      ['--pool', 'mysql://me:geheim@db/app', '--pool=mysql://me:geheim@db/app', '-t', '5s'])
    expect(command).not.toContain('geheim')
    expect(command).toMatch(/^wsmesh siege --pool /)
  })
})

describe('scenario', () => {
  test('phases and mix', () => {
    const value = {
      phases: [{for: '10s', rate: [0, 500]}, {name: 'rush', for: '1m', rate: 500}],
      mix: {user: 9, everyone: 1},
    }
    expect(scenarioOf(value, 'x.json')).toEqual({
      stretches: [
        {name: 'phase 1', durationS: 10, fromPerS: 0, toPerS: 500},
        {name: 'rush', durationS: 60, fromPerS: 500, toPerS: 500},
      ],
      mix: [{kind: 'user', weight: 9}, {kind: 'everyone', weight: 1}],
    })
  })

  test.each([
    [{mix: {user: 1}}, {}, 'A plain server can only echo'],
    [{mix: {user: 1}}, {protocol: 'wsmesh', target: 'user'} as const, 'Either --target'],
    [{}, {}, 'nothing would be measured'],
  ])('%j with flags %j makes no sense', (more, flags, why) => {
    const scenario = scenarioOf({phases: [{name: 'ramp', for: '1s', rate: 1}], ...more}, 'x.json')
    expect(() => siegeSettings({...SIEGE_DEFAULTS, ...flags}, ['ws://x/'], scenario, []))
      .toThrow(why)
  })

  test('the rate of one that falls is what it begins with', () => {
    const scenario = scenarioOf({phases: [{for: '1s', rate: [500, 10]}]}, 'x.json')
    expect(siegeSettings(SIEGE_DEFAULTS, ['ws://x/'], scenario, []).ratePerS).toBe(500)
  })

  test.each([
    [null, 'no object'], [{}, 'no list'], [{phases: []}, 'no list'], [{phases: [1]}, 'no object'],
    [{phases: [{for: 'x', rate: 1}]}, 'no duration'], [{phases: [{for: '1s', rate: -1}]}, 'no number'],
    [{phases: [{for: '1s', rate: 1}], mix: {echo: 1}}, 'none of'],
    [{phases: [{for: '1s', rate: 1}], mix: {}}, 'nobody'], [{phases: [], speed: 1}, 'unknown'],
    [{phases: [{for: '1s', rate: 1, mix: {user: 1}}]}, '"mix" of phase 1 is unknown'],
    [{phases: [{for: '1s', rate: [1, 2, 3]}]}, 'no number'],
    [{phases: [{for: '800h', rate: 1}]}, 'more than 30 days'],
    [{phases: [{for: '1s', rate: 1}], mix: {user: 1e300}}, 'no whole number'],
  ])('%j is refused', (value, why) => {
    try {
      scenarioOf(value, 'x.json')
    } catch (error) {
      expect(String(error)).toContain('x.json cannot be used')
      expect(String(error)).toContain(why)
      return
    }
    throw new Error('It was taken')
  })
})
