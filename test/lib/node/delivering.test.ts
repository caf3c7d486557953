import {expect, test} from 'vitest'
import {Delivering, type DeliveringParts} from '../../../src/lib/node/delivering.js'
import {nodeId} from '../../../src/lib/util/brand.js'

/** What the parts are told, in its order; messages are for so many connections. */
function setUp(counts: readonly number[]) {
  const told: string[] = []
  const tell = (what: string) => () => void told.push(what)
  const parts = {
    self: nodeId('n1'),
    now: () => 0,
    operators: {delivered: tell('operators')},
    outbox: undefined,
    clients: {
      deliver: () => {
        told.push('clients')
        return [...counts]
      },
    },
    meter: {delivering: tell('meter')},
    resuming: {delivered: tell('resuming')},
    flushPrompt: tell('flushed'),
  } as unknown as DeliveringParts
  return {delivering: new Delivering(parts), told}
}

test('who waits for a message is written to before the relay hears of its delivery', () => {
  const {delivering, told} = setUp([0, 1])
  delivering.deliver('e', [])
  expect(told.slice(0, 3)).toEqual(['operators', 'clients', 'flushed'])
})

test('nobody is written to where the messages are for nobody', () => {
  const {delivering, told} = setUp([0, 0])
  delivering.deliver('e', [])
  expect(told).toContain('clients')
  expect(told).not.toContain('flushed')
})
