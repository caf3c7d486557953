/** Messages that their publisher gives to the master of one term alone: the drained rows of a table. */
import {describe, expect, test} from 'vitest'
import {encodeEnvelope, readEnvelope} from '../../../src/lib/protocol/envelope-codec.js'
import {WITHDRAWN} from '../../../src/lib/protocol/envelope.js'
import {matchesTarget, targetFromJson, targetToJson} from '../../../src/lib/protocol/target.js'
import {ByteReader} from '../../../src/lib/protocol/wire.js'
import {nodeId} from '../../../src/lib/util/brand.js'
import {address, CoreBench, EMPTY_CHAIN} from '../../helpers/core-bench.js'

/** Node a, master of term 1, and b the other copy: it holds the term's first entry. */
function master(): CoreBench {
  const bench = new CoreBench(['a', 'b'], {})
  bench.run(50)
  bench.followedBy('b', 0)
  bench.run(50)
  bench.ack('b', 1, 1, 1)
  bench.run(50)
  expect(bench.lease.view).toHaveLength(2)
  bench.took('send')
  return bench
}

/** Node a has lost term 1 to b, which got nothing of what a ordered in the end, and follows it. */
function deposed(bench: CoreBench): void {
  const chain = {...EMPTY_CHAIN, epoch: bench.lease.epoch}
  bench.knock('b')
  bench.hear('b', {type: 'promise', term: 2, epoch: chain.epoch, url: address('b').url})
  bench.lease = {...bench.lease, term: 2, version: 1, holder: nodeId('b'), view: ['a', 'b'].map(address)}
  bench.run(200)
  bench.hear('b', {
    type: 'welcome', term: 2, epoch: chain.epoch, keep: {term: 1, seq: 1}, snapshot: undefined,
    last: {term: 1, seq: 1}, view: bench.lease.view,
  })
}

describe('a message for one term', () => {
  test('is ordered by the master of that term', () => {
    const bench = master()
    bench.publish(1, 'row-1', 1)
    const relayed = bench.said('b', 'relay').flatMap(({entries}) => entries)
    expect(relayed.map(({envelope}) => envelope?.callerId)).toContain('row-1')
  })

  test.each([
    ['a master of another term', () => master(), 2],
    ['who is not master', () => new CoreBench(['a', 'b'], {term: 1, holder: nodeId('b')}), 1],
  ] as const)('is refused by %s', (_, make, term) => {
    const bench = make()
    bench.publish(1, 'row-1', term)
    expect(bench.took('refused')).toMatchObject([{ticket: 1, reason: 'term-lost'}])
  })

  test('is taken back when the term is lost, and never sent to the next master', () => {
    const bench = master()
    bench.publish(1)
    bench.publish(2, 'row-1', 1)
    bench.publish(3, 'mine')
    bench.took('refused')
    deposed(bench)
    const sent = bench.said('b', 'publish').flatMap(({envelopes}) => envelopes)
    // The counter of the one in between is there: origins count without gaps.
    expect(sent.map(({counter, callerId, payload}) => [counter, callerId, payload.action])).toEqual([
      [1, undefined, 'hello'], [2, undefined, 'Client/withdrawn'], [3, 'mine', 'hello'],
    ])
  })

  test('is answered when the term is lost', () => {
    const bench = master()
    bench.publish(1)
    bench.publish(2, 'row-1', 1)
    bench.took('refused')
    deposed(bench)
    expect(bench.took('refused')).toEqual([{type: 'refused', ticket: 2, reason: 'term-lost'}])
  })
})

test('what takes its place is for nobody, goes over the wire, and can be shown', () => {
  const message = {origin: nodeId('a'), counter: 1, callerId: undefined, ...WITHDRAWN}
  const reader = new ByteReader(encodeEnvelope(message))
  const {target} = readEnvelope(reader)
  expect(reader.failure).toBeUndefined()
  for (const user of ['nobody', 'withdrawn', undefined]) {
    expect(matchesTarget(target, {user, groups: [], session: undefined, properties: {}})).toBe(false)
  }
  expect(targetFromJson(targetToJson(target))).toMatchObject({ok: true})
})
