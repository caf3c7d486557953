/** Reading what a node missed: all of it, in order, and a busy subject not one by one. */
import {expect, test} from 'vitest'
import type {JetStream, StoredMessage} from '../../../../src/lib/nats/stream.js'
import {StreamReader} from '../../../../src/lib/node/nats/stream-reader.js'
import {EVERYONE, keyText, slotKey} from '../../../../src/lib/node/nats/subjects.js'
import {natsRelayOf} from '../../../helpers/nats.js'

const {stream: settings} = natsRelayOf(['read:4222'], {mesh: 'read'})
const USER = slotKey('u', '42', settings.slots)

/** A stream of these keys, from number 1 on, and how many were asked for beside each other. */
function streamOf(keys: readonly number[]) {
  const stored = keys.map((key, index): StoredMessage => ({
    subject: `read.m.${settings.slots}.${keyText(key)}`, seq: index + 1, data: Buffer.from([key]),
  }))
  const counts = {asked: 0, atOnce: 0, mostAtOnce: 0}
  const answer = async (found: StoredMessage | undefined) => {
    counts.asked += 1
    counts.atOnce += 1
    counts.mostAtOnce = Math.max(counts.mostAtOnce, counts.atOnce)
    await new Promise(setImmediate)
    counts.atOnce -= 1
    return found
  }
  const stream = {
    at: (seq: number) => answer(stored[seq - 1]),
    next: (subject: string, seq: number) =>
      answer(stored.find((each) => each.seq >= seq && each.subject === subject)),
  } as unknown as JetStream
  return {reader: new StreamReader(stream, settings), counts}
}

function seqsOf(found: readonly {readonly seq: number}[]): number[] {
  return found.map(({seq}) => seq)
}

const count = (length: number, from = 1) => Array.from({length}, (_, index) => from + index)

test('a busy subject is read in parts beside each other, each message once and in order', async () => {
  const {reader, counts} = streamOf(count(3000).map(() => EVERYONE))
  expect(seqsOf(await reader.subject(EVERYONE, 5, 2990))).toEqual(count(2985, 6))
  expect(counts.mostAtOnce).toBeGreaterThan(8)
  // One ask finds the end of a part, at most.
  expect(counts.asked).toBeLessThan(2985 * 1.1)
})

test('one that is quiet for long, and then busy, as well', async () => {
  const {reader, counts} = streamOf(count(4000).map((n) => (n > 2000 || n < 5 ? USER : EVERYONE)))
  expect(seqsOf(await reader.subject(USER, 0, 4000))).toEqual([...count(4), ...count(2000, 2001)])
  expect(counts.mostAtOnce).toBeGreaterThan(8)
})

test('of several subjects all comes in the order of the stream', async () => {
  const keys = count(4000).map((n) => (n % 3 === 0 ? USER : EVERYONE))
  const {reader} = streamOf(keys)
  const both = await reader.range(100, 3900, new Set([USER, EVERYONE]))
  expect(seqsOf(both)).toEqual(count(3800, 101))
  const one = await streamOf(keys).reader.range(3000, 3900, new Set([USER]))
  expect(seqsOf(one)).toEqual(count(900, 3001).filter((n) => n % 3 === 0))
})

test('more than may be kept is not read', async () => {
  const {reader, counts} = streamOf(count(3000).map(() => EVERYONE))
  await expect(reader.subject(EVERYONE, 0, 3000, 100)).rejects.toThrow('More than the history')
  expect(counts.asked).toBeLessThan(200)
})
