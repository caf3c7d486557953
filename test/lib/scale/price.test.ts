import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {DEFAULT_COSTS} from '../../../src/lib/scale/default-costs.js'
import {masterLoops} from '../../../src/lib/scale/master-relay.js'
import {messagePrice} from '../../../src/lib/scale/message-price.js'
import {
  fits, logSteps, nodesThatFit, NODES_MAX, partsOf, priceOf,
} from '../../../src/lib/scale/price.js'
import {USUAL} from '../../../src/lib/cli/scale/run-scale.js'
import type {Question} from '../../../src/lib/scale/question.js'
import {turnsOf} from '../../../src/lib/scale/turns.js'

const {costs} = DEFAULT_COSTS

const ask = (changes: Partial<Question> = {}): Question =>
  ({...USUAL, relay: 'master', nodes: 10, ...changes})

const anyMix = fc.tuple(fc.double({min: 0, max: 1, noNaN: true}), fc.double({min: 0, max: 1, noNaN: true}))
  .map(([a, b]) => ({user: a * b, group: a * (1 - b), everyone: 1 - a}))

const anyQuestion: fc.Arbitrary<Question> = fc.record({
  relay: fc.constantFrom('master', 'nats'),
  nodes: fc.integer({min: 1, max: 1000}),
  users: fc.integer({min: 1, max: 10_000_000}),
  tabs: fc.double({min: 1, max: 5, noNaN: true}),
  ratePerS: fc.double({min: 0, max: 1e5, noNaN: true}),
  mix: anyMix,
  isTls: fc.boolean(),
  slots: fc.integer({min: 1, max: 1_048_576}),
  replicas: fc.constantFrom(1, 3, 5),
}).map((changes) => ask(changes))

const loads = (question: Question) => new Map(partsOf(question, costs)
  .map(({name, at, load}) => [`${name} ${at}`, load]))

function natsMessageUs(nodes: number): number {
  const question = ask({relay: 'nats', nodes, slots: 1_048_576})
  return messagePrice(question, costs).reduce((sum, {us}) => sum + us, 0)
}

function grown(relay: Question['relay'], nodes: number): Partial<Question> {
  return {relay, nodes, users: 2000 * nodes, ratePerS: 50 * nodes, slots: 1_048_576}
}

function nodeLoad(changes: Partial<Question>): number {
  return partsOf(ask(changes), costs).find(({name}) => name === 'node')?.load ?? 0
}

/** No part of the one is fuller than of the other. */
function expectNoFuller(less: Question, more: Question): void {
  const most = loads(more)
  for (const [part, load] of loads(less)) {
    // A master with more to do makes fewer turns, and so fewer packets.
    if (part === 'network the master') continue
    expect(load, part).toBeLessThanOrEqual((most.get(part) ?? 0) * (1 + 1e-6) + 1e-9)
  }
}

describe('a price', () => {
  test('all is a number, and of more there is no less', () => {
    fc.assert(fc.property(anyQuestion, (question) => {
      for (const {load, now, limit} of partsOf(question, costs)) {
        expect(load).toBeGreaterThanOrEqual(0)
        expect(now.value).toBeGreaterThanOrEqual(0)
        expect(limit.value).toBeGreaterThan(0)
      }
      expectNoFuller(question, {...question, ratePerS: question.ratePerS * 1.5})
      // On NATS more users may make less news: the subjects of who comes are there already.
      if (question.relay === 'nats') return
      expectNoFuller(question, {...question, users: question.users * 2})
    }), {numRuns: 100})
  })

  test('dearer costs never make a part emptier', () => {
    const dearer = Object.fromEntries(Object.entries(costs).map(([name, value]) => [name, value * 2]))
    fc.assert(fc.property(anyQuestion, (question) => {
      const twice = new Map(partsOf(question, dearer as typeof costs)
        .map(({name, at, load}) => [`${name} ${at}`, load]))
      for (const [part, load] of loads(question)) {
        // Slower turns are fewer packets.
        if (part.startsWith('network')) continue
        expect(load, part).toBeLessThanOrEqual((twice.get(part) ?? 0) + 1e-9)
      }
    }), {numRuns: 100})
  })

  test('the most messages a second fit, and 1 % more do not', () => {
    fc.assert(fc.property(anyQuestion, (question) => {
      const {ratePerSMax} = priceOf(question, costs)
      if (ratePerSMax === 0) {
        expect(fits({...question, ratePerS: 0.01}, costs)).toBe(false)
        return
      }
      expect(fits({...question, ratePerS: ratePerSMax}, costs)).toBe(true)
      expect(fits({...question, ratePerS: ratePerSMax * 1.01}, costs)).toBe(false)
    }), {numRuns: 25})
  })

  test('the ends of what fits are the ends', () => {
    fc.assert(fc.property(anyQuestion, (question) => {
      const range = nodesThatFit(question, costs)
      if (range === undefined) return
      const {from, to} = range
      expect(fits({...question, nodes: from}, costs)).toBe(true)
      expect(fits({...question, nodes: to}, costs)).toBe(true)
      if (from > 1) expect(fits({...question, nodes: from - 1}, costs)).toBe(false)
      if (to < NODES_MAX) expect(fits({...question, nodes: to + 1}, costs)).toBe(false)
    }), {numRuns: 25})
  })

  test('what a message costs is what all processes do for it', () => {
    fc.assert(fc.property(anyQuestion, (question) => {
      if (question.relay === 'nats' || question.ratePerS < 0.01) return
      const {master, node} = masterLoops(question, costs)
      const workUs = master.workUs(turnsOf(master).perS)
        + (question.nodes - 1) * node.workUs(turnsOf(node).perS)
      const us = messagePrice(question, costs).reduce((sum, step) => sum + step.us, 0)
      expect((us * question.ratePerS) / workUs).toBeCloseTo(1, 6)
    }), {numRuns: 50})
    // Whoever else there is: the same few nodes.
    expect(natsMessageUs(200) / natsMessageUs(50)).toBeLessThan(1.2)
    expect(messagePrice(ask({ratePerS: 0}), costs)).toEqual([])
  })

  test('more followers fill the master, and make its own clients fewer', () => {
    const load = (nodes: number) => loads(ask({nodes, ratePerS: 2000})).get('master the master') ?? 0
    expect(load(200)).toBeGreaterThan(load(50))
    expect(loads(ask({nodes: 200})).get('clients each node'))
      .toBeCloseTo((loads(ask({nodes: 100})).get('clients each node') ?? 0) / 2, 9)
  })

  test('on NATS a message to one user reaches as few nodes however many there are', () => {
    expect(nodeLoad(grown('nats', 128)) / nodeLoad(grown('nats', 8))).toBeLessThan(1.4)
    expect(nodeLoad(grown('master', 128)) / nodeLoad(grown('master', 8))).toBeGreaterThan(2)
  })

  test('users that share a subject are all reached: few slots are no interest at all', () => {
    const many = {relay: 'nats', nodes: 100, users: 500_000, ratePerS: 20_000} as const
    const [few, enough] = [16, 1_048_576]
      .map((slots) => nodeLoad({...many, slots, visitMs: 86_400_000}))
    expect(few).toBeGreaterThan(5 * (enough ?? Infinity))
  })
})

test('steps are whole, rise, and have both ends', () => {
  expect(logSteps(10, 1000, 4)).toEqual([10, 18, 32, 56, 100, 178, 316, 562, 1000])
  expect(logSteps(7, 7, 4)).toEqual([7])
  expect(logSteps(1, 3, 4)).toEqual([1, 2, 3])
  fc.assert(fc.property(
    fc.integer({min: 1, max: 1000}), fc.integer({min: 0, max: 9000}), (from, more) => {
      const steps = logSteps(from, from + more, 4)
      expect(steps[0]).toBe(from)
      expect(steps.at(-1)).toBe(from + more)
      expect([...steps].toSorted((a, b) => a - b)).toEqual([...new Set(steps)])
    },
  ))
})
