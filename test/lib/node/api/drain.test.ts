import {expect, test} from 'vitest'
import {HELLO, startApi} from '../../../helpers/api-bench.js'

test('a node that is drained answers what it took, and refuses what comes then', async () => {
  await using bench = await startApi({size: 3})
  await bench.post('/publish', HELLO)
  const asked = Array.from({length: 40}, (_, n) => bench.post('/publish', {...HELLO, details: [n]}))
  await Promise.race(asked)
  const [drained, ...answers] = await Promise.allSettled([bench.node.drain(), ...asked])
  expect(drained.status).toBe('fulfilled')
  const statuses = answers.map((answer) =>
    answer.status === 'fulfilled' ? answer.value.status : String(answer.reason.cause ?? answer.reason))
  const others = statuses.filter((status) => status !== 200 && status !== 503)
  expect(others).toEqual([])
  expect(statuses).toContain(200)
})
