/** When an entry is committed, and which members count: the rules of docs/ARCHITECTURE.md, one by one. */
import {describe, expect, test} from 'vitest'
import {nodeId} from '../../../src/lib/util/brand.js'
import {address, CoreBench, EMPTY_CHAIN, entries} from '../../helpers/core-bench.js'

const VIEW = ['a', 'b', 'c'].map(address)

/** Node a, sole copy and master of term 1. */
function alone(): CoreBench {
  const bench = new CoreBench(['a', 'b', 'c'], {})
  bench.run(50)
  return bench
}

/** Node a, master of term 1 of a view of three; everybody holds its first entry. */
function masterOfThree(): CoreBench {
  const bench = alone()
  for (const name of ['b', 'c']) {
    bench.followedBy(name, 0)
    bench.ack(name, 1, 1, 1)
  }
  bench.run(50)
  for (const name of ['b', 'c']) bench.ack(name, 1, 1, 1)
  bench.run(50)
  expect(bench.lease.view.map(({id}) => id).toSorted()).toEqual(['a', 'b', 'c'])
  bench.took('deliver')
  return bench
}

function delivered(bench: CoreBench): number[] {
  return bench.took('deliver').flatMap(({entries: some}) => some.map(({seq}) => seq))
}

function viewsWritten(bench: CoreBench): string[] {
  return bench.took('swap-lease').map(({next}) => next.view.map(({id}) => id).join(' '))
}

describe('commit', () => {
  test('needs more than half of the view, the master included', () => {
    const bench = masterOfThree()
    bench.publish(1)
    expect(delivered(bench)).toEqual([])
    bench.ack('b', 1, 2, 1)
    expect(delivered(bench)).toEqual([2])
  })

  test('counts nobody for more than was sent to it', () => {
    const bench = masterOfThree()
    bench.ack('b', 1, 99, 1)
    bench.publish(1)
    expect(delivered(bench)).toEqual([])
  })

  test('counts an older term only with one of its own (Raft, 5.4.2)', () => {
    const bench = new CoreBench(['a', 'b', 'c'], {
      term: 4, version: 1, holder: nodeId('c'), view: VIEW,
    })
    bench.follow('c', 4)
    bench.hear('c', {
      type: 'relay', term: 4, after: {term: 0, seq: 0}, entries: entries(4, 1, '', 'c'), commit: 0,
      stable: 0,
    })
    bench.gone.add('c')
    bench.lose('c')
    bench.run(200)
    bench.hear('b', {type: 'answer', term: 4, yes: true})
    bench.hear('b', {type: 'promised', term: 5, chain: EMPTY_CHAIN, committed: 0})
    expect(bench.core.standing).toEqual({state: 'mastering', term: 5})
    bench.took('deliver')
    bench.followedBy('b', 5)
    bench.ack('b', 5, 2)
    expect(delivered(bench)).toEqual([])
    bench.ack('b', 5, 3)
    expect(delivered(bench)).toEqual([1, 2, 3])
  })

  test('needs both views until the new one is confirmed', () => {
    const bench = alone()
    bench.isStoreHeld = true
    bench.followedBy('b', 0)
    bench.ack('b', 1, 1, 1)
    bench.run(50)
    expect(bench.heldSwaps).toMatchObject([{next: {view: VIEW.slice(0, 2)}}])
    bench.took('deliver')
    bench.publish(1)
    expect(delivered(bench)).toEqual([])
    bench.ack('b', 1, 2, 1)
    expect(delivered(bench)).toEqual([2])
  })
})

describe('a change of the view', () => {
  test('is written when more than half of the new one holds all that was ordered', () => {
    const bench = alone()
    bench.publish(1)
    bench.followedBy('b', 0)
    bench.publish(2)
    bench.took('swap-lease')
    bench.ack('b', 1, 2, 2)
    bench.run(50)
    expect(viewsWritten(bench)).toEqual([])
    bench.ack('b', 1, 3, 3)
    expect(viewsWritten(bench)).toEqual(['a b'])
  })

  test('drops who is silent while at least half remains', () => {
    const bench = masterOfThree()
    for (let passed = 0; passed < 2500; passed += 250) {
      bench.ack('b', 1, 1, 1)
      bench.run(250)
    }
    expect(bench.lease.view.map(({id}) => id)).toEqual(['a', 'b'])
  })

  test('never leaves less than half, when nobody is proved gone', () => {
    const bench = masterOfThree()
    for (const name of ['b', 'c']) bench.silent.add(name)
    bench.run(10_000)
    expect(bench.lease.view).toHaveLength(3)
  })

  test('drops at once who is proved gone', () => {
    const bench = masterOfThree()
    bench.gone.add('c')
    bench.lose('c')
    bench.ack('b', 1, 1, 1)
    bench.run(100)
    bench.ack('b', 1, 1, 1)
    expect(bench.lease.view.map(({id}) => id)).toEqual(['a', 'b'])
  })

  test('whose answer was lost is written again over the same version', () => {
    const bench = alone()
    bench.isStoreHeld = true
    bench.followedBy('b', 0)
    bench.ack('b', 1, 1, 1)
    bench.run(50)
    const [first] = bench.heldSwaps.splice(0)
    bench.step({type: 'store-failed', request: first?.request ?? 0})
    bench.run(1000)
    const [second] = bench.heldSwaps
    expect(second?.next.view.map(({id}) => id)).toEqual(['a', 'b'])
    expect(second?.expected).toEqual(first?.expected)
  })
})

describe('the lease', () => {
  test('is not renewed by a master that nobody answers', () => {
    const bench = masterOfThree()
    for (const name of ['b', 'c']) bench.silent.add(name)
    bench.run(1500)
    const {version} = bench.lease
    bench.run(5000)
    expect(bench.lease.version).toBe(version)
  })

  test('is not put back by a master that nobody answers', () => {
    const bench = masterOfThree()
    for (const name of ['b', 'c']) bench.silent.add(name)
    bench.run(1500)
    bench.lease = {epoch: 'e', term: 0, version: 0, holder: undefined, view: []}
    bench.run(1500)
    expect(bench.lease.holder).toBeUndefined()
  })

  test('is put back by one that a majority answers, and its view is left alone for a while', () => {
    const bench = masterOfThree()
    bench.lease = {epoch: 'e', term: 0, version: 0, holder: undefined, view: []}
    const live = (ms: number): void => {
      for (let passed = 0; passed < ms; passed += 250) {
        bench.ack('b', 1, 1, 1)
        bench.run(250)
      }
    }
    live(1000)
    expect(bench.lease).toMatchObject({term: 1, holder: 'a'})
    bench.gone.add('c')
    bench.lose('c')
    live(500)
    expect(bench.lease.view).toHaveLength(3)
    live(2500)
    expect(bench.lease.view).toHaveLength(2)
  })
})
