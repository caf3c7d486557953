import {expect, test} from 'vitest'
import type {StreamState} from '../../../../src/lib/nats/stream.js'
import {silentLog} from '../../../../src/lib/node/log.js'
import {Inflow, type Arrival} from '../../../../src/lib/node/nats/inflow.js'
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

test('who waits for the answer of a leader that is dead asks the next one as soon as it leads', async () => {
  const asked: string[] = []
  let leader = 'a'
  const delivered: Arrival[] = []
  let hasBegun = false
  const inflow = new Inflow({
    // The dead one answers never, not even no.
    stream: {state: () => {
      asked.push(leader)
      return leader === '' ? new Promise(() => {}) : Promise.resolve({...STATE, leader})
    }},
    lives: {epoch: 'e', isOf: () => true, look: async () => !hasBegun},
    log: silentLog, now: () => 0, isConnected: () => true,
    read: async () => [], isUnclear: () => false, deliver: (all) => delivered.push(...all),
    marked: nothing, begun: () => (hasBegun = true), flushed: nothing, changed: nothing,
  })
  inflow.catchUp('the node starts')
  await eventually(() => inflow.isFlowing)
  leader = ''
  void inflow.check()
  inflow.catchUp('a message is missing')
  inflow.arrived({key: 1, seq: 6, before: 0, data: new Uint8Array(0)})
  await eventually(() => asked.filter((each) => each === '').length === 2)
  expect(delivered).toEqual([])
  leader = 'b'
  inflow.elected()
  await eventually(() => delivered.length === 1)
  inflow.stop()
})
