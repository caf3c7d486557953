import fc from 'fast-check'
import {expect, test} from 'vitest'
import {hasRoomFor} from '../../../src/lib/mesh/publishing.js'
import {encodePayload} from '../../../src/lib/protocol/payload.js'
import {nodeId} from '../../../src/lib/util/brand.js'
import {CoreBench} from '../../helpers/core-bench.js'

const message = (size: number) => ({
  callerId: undefined, target: {kind: 'everyone'} as const, payload: encodePayload('a', 'x'.repeat(size)),
})

/** Messages of these sizes, published one after the other by a node whose outbox never empties. */
function publish(bench: CoreBench, sizes: readonly number[]): number {
  const before = bench.core.stats().counters.refused
  for (const [ticket, size] of sizes.entries()) bench.step({type: 'publish', ticket, ...message(size)})
  return bench.core.stats().counters.refused - before
}

test('what has room together is taken, each; what has not by number or bytes is refused', () => {
  let rooms = 0
  const sizes = fc.array(fc.nat({max: 400}), {minLength: 1, maxLength: 12})
  fc.assert(fc.property(sizes, sizes, (first, second) => {
    const config = {outboxMessages: 14, outboxBytes: 6000}
    const bench = new CoreBench(['n1', 'n2'], {}, config)
    publish(bench, first)
    const {outboxMessages, outboxBytes} = bench.core.stats()
    const isRoom = hasRoomFor({self: nodeId('n1'), outboxMessages, outboxBytes, config}, second.map(message))
    const refused = publish(bench, second)
    if (isRoom) expect(refused).toBe(0)
    if (second.length + outboxMessages > config.outboxMessages) expect(isRoom).toBe(false)
    // A counter is thought to be as long as it can be: no more is kept free for nothing.
    const spare = 6000 - bench.core.stats().outboxBytes
    if (!isRoom && refused === 0) expect(spare).toBeLessThan(10 * second.length)
    rooms += isRoom ? 1 : 0
  }))
  expect(rooms).toBeGreaterThan(10)
})
