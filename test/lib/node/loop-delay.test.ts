import {afterEach, expect, test} from 'vitest'

import {LoopDelay} from '../../../src/lib/node/loop-delay.js'
import {eventually} from '../../helpers/eventually.js'

let delay: LoopDelay

afterEach(() => delay.close())

function beBusy(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until) Math.hypot(1, 2)
}

test('a stretch of work shows in its second and in the next one, then no more', async () => {
  delay = new LoopDelay(0)
  // The histogram counts from its first tick on.
  await eventually(() => {
    beBusy(300)
    return delay.longestMs >= 200
  })
  delay.sample(500)
  expect(delay.longestMs).toBeGreaterThanOrEqual(200)
  delay.sample(1000)
  expect(delay.longestMs).toBeGreaterThanOrEqual(200)
  // Only what came since the last sample: on a busy machine that is not nothing, but another.
  const before = delay.longestMs
  await eventually(() => {
    delay.sample(2000)
    delay.sample(3000)
    return delay.longestMs < before
  })
})
