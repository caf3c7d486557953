/** Gaps, repeats and what is sent again: between an origin and its master, a master and its followers. */
import {describe, expect, test} from 'vitest'
import {ORIGIN_PLACE} from '../../../src/lib/protocol/position.js'
import type {LogEntry} from '../../../src/lib/protocol/node-frame.js'
import {nodeId} from '../../../src/lib/util/brand.js'
import {
  address, CoreBench, EMPTY_CHAIN, entries, envelope, masterOfTwo,
} from '../../helpers/core-bench.js'

const VIEW = ['a', 'b', 'm'].map(address)

function follower(): CoreBench {
  const bench = new CoreBench(['a', 'b', 'm'], {
    term: 4, version: 1, holder: nodeId('m'), view: VIEW,
  })
  bench.follow('m', 4)
  bench.took('send')
  return bench
}

function relay(bench: CoreBench, afterSeq: number, some: readonly LogEntry[], commit = 0): void {
  const after = afterSeq === 0 ? ORIGIN_PLACE : {term: 4, seq: afterSeq}
  bench.hear('m', {type: 'relay', term: 4, after, entries: some, commit, stable: 0})
}

function publishedBy(bench: CoreBench, to: string): number[][] {
  return bench.said(to, 'publish').map(({envelopes}) => envelopes.map(({counter}) => counter))
}

function ordered(bench: CoreBench): number {
  return bench.core.stats().counters.ordered
}

describe('a follower', () => {
  test('asks again for what is missing, and takes nothing behind the gap', () => {
    const bench = follower()
    relay(bench, 0, entries(4, 1, ''))
    bench.took('send')
    relay(bench, 2, entries(4, 3, 'm'), 3)
    expect(bench.said('m', 'resend')).toMatchObject([{term: 4, after: 1}])
    expect(bench.core.stats()).toMatchObject({historyMessages: 1, counters: {gaps: 1}})
    expect(bench.took('deliver')).toEqual([])
    relay(bench, 1, entries(4, 2, 'm', 'b'), 3)
    expect(bench.took('deliver')).toMatchObject([{entries: [{seq: 1}, {seq: 2}, {seq: 3}]}])
  })

  test('does not take what parts from its log', () => {
    const bench = follower()
    relay(bench, 0, entries(4, 1, '', 'm'))
    bench.hear('m', {
      type: 'relay', term: 4, after: {term: 3, seq: 2}, entries: entries(4, 3, 'b'), commit: 3,
      stable: 0,
    })
    expect(bench.core.stats().historyMessages).toBe(2)
    expect(bench.took('deliver')).toEqual([])
  })

  test('passes over what it holds', () => {
    const bench = follower()
    relay(bench, 0, entries(4, 1, '', 'm'))
    relay(bench, 0, entries(4, 1, '', 'm', 'b'), 3)
    expect(bench.took('deliver')).toMatchObject([{entries: [{seq: 1}, {seq: 2}, {seq: 3}]}])
  })

  test('does not deliver what is committed and not held', () => {
    const bench = follower()
    relay(bench, 0, entries(4, 1, '', 'm'), 9)
    expect(bench.took('deliver')).toMatchObject([{entries: [{seq: 1}, {seq: 2}]}])
  })

  test('sends a new master all that is not stable, in its order', () => {
    const bench = follower()
    relay(bench, 0, [])
    for (const ticket of [1, 2, 3]) bench.publish(ticket)
    expect(publishedBy(bench, 'm')).toEqual([[1], [2], [3]])
    const stability = {counter: 1, place: {term: 4, seq: 2}, byNode: [], missing: []}
    bench.hear('m', {type: 'stable', term: 4, messages: [stability]})
    bench.gone.add('m')
    bench.lease = {...bench.lease, term: 5, version: 2, holder: nodeId('b')}
    bench.lose('m')
    bench.run(400)
    bench.hear('b', {
      type: 'welcome', term: 5, epoch: 'e', keep: ORIGIN_PLACE, snapshot: undefined,
      last: ORIGIN_PLACE, view: VIEW,
    })
    expect(bench.core.standing).toMatchObject({state: 'following', master: 'b'})
    expect(publishedBy(bench, 'b')).toEqual([[2, 3]])
  })

  test('sends again what its master leaves without a word', () => {
    const bench = follower()
    bench.publish(1)
    bench.took('send')
    for (let passed = 0; passed < 2500; passed += 250) {
      relay(bench, 0, [])
      bench.run(250)
    }
    expect(publishedBy(bench, 'm')).toEqual([[1]])
  })
})

describe('a master', () => {
  test('orders a message once, however often it comes', () => {
    const bench = masterOfTwo()
    const before = ordered(bench)
    const frame = {type: 'publish', term: 1, first: 1, envelopes: [envelope('b', 1)]} as const
    bench.hear('b', frame)
    bench.hear('b', frame)
    expect(ordered(bench)).toBe(before + 1)
    expect(bench.core.stats().counters.duplicates).toBe(1)
  })

  test('tells who sends again what is stable', () => {
    const bench = masterOfTwo()
    const frame = {type: 'publish', term: 1, first: 1, envelopes: [envelope('b', 1)]} as const
    bench.hear('b', frame)
    bench.ack('b', 1, 2, 2)
    bench.run(50)
    expect(bench.said('b', 'stable')).toMatchObject([{messages: [{counter: 1}]}])
    bench.hear('b', frame)
    expect(bench.said('b', 'stable')).toMatchObject([{messages: [{counter: 1, place: {seq: 2}}]}])
  })

  test('orders nothing behind a gap in the numbers of its origin', () => {
    const bench = masterOfTwo()
    const before = ordered(bench)
    const later = [envelope('b', 2), envelope('b', 3)]
    bench.hear('b', {type: 'publish', term: 1, first: 1, envelopes: later})
    expect(ordered(bench)).toBe(before)
    const all = [envelope('b', 1), ...later]
    bench.hear('b', {type: 'publish', term: 1, first: 1, envelopes: all})
    expect(ordered(bench)).toBe(before + 3)
  })

  test('takes from a node its own messages only', () => {
    const bench = masterOfTwo()
    const before = ordered(bench)
    bench.hear('b', {type: 'publish', term: 1, first: 1, envelopes: [envelope('m', 1)]})
    expect(ordered(bench)).toBe(before)
  })

  test('sends from where a follower asks', () => {
    const bench = masterOfTwo()
    bench.publish(1)
    bench.took('send')
    bench.hear('b', {type: 'resend', term: 1, after: 0})
    expect(bench.said('b', 'relay')).toMatchObject([{after: {seq: 0}, entries: [{seq: 1}, {seq: 2}]}])
  })

  test('that is told to go hands over to who holds everything, and waits for it', () => {
    const bench = masterOfTwo()
    bench.publish(1)
    bench.took('send')
    bench.step({type: 'drain'})
    bench.run(50)
    expect(bench.said('b', 'handover')).toEqual([])
    bench.ack('b', 1, 2, 2)
    bench.run(50)
    expect(bench.said('b', 'handover')).toHaveLength(1)
  })
})

describe('a new master', () => {
  const CHAIN = {epoch: 'e', after: ORIGIN_PLACE, ends: [{term: 4, seq: 2}]}

  /** Node a has won term 5; b has promised, and holds two entries more. */
  function claimant(): CoreBench {
    const bench = new CoreBench(['a', 'b', 'm'], {
      term: 4, version: 1, holder: nodeId('m'), view: VIEW,
    })
    bench.gone.add('m')
    bench.publish(7)
    bench.run(50)
    bench.hear('b', {type: 'answer', term: 4, yes: true})
    expect(bench.core.stats().role).toBe('claimed')
    bench.hear('b', {type: 'promised', term: 5, chain: CHAIN, committed: 2})
    return bench
  }

  test('fetches what the others hold before it opens its term, then orders its own', () => {
    const bench = claimant()
    expect(bench.core.stats().role).toBe('claimed')
    expect(bench.said('b', 'fetch')).toMatchObject([{term: 5, chain: EMPTY_CHAIN}])
    bench.hear('b', {
      type: 'suffix', term: 5, keep: ORIGIN_PLACE, snapshot: undefined, after: ORIGIN_PLACE,
      entries: entries(4, 1, '', 'm'), done: true,
    })
    expect(bench.core.standing).toEqual({state: 'mastering', term: 5})
    // The two that it fetched, its term's first, and the message that waited in its outbox.
    expect(bench.core.stats().historyMessages).toBe(4)
    expect(bench.took('deliver')).toEqual([])
  })

  test('does not open its term with a suffix that has a gap', () => {
    const bench = claimant()
    bench.hear('b', {
      type: 'suffix', term: 5, keep: ORIGIN_PLACE, snapshot: undefined, after: ORIGIN_PLACE,
      entries: entries(4, 2, 'm'), done: true,
    })
    expect(bench.core.stats()).toMatchObject({role: 'claimed', historyMessages: 0})
  })

  test('orders what its old master was sent and did not order', () => {
    const bench = follower()
    relay(bench, 0, [])
    bench.publish(1)
    bench.gone.add('m')
    bench.lose('m')
    bench.run(50)
    bench.hear('b', {type: 'answer', term: 4, yes: true})
    bench.hear('b', {type: 'promised', term: 5, chain: EMPTY_CHAIN, committed: 0})
    expect(bench.core.standing).toEqual({state: 'mastering', term: 5})
    expect(ordered(bench)).toBe(1)
  })

  test('waits for promises of at least half of the view', () => {
    const view = ['a', 'b', 'c', 'd', 'm'].map(address)
    const bench = new CoreBench(['a', 'b', 'c', 'd', 'm'], {
      term: 4, version: 1, holder: nodeId('m'), view,
    })
    bench.gone.add('m')
    bench.run(50)
    for (const name of ['b', 'c']) bench.hear(name, {type: 'answer', term: 4, yes: true})
    expect(bench.core.stats().role).toBe('claimed')
    bench.hear('b', {type: 'promised', term: 5, chain: EMPTY_CHAIN, committed: 0})
    expect(bench.core.stats().role).toBe('claimed')
    bench.hear('c', {type: 'promised', term: 5, chain: EMPTY_CHAIN, committed: 0})
    expect(bench.core.stats().role).toBe('mastering')
  })
})

describe('a claim', () => {
  const view = ['a', 'b', 'c', 'm'].map(address)

  function seeker(): CoreBench {
    const bench = new CoreBench(['a', 'b', 'c', 'm'], {
      term: 4, version: 1, holder: nodeId('m'), view,
    })
    bench.silent.add('m')
    bench.run(50)
    return bench
  }

  test('needs more than half of all that are not proved gone, the holder counted', () => {
    const bench = seeker()
    bench.hear('b', {type: 'answer', term: 4, yes: true})
    expect(bench.took('swap-lease')).toEqual([])
    bench.hear('c', {type: 'answer', term: 4, yes: true})
    expect(bench.took('swap-lease')).toMatchObject([{next: {term: 5, holder: 'a'}}])
  })

  test('of exactly half waits for the lease', () => {
    const bench = seeker()
    bench.hear('b', {type: 'answer', term: 4, yes: true})
    bench.hear('c', {type: 'answer', term: 4, yes: false})
    bench.run(2500)
    for (const name of ['b', 'c']) bench.hear(name, {type: 'answer', term: 4, yes: name === 'b'})
    expect(bench.took('swap-lease')).toEqual([])
    bench.run(2000)
    for (const name of ['b', 'c']) bench.hear(name, {type: 'answer', term: 4, yes: name === 'b'})
    bench.run(50)
    expect(bench.took('swap-lease')).toMatchObject([{next: {term: 5, holder: 'a'}}])
  })
})
