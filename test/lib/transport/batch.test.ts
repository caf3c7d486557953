import {describe, expect, test} from 'vitest'
import {Batch} from '../../../src/lib/transport/batch.js'
import {buildFrame} from '../../../src/lib/transport/frame.js'

const frameOf = (text: string) => buildFrame(Buffer.from(text), false)
const [a, b, c] = [frameOf('a'), frameOf('b'), frameOf('c')]

describe('what waits for connections in one turn', () => {
  test('the same frames are the same batch, whoever they are for', () => {
    const empty = new Batch()
    expect(empty.with(a).with(b)).toBe(empty.with(a).with(b))
    expect(empty.with(a).with(b)).not.toBe(empty.with(b).with(a))
    expect(frameOf('a')).not.toBe(a)
    expect(empty.with(frameOf('a'))).not.toBe(empty.with(a))
  })

  test('several that go on differently are each found again', () => {
    const start = new Batch().with(a)
    const [first, second, third] = [start.with(a), start.with(b), start.with(c)]
    expect([start.with(a), start.with(b), start.with(c)]).toEqual([first, second, third])
    expect(start.with(b)).toBe(second)
    expect(start.with(a)).toBe(first)
    expect(start.with(c)).toBe(third)
  })

  test('has its frames in their order, joined once', () => {
    const batch = new Batch().with(b).with(a).with(b)
    expect(batch.frames()).toEqual([b, a, b])
    expect(batch.size).toBe(9)
    expect(batch.joined()).toEqual(Buffer.concat([b.bytes, a.bytes, b.bytes]))
    expect(batch.joined()).toBe(batch.joined())
  })

  test('a frame alone is not copied, whatever its size', () => {
    const large = buildFrame(Buffer.alloc(100_000), true)
    expect(new Batch().with(large).joined()).toBe(large.bytes)
    expect(new Batch().with(a).joined()).toBe(a.bytes)
  })

  test('large ones together are not copied either', () => {
    const large = buildFrame(Buffer.alloc(60_000), true)
    const batch = new Batch().with(large).with(a).with(large)
    expect(batch.joined()).toBeUndefined()
    expect(batch.frames()).toEqual([large, a, large])
  })

  test('is of any length', () => {
    let batch = new Batch()
    for (let count = 0; count < 100_000; count += 1) batch = batch.with(a)
    expect(batch.frames()).toHaveLength(100_000)
    expect(batch.size).toBe(300_000)
  })
})
