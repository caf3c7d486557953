import {expect, test} from 'vitest'
import type {StoredMessage} from '../../../../src/lib/nats/stream.js'
import {Lives} from '../../../../src/lib/node/nats/lives.js'
import {epochOf} from '../../../../src/lib/node/nats/places.js'
import {Troubles} from '../../../../src/lib/node/nats/troubles.js'
import {silentLog} from '../../../../src/lib/node/log.js'

const CREATED = '2026-11-23T14:38:43.214101595Z'
const SUBJECT = 'losses'

/** A stream, and nodes that look at it. */
function bench() {
  const messages: StoredMessage[] = []
  const clock = {nowMs: 0}
  const store = async (subject: string, data: Uint8Array): Promise<void> => {
    messages.push({subject, seq: messages.length + 1, data})
  }
  const stream = {
    at: async (seq: number) => messages[seq - 1],
    last: async (subject: string) => messages.findLast((message) => message.subject === subject),
    store,
  }
  const node = () => new Lives({
    stream, subject: SUBJECT, historyMs: 3000, log: silentLog, now: () => clock.nowMs,
  })
  const state = (created = CREATED) =>
    ({created, leader: '', firstSeq: 1, lastSeq: messages.length})
  const add = (text: string) => store('u.1', new TextEncoder().encode(text))
  return {messages, clock, node, state, add}
}

test('a stream that goes on is the same; one that is made anew is another', async () => {
  const {node, state, add, messages} = bench()
  const lives = node()
  expect(await lives.look(state(), 0, undefined)).toBe(true)
  await add('one')
  expect(await lives.look(state(), 1, messages[0])).toBe(false)
  expect(lives.epoch).toBe(epochOf(CREATED))
  expect(await lives.look(state('2026-11-24T00:00:00Z'), 1, messages[0])).toBe(true)
})

test('one that ends before what was had has lost its end: all nodes say so alike', async () => {
  const {node, state, add, messages} = bench()
  const [a, b] = [node(), node()]
  await add('one')
  await add('two')
  for (const lives of [a, b]) await lives.look(state(), 0, undefined)
  const last = messages.pop()
  expect(await a.look(state(), 2, last)).toBe(true)
  expect(a.epoch).toBe(epochOf(CREATED, 1))
  expect(await a.look(state(), messages.length, undefined)).toBe(false)
  // The other one had less, and hears of it; so does one that comes later.
  expect(b.heard(messages.at(-1)?.data ?? new Uint8Array())).toBe(true)
  expect(await b.look(state(), 1, messages[0])).toBe(true)
  const late = node()
  await late.look(state(), 0, undefined)
  expect([b.epoch, late.epoch]).toEqual([a.epoch, a.epoch])
  expect(a.heard(messages.at(-1)?.data ?? new Uint8Array())).toBe(false)
})

test('numbers that were given again already show by what stands there', async () => {
  const {node, state, add, messages} = bench()
  const lives = node()
  await add('one')
  await lives.look(state(), 0, undefined)
  const [had] = messages.splice(0)
  await add('another')
  await add('two')
  expect(await lives.look(state(), 1, had)).toBe(true)
  expect(lives.epoch).toBe(epochOf(CREATED, 1))
})

test('what is written of it is written again before it is too old, and believed of nobody', async () => {
  const {node, state, add, messages, clock} = bench()
  const lives = node()
  await add('one')
  await lives.look(state(), 0, undefined)
  await lives.look(state(), 5, undefined)
  const written = () => messages.filter(({subject}) => subject === SUBJECT).length
  lives.sweep()
  expect(written()).toBe(1)
  clock.nowMs = 1100
  lives.sweep()
  expect(written()).toBe(2)
  expect(lives.heard(new TextEncoder().encode('1e9'))).toBe(false)
  expect(lives.heard(new TextEncoder().encode('99999999'))).toBe(false)
  expect(lives.heard(new Uint8Array([255, 0]))).toBe(false)
})

test('troubles are remembered for half a minute each, by where the first of them began', () => {
  const clock = {nowMs: 0}
  const troubles = new Troubles(() => clock.nowMs)
  expect(troubles.after).toBeUndefined()
  troubles.note(5)
  clock.nowMs = 20_000
  troubles.note(70)
  troubles.note(71)
  expect(troubles.after).toBe(5)
  clock.nowMs = 31_000
  expect(troubles.after).toBe(70)
  troubles.begin()
  expect(troubles.after).toBe(0)
  clock.nowMs = 51_000
  expect(troubles.after).toBeUndefined()
})
