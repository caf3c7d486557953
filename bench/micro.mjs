/**
 * What single steps of a message cost, without sockets: `npm run build && node bench/micro.mjs`, or
 * with a word, those whose name has it. For finding where time goes; what it comes to is measured by
 * `npm run bench`.
 */
import {createJiti} from 'jiti'
import {bench, do_not_optimize, group, run} from 'mitata'
import {ClientRegistry} from '../dist/lib/node/client-registry.js'
import {messageFrame} from '../dist/lib/node/message-frames.js'
import {decodeClientFrame} from '../dist/lib/protocol/client-frame.js'
import {decodeNodeFrame, encodeNodeFrame} from '../dist/lib/protocol/node-codec.js'
import {encodePayload} from '../dist/lib/protocol/payload.js'
import {targetFromJson} from '../dist/lib/protocol/target.js'

const CLIENTS = 1000
const BATCH = 16
const EPOCH = 'f4fef11e38a98752'
const text = 'x'.repeat(128)
const clientFrame = Buffer.from(JSON.stringify({action: 'group', details: [text, 'g']}))
const payload = encodePayload('m', [text])
const target = {kind: 'group', ids: ['g']}
const envelope = (counter) => ({origin: 'n-5ca68f81', counter, callerId: undefined, target, payload})
const place = {term: 7, seq: 100_000}
const message = {...place, envelope: envelope(7), repeatOf: undefined}
const relay = {
  type: 'relay', term: 7, after: place, commit: 100_000, stable: 99_000,
  entries: Array.from({length: BATCH}, (_, at) =>
    ({term: 7, seq: place.seq + 1 + at, envelope: envelope(500 + at)})),
}
const relayBytes = encodeNodeFrame(relay)

function codec() {
  bench('client frame in: bytes to action and details', () => decodeClientFrame(clientFrame))
  bench('payload: details to JSON, once a message', () => encodePayload('m', [text]))
  bench('client frame out: wsmesh.v1, once a message', () => messageFrame(message, EPOCH, 'v1'))
  bench(`relay frame of ${BATCH}: encode`, () => encodeNodeFrame(relay))
  bench(`relay frame of ${BATCH}: decode`, () => decodeNodeFrame(relayBytes))
}

/** 1,000 connections: each a user, all in group `g`, one in group `one`. */
function crowd() {
  const registry = new ClientRegistry(() => 0)
  for (let at = 0; at < CLIENTS; at += 1) {
    const connection = {
      id: `n-c${at}`, address: '127.0.0.1', mark: 0, identity: undefined, visit: undefined,
      origin: {address: '127.0.0.1'}, ownProperties: {},
    }
    registry.add(connection)
    registry.identify(connection, {
      user: `u${at}`, groups: at === 0 ? ['g', 'one'] : ['g'], session: `s${at}`,
      properties: {language: at % 2 ? 'en' : 'de'},
    })
  }
  return registry
}

function dispatch() {
  const registry = crowd()
  const targets = {
    'one user': {user: 'u500'}, 'a group of 1': {group: 'one'}, 'a group of 1,000': {group: 'g'},
    'everyone, 1,000': {everyone: true}, 'half of 1,000 by a filter': {filter: {language: 'en'}},
  }
  for (const [name, json] of Object.entries(targets)) {
    const read = targetFromJson(json)
    const to = read.value ?? read
    let seen = 0
    bench(`dispatch to ${name}`, () => {
      registry.visit(to, () => (seen += 1) > 0)
      do_not_optimize(seen)
    })
  }
}

/** The pure core of a master: a message gets its place, copies, is delivered and has its receipt. */
function relaying() {
  const alone = new CoreBench(['a'], {})
  alone.run(50)
  let ticket = 0
  bench('core: publish to receipt, a mesh of one', () => {
    ticket += 1
    alone.publish(ticket)
    alone.step({type: 'flush'})
    if (alone.took('receipt').length === 0) throw new Error('no receipt')
  })
  const master = new CoreBench(['a', 'b', 'c'], {})
  master.run(50)
  for (const name of ['b', 'c']) master.followedBy(name, 0)
  for (const name of ['b', 'c']) master.ack(name, 1, 1, 1)
  master.run(50)
  bench('core: publish to receipt, a master of three nodes', () => {
    ticket += 1
    master.publish(ticket)
    const sent = master.took('send').findLast(({frame}) => frame.type === 'relay')
    const {seq} = sent.frame.entries.at(-1)
    for (const name of ['b', 'c']) {
      master.hear(name, {
        type: 'ack', term: 1, held: seq, delivered: seq, countsAfter: seq - 1, connections: [1],
      })
    }
    master.step({type: 'flush'})
    if (master.took('receipt').length === 0) throw new Error('no receipt')
  })
}

const jiti = createJiti(import.meta.url)
const {CoreBench} = await jiti.import('../test/helpers/core-bench.ts')
const word = process.argv[2] ?? ''
for (const [name, part] of Object.entries({codec, dispatch, relay: relaying})) {
  if (name.includes(word)) group(name, part)
}
await run()
