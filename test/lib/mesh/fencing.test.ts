/**
 * Every frame carries a term, and what is below the highest promise is refused (P7). Honest nodes
 * seldom get as far as these checks: a link is closed with the promise, and a term has one winner.
 */
import {describe, expect, test} from 'vitest'
import type {NodeFrame} from '../../../src/lib/protocol/node-frame.js'
import {ORIGIN_PLACE} from '../../../src/lib/protocol/position.js'
import {nodeId} from '../../../src/lib/util/brand.js'
import {address, CoreBench, EMPTY_CHAIN, entries, envelope} from '../../helpers/core-bench.js'

const VIEW = ['a', 'b', 'm'].map(address)

/** Node a, a follower of m in this term. */
function follower(term: number): CoreBench {
  const bench = new CoreBench(['a', 'b', 'm'], {term, version: 1, holder: nodeId('m'), view: VIEW})
  bench.follow('m', term)
  bench.took('send')
  return bench
}

/** Node a, master of term 1, with b following. */
function master(): CoreBench {
  const bench = new CoreBench(['a', 'b', 'm'], {})
  bench.run(50)
  bench.followedBy('b', 0)
  bench.took('send')
  return bench
}

function promise(term: number, name: string): NodeFrame {
  return {type: 'promise', term, epoch: 'e', url: address(name).url}
}

describe('a promise', () => {
  test('is given to a higher term, and ends the link to the master', () => {
    const bench = follower(4)
    bench.knock('b')
    bench.hear('b', promise(5, 'b'))
    expect(bench.core.standing).toEqual({state: 'seeking', term: 5})
    expect(bench.said('b', 'promised')).toMatchObject([{term: 5}])
  })

  test.each([
    ['a lower term', 3, 'term-too-low'],
    ['the term of another', 4, 'promised-other'],
  ] as const)('is not given to %s', (_, term, reason) => {
    const bench = follower(4)
    bench.knock('b')
    bench.hear('b', promise(term, 'b'))
    expect(bench.said('b', 'refuse')).toMatchObject([{reason}])
    expect(bench.core.standing).toMatchObject({state: 'following', master: 'm'})
  })

  test.each([
    ['e', 'seeking'],
    ['f', 'following'],
  ] as const)('to b keeps away from m in that term of epoch %s: %s', (epoch, state) => {
    const bench = follower(4)
    bench.knock('b')
    bench.hear('b', promise(5, 'b'))
    // The row was lost, and m began anew; it may count up to the same term.
    bench.gone.add('b')
    bench.lease = {...bench.lease, epoch, term: 5, version: 1, holder: nodeId('m')}
    bench.took('send')
    for (let tries = 0; bench.said('m', 'follow').length === 0; tries += 1) {
      expect(tries).toBeLessThan(100)
      bench.run(50)
    }
    bench.hear('m', {
      type: 'welcome', term: 5, epoch, keep: ORIGIN_PLACE, snapshot: undefined,
      last: ORIGIN_PLACE, view: VIEW,
    })
    expect(bench.core.standing.state).toBe(state)
  })

  test('is not given twice in one term', () => {
    const bench = follower(4)
    bench.knock('b')
    bench.hear('b', promise(5, 'b'))
    bench.knock('c')
    bench.hear('c', promise(5, 'c'))
    expect(bench.said('c', 'refuse')).toMatchObject([{reason: 'promised-other'}])
  })

  test('keeps a node from following an older master', () => {
    const bench = new CoreBench(['a', 'b', 'm'], {
      term: 4, version: 1, holder: nodeId('m'), view: VIEW,
    })
    bench.run(50)
    bench.knock('b')
    bench.hear('b', promise(5, 'b'))
    // b did not make it, and knows no better than to send it to m.
    bench.run(50)
    bench.hear('b', {type: 'refuse', term: 5, reason: 'not-master', master: address('m')})
    bench.run(50)
    bench.hear('m', {
      type: 'welcome', term: 4, epoch: 'e', keep: ORIGIN_PLACE, snapshot: undefined,
      last: ORIGIN_PLACE, view: VIEW,
    })
    expect(bench.core.stats().role).not.toBe('following')
    expect(bench.core.stats().counters.staleTerms).toBe(1)
  })

  test('is needed before anybody is given the log', () => {
    const bench = follower(4)
    bench.hear('m', {
      type: 'relay', term: 4, after: ORIGIN_PLACE, entries: entries(4, 1, '', 'm'), commit: 0,
      stable: 0,
    })
    bench.knock('b')
    bench.hear('b', {type: 'fetch', term: 5, chain: EMPTY_CHAIN})
    expect(bench.said('b', 'refuse')).toMatchObject([{reason: 'promised-other'}])
  })
})

describe('a frame of another term', () => {
  test('of a lower one is nothing to a follower', () => {
    const bench = follower(4)
    bench.hear('m', {
      type: 'relay', term: 3, after: ORIGIN_PLACE, entries: entries(3, 1, '', 'm'), commit: 2,
      stable: 0,
    })
    expect(bench.took('deliver')).toEqual([])
    expect(bench.core.stats().counters.staleTerms).toBe(1)
    expect(bench.core.stats().historyMessages).toBe(0)
  })

  test('does not commit anything at a master', () => {
    const bench = master()
    bench.publish(1)
    bench.ack('b', 1, 1)
    bench.run(1050)
    bench.took('deliver')
    bench.publish(2)
    bench.ack('b', 0, 3)
    expect(bench.took('deliver')).toEqual([])
    expect(bench.core.stats().counters.staleTerms).toBe(1)
    bench.ack('b', 1, 3)
    expect(bench.took('deliver')).toHaveLength(1)
  })

  test('is not ordered by a master', () => {
    const bench = master()
    const before = bench.core.stats().historyMessages
    bench.hear('b', {type: 'publish', term: 0, first: 1, envelopes: [envelope('b', 1)]})
    expect(bench.core.stats().historyMessages).toBe(before)
    bench.hear('b', {type: 'publish', term: 1, first: 1, envelopes: [envelope('b', 1)]})
    expect(bench.core.stats().historyMessages).toBe(before + 1)
  })

  test.each<[string, NodeFrame]>([
    ['an acknowledgement', {
      type: 'ack', term: 7, held: 0, delivered: 0, countsAfter: 0, connections: [],
    }],
    ['a question to follow', {type: 'follow', term: 7, chain: EMPTY_CHAIN}],
  ])('of a higher one, in %s, makes a master step down', (_, frame) => {
    const bench = master()
    if (frame.type === 'follow') bench.knock('c')
    bench.hear(frame.type === 'follow' ? 'c' : 'b', frame)
    expect(bench.core.stats().counters.stepDowns).toBe(1)
  })
})

describe('a claim', () => {
  test('that was won, and heard of after a higher promise, is void', () => {
    const bench = new CoreBench(['a', 'b', 'm'], {
      term: 4, version: 1, holder: nodeId('m'), view: VIEW,
    })
    bench.gone.add('m')
    bench.isStoreHeld = true
    bench.run(50)
    bench.hear('b', {type: 'answer', term: 4, yes: true})
    expect(bench.heldSwaps).toMatchObject([{next: {term: 5, holder: 'a'}}])
    bench.knock('b')
    bench.hear('b', promise(6, 'b'))
    bench.answerSwap(true)
    expect(bench.core.stats().role).toBe('seeking')
    expect(bench.core.stats().counters.claimsLost).toBe(1)
  })

  test('counts promises of its own term only', () => {
    const bench = new CoreBench(['a', 'b', 'm'], {
      term: 4, version: 1, holder: nodeId('m'), view: VIEW,
    })
    bench.gone.add('m')
    bench.run(50)
    bench.hear('b', {type: 'answer', term: 4, yes: true})
    expect(bench.core.stats().role).toBe('claimed')
    bench.hear('b', {type: 'promised', term: 4, chain: EMPTY_CHAIN, committed: 0})
    expect(bench.core.stats().role).toBe('claimed')
    bench.hear('b', {type: 'promised', term: 5, chain: EMPTY_CHAIN, committed: 0})
    expect(bench.core.stats().role).toBe('mastering')
  })
})
