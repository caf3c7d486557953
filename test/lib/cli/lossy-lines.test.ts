import {Writable} from 'node:stream'
import {expect, test} from 'vitest'

import {LossyLines, UNREAD_BYTES_MAX} from '../../../src/lib/cli/lossy-lines.js'
import {eventually} from '../../helpers/eventually.js'

test('a reader that stops costs no memory, and hears of what is missing', async () => {
  let taken = ''
  let go: (() => void) | undefined
  const sink = new Writable({
    write(chunk, _encoding, done) {
      taken += String(chunk)
      if (go === undefined) go = done
      else done()
    },
  })
  const dropped: number[] = []
  const lines = new LossyLines(sink, (count) => void dropped.push(count))
  const line = 'x'.repeat(64 * 1024)
  const written = Array.from({length: 200}, () => lines.write(line)).filter(Boolean).length
  expect(sink.writableLength).toBeLessThan(UNREAD_BYTES_MAX + 2 * line.length)
  expect(dropped).toEqual([])
  go?.()
  await eventually(() => dropped.length > 0)
  expect(dropped).toEqual([200 - written])
  expect(taken).toBe(`${line}\n`.repeat(written))
  expect(lines.write('again')).toBe(true)
  expect(written).toBeGreaterThan(50)
})
