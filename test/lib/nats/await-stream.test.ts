/** A stream that is not there yet, as servers that have just started describe it. */
import {expect, test} from 'vitest'
import {awaitStream} from '../../../src/lib/nats/await-stream.js'
import type {NatsClient} from '../../../src/lib/nats/nats-client.js'
import {JetStream, streamConfig} from '../../../src/lib/nats/stream.js'
import {natsRelayOf} from '../../helpers/nats.js'

const {stream} = natsRelayOf(['new:4222'], {replicas: 3})
const NO_STREAM = {error: {err_code: 10_059, description: 'stream not found'}}
const NO_LEADER = {error: {err_code: 10_008, description: 'JetStream system temporarily unavailable'}}
const TOO_FEW = {error: {err_code: 10_005, description: 'no suitable peers for placement'}}
const FOUND = {config: streamConfig(stream)}

/** Answers so, one after the other, then always with the last; an Error: it does not. */
function serverOf(...answers: readonly (object | Error)[]): NatsClient & {readonly asked: string[]} {
  const asked: string[] = []
  const left = [...answers]
  const request = async (subject: string): Promise<Uint8Array> => {
    asked.push(subject.split('.').slice(2, 4).join('.'))
    const answer = left.length > 1 ? left.shift() : left[0]
    if (answer instanceof Error) throw answer
    return new TextEncoder().encode(JSON.stringify(answer))
  }
  const about = {version: '2.9.10', server: 'new:4222', hasJetStream: true}
  return {...about, asked, request} as unknown as NatsClient & {readonly asked: string[]}
}

test('is waited for, and said once, until it can be made', async () => {
  const said: string[] = []
  const server = serverOf(new Error('timeout'), NO_STREAM, TOO_FEW, NO_STREAM, {})
  expect(await awaitStream(server, stream, ({message}) => said.push(message))).toEqual([])
  expect(said).toEqual(['JetStream at new:4222: timeout'])
  expect(server.asked).toEqual([
    'STREAM.INFO', 'STREAM.INFO', 'STREAM.CREATE', 'STREAM.INFO', 'STREAM.CREATE',
  ])
})

test('is found when another node has made it meanwhile', async () => {
  const server = serverOf(NO_STREAM, {error: {err_code: 10_058, description: 'in use'}}, FOUND)
  expect(await awaitStream(server, stream, () => {})).toEqual([])
})

test('is given up in time, with what was in the way last', async () => {
  const waiting = awaitStream(serverOf(new Error('timeout'), NO_LEADER), stream, () => {}, 100)
  await expect(waiting).rejects.toMatchObject({
    code: 'RELAY_UNREACHABLE', message: expect.stringContaining('temporarily unavailable') as string,
  })
})

test('what will not change is not waited for', async () => {
  const never = serverOf(NO_STREAM, {error: {err_code: 10_074, description: 'replicas > 1'}})
  await expect(awaitStream(never, stream, () => {})).rejects.toMatchObject({code: 'RELAY_UNUSABLE'})
  expect(never.asked).toHaveLength(2)
})

test('when it was made is what its maker wrote down, whatever each server says', async () => {
  const asked: string[] = []
  const state = {first_seq: 1, last_seq: 7}
  const made = '2026-11-23T14:38:43.214101595Z'
  const answers = [NO_STREAM, {}].map((answer) => new TextEncoder().encode(JSON.stringify(answer)))
  const making = {
    ...serverOf({}),
    request: async (_subject: string, body: Uint8Array) => {
      asked.push(new TextDecoder().decode(body))
      return answers.shift()
    },
  } as unknown as NatsClient
  await awaitStream(making, stream, () => {})
  const {description} = JSON.parse(asked[1] ?? '') as {description: string}
  const read = (created: string, config: object) =>
    new JetStream(serverOf({created, state, config}), stream).state()
  const one = await read('2026-11-23T14:00:00Z', {description})
  expect(one.created).toMatch(/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{9}Z$/)
  expect((await read('2026-11-23T14:00:01Z', {description})).created).toBe(one.created)
  // Made by hand, from what `relay init --print` prints.
  expect((await read(made, streamConfig(stream))).created).toBe(made)
})
