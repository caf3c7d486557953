import {describe, expect, test} from 'vitest'
import {DRILL_NAMES} from '../../../src/lib/drill/drill-names.js'
import {DRILLS, drillsNamed} from '../../../src/lib/drill/drills.js'
import {spreadOf} from '../../../src/lib/drill/percentile.js'
import {EMPTY_TALLY} from '../../../src/lib/drill/tally.js'
import type {Tally} from '../../../src/lib/drill/tally.js'
import {whatIsBroken} from '../../../src/lib/drill/verdict.js'
import type {RoundFacts} from '../../../src/lib/drill/verdict.js'
import {killFollower} from '../../../src/lib/drill/node-drills.js'

const GOOD: RoundFacts = {
  tally: {...EMPTY_TALLY, sent: 10, receipted: 10, accepted: 10, delivered: 20},
  latencyMs: 3,
  firstMs: 10,
  gapMs: 20,
  wholeMs: 5,
  masterChanges: 0,
  backMs: [5],
  stallMs: 20,
  excuse: undefined,
  broken: [],
}

function withTally(tally: Partial<Tally>): RoundFacts {
  return {...GOOD, tally: {...GOOD.tally, ...tally}}
}

describe('verdict', () => {
  test('nothing is broken when nothing is', () => {
    expect(whatIsBroken(killFollower, GOOD, false)).toEqual([])
  })

  test.each([
    ['lost', withTally({lost: 1}), /1 deliveries lost/],
    ['doubled', withTally({duplicated: 2}), /2 deliveries doubled/],
    ['out of order', withTally({reordered: 3}), /3 deliveries out of order/],
    ['not recovered', withTally({notRecovered: 1}), /1 not recovered/],
    ['no receipt', withTally({sent: 11}), /1 messages without a receipt/],
    ['misdelivered', withTally({misdelivered: 1}), /wrong connection/],
    ['wrong receipts', withTally({wrongReceipts: 1}), /wrong count/],
    ['two at one position', withTally({positionsTwice: 1}), /positions/],
    ['nothing delivered', withTally({delivered: 0}), /nothing was delivered/],
    ['nothing after the fault', {...GOOD, firstMs: undefined}, /no message came/],
    ['a machine too slow', {...GOOD, latencyMs: 300}, /too many messages/],
    ['a late first message', {...GOOD, firstMs: 4001}, /first message came after 4.0 s/],
    ['a long gap', {...GOOD, gapMs: 4001}, /no message for 4.0 s/],
    ['a client without a node', {...GOOD, backMs: [7, 1001]}, /a client waited 1.0 s/],
    ['a change of master', {...GOOD, masterChanges: 1}, /master changed 1 times/],
    ['never whole', {...GOOD, wholeMs: undefined}, /not become whole/],
    ['what the drill says itself', {...GOOD, broken: ['it smells']}, /it smells/],
  ])('%s breaks a promise', (_name, facts, text) => {
    expect(whatIsBroken(killFollower, facts, false).join()).toMatch(text)
  })

  test('the short form judges no time, and all the rest', () => {
    const late = {...GOOD, firstMs: 9000, gapMs: 9000, latencyMs: 9000, backMs: [9000]}
    expect(whatIsBroken(killFollower, late, false)).toHaveLength(4)
    expect(whatIsBroken(killFollower, late, true)).toEqual([])
    expect(whatIsBroken(killFollower, withTally({lost: 1}), true)).toHaveLength(1)
    expect(whatIsBroken(killFollower, {...GOOD, masterChanges: 1}, true)).toHaveLength(1)
  })

  test('what a machine that stood still measures is said to be that', () => {
    const [late = ''] = whatIsBroken(killFollower, {...GOOD, gapMs: 9000, stallMs: 900}, false)
    expect(late).toContain('this machine stood still for 900 ms')
  })

  test('on a machine that stood still masters may change, in the short form alone', () => {
    const still = {...GOOD, masterChanges: 1, stallMs: 900}
    expect(whatIsBroken(killFollower, still, true)).toEqual([])
    expect(whatIsBroken(killFollower, still, false)).toHaveLength(1)
    expect(whatIsBroken(killFollower, {...still, excuse: 'stopped'}, false)).toEqual([])
  })
})

test('the names of the command are the names of the drills', () => {
  expect([...DRILLS.map(({name}) => name), 'all']).toEqual([...DRILL_NAMES])
  expect(drillsNamed('all')).toEqual(DRILLS)
  expect(drillsNamed('split').map(({name}) => name)).toEqual(['split'])
})

test('percentiles are values that were measured', () => {
  expect(spreadOf([])).toBeUndefined()
  expect(spreadOf([7])).toEqual({p50: 7, p99: 7, max: 7})
  const values = Array.from({length: 100}, (_, index) => 100 - index)
  expect(spreadOf(values)).toEqual({p50: 50, p99: 99, max: 100})
})
