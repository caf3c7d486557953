/** A master that gives the lease away without leaving; test/scenarios has it among honest nodes. */
import {expect, test} from 'vitest'
import {CoreBench, masterOfTwo} from '../../helpers/core-bench.js'

/** Time passes, and b goes on acknowledging what it has. */
function pass(bench: CoreBench, ms: number, held: number): void {
  for (let passed = 0; passed < ms; passed += 250) {
    bench.run(250)
    bench.ack('b', 1, held, held)
  }
}

test('it hands over to who holds everything, orders nothing new meanwhile, and then follows', () => {
  const bench = masterOfTwo()
  bench.publish(1)
  bench.took('send')
  bench.step({type: 'step-down'})
  bench.publish(2)
  bench.run(50)
  expect(bench.said('b', 'handover')).toEqual([])
  bench.ack('b', 1, 2, 2)
  bench.run(50)
  expect(bench.said('b', 'handover')).toHaveLength(1)
  expect(bench.core.stats()).toMatchObject({outboxMessages: 1, counters: {ordered: 1}})

  bench.hear('b', {type: 'promise', term: 2, epoch: bench.lease.epoch, url: 'ws://b/mesh'})
  expect(bench.said('b', 'promised')).toHaveLength(1)
  expect(bench.core.stats()).toMatchObject({role: 'seeking', counters: {stepDowns: 1}})
  bench.run(3000)
  expect(bench.said('b', 'handover')).toEqual([])
})

test('when nobody takes over in time it goes on as master, and orders what had to wait', () => {
  const bench = masterOfTwo()
  bench.step({type: 'step-down'})
  bench.publish(1)
  pass(bench, 1000, 1)
  expect(bench.core.stats().counters).toMatchObject({ordered: 0, handovers: 3})
  pass(bench, 1250, 1)
  expect(bench.core.stats()).toMatchObject({role: 'mastering', counters: {ordered: 1}})
  pass(bench, 2000, 2)
  expect(bench.core.stats().counters).toMatchObject({handovers: 4})
})

test('a node that is no master does nothing, then or later', () => {
  const bench = new CoreBench(['a', 'b'], {})
  bench.step({type: 'step-down'})
  bench.run(50)
  bench.followedBy('b', 0)
  bench.ack('b', 1, 1, 1)
  bench.run(500)
  expect(bench.core.followers).toBe(1)
  expect(bench.core.stats()).toMatchObject({role: 'mastering', counters: {handovers: 0}})
})
