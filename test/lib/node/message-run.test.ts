import {expect, it} from 'vitest'
import {encodeControl} from '../../../src/lib/protocol/control.js'
import type {DeliveredMessage} from '../../../src/lib/mesh/coming-back.js'
import type {TargetJson} from '../../../src/lib/protocol/target.js'
import {deflatedFrame, joinFrames, buildFrame} from '../../../src/lib/transport/frame.js'
import {randomInteger, seededRandom, type Random} from '../../../src/lib/util/random.js'
import {ClientBench, type BenchClient} from '../../helpers/client-bench.js'

const USERS = ['1', '2', '3', '4'] as const
const TARGETS: readonly TargetJson[] = [
  {everyone: true}, {registered: true}, {group: 'a'}, {group: ['b', 'a']}, {group: ['a', 'b']},
  {user: 1}, {user: ['2', '3']}, {filter: {user: '2'}}, {filter: {language: 'en'}},
]
const QUEUE_BYTES = 4000

/** Four users, one of each form and one who is slow: so much room is left for it. */
async function crowd(slowRoomBytes: number) {
  const bench = new ClientBench({limits: {clientQueueBytes: QUEUE_BYTES}})
  const clients: BenchClient[] = []
  for (const [index, user] of USERS.entries()) {
    const client = bench.connect(index === 0 ? 'v1' : 'object')
    await client.login(user, {groups: index < 2 ? ['a'] : ['a', 'b']})
    clients.push(client)
  }
  const slow = clients.at(-1)?.socket
  if (slow !== undefined) slow.stuckBytes = QUEUE_BYTES - slowRoomBytes
  return {bench, clients}
}

/** Runs of one target, mostly, and now and then a kick among them. */
function someMessages(bench: ClientBench, random: Random): DeliveredMessage[] {
  const messages: DeliveredMessage[] = []
  while (messages.length < 24) {
    const to = TARGETS[randomInteger(random, 0, TARGETS.length - 1)] ?? {everyone: true}
    for (let n = randomInteger(random, 1, 6); n > 0; n -= 1) {
      const text = 'x'.repeat(randomInteger(random, 0, 300))
      messages.push(bench.message(`a${messages.length}`, [text], to))
    }
    if (randomInteger(random, 0, 9) > 0) continue
    const kick = bench.message('x', null, {user: USERS[randomInteger(random, 0, 3)] ?? '1'})
    const payload = encodeControl({op: 'kick'})
    messages.push({...kick, envelope: {...kick.envelope, payload}})
  }
  return messages
}

it('all at once are what one after the other are, for fast and for slow', async () => {
  for (let seed = 1; seed <= 15; seed += 1) {
    const room = randomInteger(seededRandom(seed), 0, QUEUE_BYTES)
    const [together, apart] = [await crowd(room), await crowd(room)]
    const messages = someMessages(together.bench, seededRandom(seed))
    const ofTogether = together.bench.deliverAll(messages)
    const ofApart = messages.map((message) => apart.bench.deliverAll([message])[0])
    const seen = ({bench, clients}: typeof together) => ({
      texts: clients.map(({socket}) => socket.texts),
      closed: clients.map(({socket}) => socket.closed),
      told: [...bench.registry.all()].map(({toldSeq}) => toldSeq),
      ended: [...bench.registry.visits.past()].map(({end}) => end),
      counters: bench.counters.all(),
    })
    expect(ofTogether, `seed ${seed}`).toEqual(ofApart)
    expect(seen(together), `seed ${seed}`).toEqual(seen(apart))
  }
})

it('clients are gone through once for a run, and share one piece of bytes', async () => {
  const {bench, clients} = await crowd(QUEUE_BYTES)
  bench.deliverAll([1, 2, 3].map((n) => bench.message('x', [n], {everyone: true})))
  const pieces = clients.map(({socket}) => socket.frames)
  expect(pieces.map(({length}) => length)).toEqual([1, 1, 1, 1])
  // One of each form.
  expect(new Set(pieces.flat()).size).toBe(2)
})

it('a joined frame is deflated part by part', () => {
  const big = buildFrame(Buffer.from('x'.repeat(5000)), false)
  const small = buildFrame(Buffer.from('y'), false)
  const {bytes} = deflatedFrame(joinFrames([big, small]))
  expect(bytes).toEqual(Buffer.concat([deflatedFrame(big).bytes, small.bytes]))
  expect(bytes.length).toBeLessThan(big.bytes.length)
})
