import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {recoveryOf} from '../../../src/lib/siege/faults/recovery.js'
import {StreamBook} from '../../../src/lib/siege/ledger/stream-book.js'
import {Audience} from '../../../src/lib/siege/plan/audience.js'
import {Schedule} from '../../../src/lib/siege/plan/schedule.js'
import {FrameReader, maskedFrame} from '../../../src/lib/siege/wire/frame-reader.js'
import {emptyMarker, MARKER_BYTES, markerText, readMarker} from '../../../src/lib/siege/wire/marker.js'
import type {Marker} from '../../../src/lib/siege/wire/marker.js'
import {buildFrame} from '../../../src/lib/transport/frame.js'

const NONE: ReadonlySet<number> = new Set()

describe('Schedule', () => {
  test('an even rate: each slot at its time, none past the end', () => {
    const schedule = new Schedule([{name: 'load', durationS: 2, fromPerS: 50, toPerS: 50}])
    expect(schedule.slots).toBe(100)
    expect([0, 1, 99, 100].map((slot) => schedule.dueUs(slot))).toEqual([0, 20_000, 1_980_000, Infinity])
    expect([0, 1, 2, 9].map((atS) => schedule.dueBy(atS))).toEqual([0, 50, 100, 100])
  })

  test('a ramp, then a load: slots never go back, and as many are due as have been', () => {
    const rate = fc.integer({min: 0, max: 5000})
    const stretch = fc.record({name: fc.constant('x'), durationS: fc.integer({min: 1, max: 5}),
      fromPerS: rate, toPerS: rate})
    fc.assert(fc.property(fc.array(stretch, {minLength: 1, maxLength: 4}), (stretches) => {
      const schedule = new Schedule(stretches)
      const due = Array.from({length: Math.min(schedule.slots, 500)}, (_, slot) => schedule.dueUs(slot))
      expect(due).toEqual(due.toSorted((x, y) => x - y))
      expect(due.at(-1) ?? 0).toBeLessThanOrEqual(schedule.durationS * 1e6 + 1)
      expect(schedule.dueBy(schedule.durationS)).toBe(schedule.slots)
    }))
  })
})

describe('marker', () => {
  const marker: Marker = {
    run: 0xdeadbeef, sender: 0x00ff01, kind: 'group', target: 9, number: 123_456,
    intendedUs: 13_723_072_612, lateUs: 4321,
  }

  test('is found in any frame that holds it', () => {
    const text = markerText(marker)
    expect(text).toHaveLength(MARKER_BYTES)
    fc.assert(fc.property(fc.string(), fc.string(), (head, tail) => {
      const bytes = Buffer.from(`${head}${text}${tail}`)
      const found = emptyMarker()
      expect(readMarker(bytes, 0, bytes.length, -1, found)).toBe(Buffer.byteLength(head))
      expect(found).toEqual(marker)
    }))
  })

  test('nothing else is one, nor is half of one', () => {
    const bytes = Buffer.from(`{"a":"${markerText(marker).slice(0, -1)}"}`)
    expect(readMarker(bytes, 0, bytes.length, -1, emptyMarker())).toBe(-1)
    fc.assert(fc.property(fc.uint8Array({maxLength: 200}), (random) => {
      expect(readMarker(Buffer.from(random), 0, random.length, 3, emptyMarker())).toBe(-1)
    }))
  })
})

function wrong(...bytes: number[]) {
  const reader = new FrameReader(() => {}, 100)
  return [reader.push(Buffer.from(bytes), bytes.length), reader.push(Buffer.from([0x81, 0]), 2)]
}

describe('FrameReader', () => {
  test('reads the same frames however their bytes are cut', () => {
    const sizes = fc.array(fc.oneof(fc.integer({min: 0, max: 200}), fc.constant(70_000)), {maxLength: 4})
    fc.assert(fc.property(sizes, fc.integer({min: 7, max: 5000}), (all, step) => {
      const payloads = all.map((size, index) => Buffer.alloc(size, index + 1))
      const stream = Buffer.concat(payloads.map((payload) => buildFrame(payload, true).bytes))
      const seen: Buffer[] = []
      const reader = new FrameReader((_opcode, bytes, start, end) => {
        seen.push(Buffer.from(bytes.subarray(start, end)))
      }, 100_000)
      for (let at = 0; at < stream.length; at += step) {
        // The memory of a chunk is used again for the next one.
        const chunk = Buffer.from(stream.subarray(at, at + step))
        expect(reader.push(chunk, chunk.length)).toBeUndefined()
        chunk.fill(0xff)
      }
      expect(seen.map(({length}) => length)).toEqual(all)
      expect(Buffer.concat(seen).equals(Buffer.concat(payloads))).toBe(true)
    }), {numRuns: 30})
  })

  test('puts fragments together, and lets control frames through between them', () => {
    const seen: [number, string][] = []
    const reader = new FrameReader((opcode, bytes, start, end) => {
      seen.push([opcode, bytes.toString('utf8', start, end)])
    }, 1000)
    const bytes = Buffer.from([0x01, 2, 0x61, 0x62, 0x89, 1, 0x70, 0x80, 1, 0x63])
    expect(reader.push(bytes, bytes.length)).toBeUndefined()
    expect(seen).toEqual([[9, 'p'], [1, 'abc']])
  })

  test('a frame that is masked, too large or strange is named, and the rest is not read', () => {
    expect(wrong(0x81, 0x81, 1, 2, 3, 4, 5)).toEqual(['a masked frame from a server', undefined])
    expect(wrong(0xc1, 0)[0]).toBe('reserved bits in a frame')
    expect(wrong(0x82, 126, 0x10, 0)[0]).toBe('a frame of 4096 bytes')
    expect(wrong(0x09, 0)[0]).toBe('a control frame in parts')
  })

  test('what a client sends is masked', () => {
    const frame = maskedFrame(1, Buffer.from('hello'))
    expect([frame[0], frame[1]]).toEqual([0x81, 0x85])
    const mask = frame.subarray(2, 6)
    const text = frame.subarray(6).map((byte, index) => byte ^ (mask[index % 4] ?? 0))
    expect(Buffer.from(text).toString()).toBe('hello')
  })
})

describe('StreamBook', () => {
  test('tells lost, late and doubled numbers of a stream apart', () => {
    const book = new StreamBook(true)
    const arrivals = [0, 1, 4, 2, 4, 2, 5].map((number) => book.arrived(number))
    expect(arrivals).toEqual(
      ['in-order', 'in-order', 'in-order', 'late', 'duplicate', 'duplicate', 'in-order'])
    expect(book.missing).toBe(1)
    expect(book.close(8, NONE)).toEqual({delivered: 5, lost: 3})
    expect(book.close(8, new Set([3, 7]))).toEqual({delivered: 5, lost: 1})
  })

  test('one who came later is due nothing of before, and all since', () => {
    const book = new StreamBook(false)
    expect(book.close(10, NONE)).toEqual({delivered: 0, lost: 0})
    book.arrived(7)
    expect(book.close(10, NONE)).toEqual({delivered: 1, lost: 2})
    book.restart()
    expect(book.close(10, NONE).lost).toBe(0)
  })
})

test('Audience: each message is for somebody, spread evenly, the same in each process', () => {
  const audience = new Audience({connections: 60, users: 20,
    mix: [{kind: 'user', weight: 90}, {kind: 'group', weight: 9}, {kind: 'everyone', weight: 1}]})
  const hits = Array.from({length: 20_000}, (_, slot) => audience.addressee(slot))
  const count = (kind: string) => hits.filter((hit) => hit.kind === kind).length
  expect(count('user')).toBeGreaterThan(17_500)
  expect(count('everyone')).toBeGreaterThan(100)
  const users = new Set(hits.filter(({kind}) => kind === 'user').map(({index}) => index))
  expect(users.size).toBe(20)
  expect(audience.isFor('user', 3, audience.userOf(43))).toBe(true)
  expect(audience.isFor('user', 3, 4)).toBe(false)
  expect(audience.isFor('group', 4, 3)).toBe(false)
  expect(audience.isFor('everyone', 0, 4)).toBe(true)
  expect(audience.isFor('echo', 0, 0)).toBe(false)
})

test('recoveryOf: the silence and the way back', () => {
  const bins = Array.from({length: 1000}, (_, bin) => (bin >= 500 && bin < 540 ? 0 : 2))
  const recovery = recoveryOf(bins, 5000, 10_000)
  expect(recovery).toMatchObject({gapMs: 400, recoveredAfterMs: 400})
  expect(recovery.curve.find(({atMs}) => atMs === 100)?.delivered).toBe(0)
  expect(recovery.curve[0]?.atMs).toBe(-2000)
  // A last delivery after the fault, silence, and a burst of all that had waited.
  const burst = bins.map((count, bin) => bin === 500 ? 2 : bin === 540 ? 80 : count)
  expect(recoveryOf(burst, 5000, 10_000)).toMatchObject({gapMs: 390, recoveredAfterMs: 400})
  const dead = bins.map((count, bin) => (bin >= 500 ? 0 : count))
  expect(recoveryOf(dead, 5000, 10_000)).toMatchObject({gapMs: 5000, recoveredAfterMs: null})
})
