import {expect, test} from 'vitest'
import type {StreamState} from '../../../../src/lib/nats/stream.js'
import {silentLog} from '../../../../src/lib/node/log.js'
import {Inflow} from '../../../../src/lib/node/nats/inflow.js'
import {eventually} from '../../../helpers/eventually.js'

const STATE: StreamState = {created: 'c', leader: 'a', firstSeq: 1, lastSeq: 5}

const nothing = (): void => {}

test('a stream that does not answer is trouble from where it was last: its leader may be dead', async () => {
  const answers: (StreamState | undefined)[] = []
  let hasBegun = false
  const inflow = new Inflow({
    stream: {state: async () => answers.shift() ?? Promise.reject(new Error('timeout'))},
    lives: {epoch: 'e', isOf: () => true, look: async () => !hasBegun},
    log: silentLog, now: () => 0, isConnected: () => true,
    read: async () => [], isUnclear: () => false, deliver: nothing, marked: nothing,
    begun: () => (hasBegun = true), flushed: nothing, changed: nothing,
  })
  answers.push(STATE, STATE)
  inflow.catchUp('the node starts')
  await eventually(() => inflow.isFlowing)
  expect(inflow.troubledAfter).toBeUndefined()
  await eventually(async () => {
    await inflow.check()
    return inflow.troubledAfter === 5
  })
})
