/** Any answer to `soak`. */
import fc from 'fast-check'
import type {SoakResult} from '../../../src/lib/protocol/soak-frame.js'

const texts = fc.string()
const numbers = fc.nat()
const floats = fc.double({noNaN: true, noDefaultInfinity: true, min: 0})
const counts = fc.dictionary(texts, numbers)
export const soaked: fc.Arbitrary<SoakResult> = fc.record({
  sample: fc.record({
    pid: numbers,
    uptimeMs: floats,
    gauges: fc.dictionary(
      texts,
      fc.record({kind: fc.constantFrom('exact', 'bounded', 'drains'), value: floats}),
    ),
    resources: counts,
    files: fc.option(numbers),
    objects: numbers,
    classes: counts,
    items: fc.record({Map: numbers, Set: numbers, Array: numbers, Object: numbers}),
    listeners: counts,
    heapBytes: numbers,
    externalBytes: numbers,
    arrayBufferBytes: numbers,
    rssBytes: numbers,
    cost: fc.record({totalMs: floats, pauseMs: floats}),
  }),
  snapshot: fc.option(
    fc.record({
      file: texts,
      bytes: numbers,
      pauseMs: floats,
      holders: fc.array(
        fc.record({class: texts, objects: numbers, path: texts, share: floats}),
      ),
      why: fc.option(texts),
    }),
  ),
})
