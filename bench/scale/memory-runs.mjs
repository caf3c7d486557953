/**
 * What things hold in memory, of a process of its own: `node --expose-gc`. Messages of the history;
 * subjects of NATS; other nodes' subjects, and what hearing of one costs.
 */
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'
import {Log} from '../../dist/lib/mesh/log.js'
import {connectNats} from '../../dist/lib/nats/nats-client.js'
import {Neighbours} from '../../dist/lib/node/nats/neighbours.js'
import {NatsProcess} from '../../dist/lib/process/nats-process.js'
import {freePort} from '../suite/processes.mjs'
import {decodeNodeFrame, encodeNodeFrame} from '../../dist/lib/protocol/node-codec.js'
import {encodePayload} from '../../dist/lib/protocol/payload.js'
import {decodeNews, encodeNews} from '../../dist/lib/protocol/relay-codec.js'
import {setTimeout as sleep} from 'node:timers/promises'
import {cpuUs, residentBytes} from './lab.mjs'

const BYTES = 128
const MESSAGES = 64_000
const BATCH = 16
const NEIGHBOURS = 100
const KEYS = 10_000
const SUBJECTS = 50_000
const READERS = 20
const NEWS_A_ROUND = 10

function held() {
  globalThis.gc()
  globalThis.gc()
  const {heapUsed, external, arrayBuffers} = process.memoryUsage()
  return heapUsed + Math.max(external, arrayBuffers)
}

/** Above the bytes of the text itself. */
function historyBytes() {
  const log = new Log()
  log.reset('f4fef11e38a98752')
  const before = held()
  for (let seq = 1; seq <= MESSAGES; seq += BATCH) {
    const entries = Array.from({length: BATCH}, (_, at) => ({
      term: 1, seq: seq + at,
      envelope: {
        origin: 'n-5ca68f81', counter: seq + at, callerId: undefined,
        target: {kind: 'user', ids: [`user${seq + at}`]},
        payload: encodePayload('m', ['x'.repeat(BYTES)]),
      },
    }))
    const after = {term: seq === 1 ? 0 : 1, seq: seq - 1}
    const frame = {type: 'relay', term: 1, after, entries, commit: 0, stable: 0}
    const {value} = decodeNodeFrame(encodeNodeFrame(frame))
    for (const entry of value.entries) log.append(entry, seq)
  }
  const bytes = (held() - before) / MESSAGES - BYTES
  return {bytes, messages: log.length}
}

function neighbours() {
  const of = new Neighbours({ask: () => {}, onGone: () => {}, now: () => 0})
  const before = held()
  for (let n = 0; n < NEIGHBOURS; n += 1) {
    const slot = (k) => (n * 7919 + k * 104_729) % 1_000_000
    const added = Array.from({length: KEYS}, (_, k) => 1 + 3 * slot(k))
    of.needs({type: 'needs', from: `n-${n}`, version: 1, isWhole: true, added, removed: []})
  }
  const bytes = (held() - before) / NEIGHBOURS / KEYS
  const told = 200_000
  const startMs = performance.now()
  for (let at = 0; at < told; at += 1) {
    const news = {
      type: 'needs', from: `n-${at % NEIGHBOURS}`, version: 2 + Math.floor(at / NEIGHBOURS),
      isWhole: false, added: [2 + 3 * (at % 1_000_000)], removed: [],
    }
    of.needs(decodeNews(encodeNews(news)).value)
  }
  return {bytes, newsUs: ((performance.now() - startMs) * 1000) / told}
}

async function subjects() {
  const folder = await mkdtemp(join(tmpdir(), 'wsmesh-scale-subs-'))
  const server = await NatsProcess.start({folder, port: await freePort()})
  try {
    const settings = {servers: [server.address], name: 'bench'}
    const client = await connectNats(settings, () => {})
    const [own, theirs] = [held(), residentBytes(server.pid)]
    for (let n = 0; n < SUBJECTS; n += 1) client.subscribe(`wsmesh.l.65536.u.${n}`, () => {})
    await sleep(3000)
    const bytes = {
      node: (held() - own) / SUBJECTS, server: (residentBytes(server.pid) - theirs) / SUBJECTS,
    }
    await client.close()
    return {...bytes, ...await passing(server, settings)}
  } finally {
    await server.end('SIGKILL')
    await rm(folder, {recursive: true, force: true})
  }
}

/** News for everybody: what it costs the server to pass it on, and a node to get it. */
async function passing(server, settings) {
  const sender = await connectNats(settings, () => {})
  const readers = []
  let heard = 0
  for (let n = 0; n < READERS; n += 1) {
    const reader = await connectNats(settings, () => {})
    reader.subscribe('wsmesh.n.all', ({data}) => (heard += decodeNews(data).ok ? 1 : 0))
    readers.push(reader)
  }
  const news = encodeNews({
    type: 'needs', from: 'n-5ca68f81', version: 7, isWhole: false, added: [77], removed: [],
  })
  const send = async (rounds) => {
    for (let round = 0; round < rounds; round += 1) {
      for (let n = 0; n < NEWS_A_ROUND; n += 1) sender.publish('wsmesh.n.all', news)
      await sleep(5)
    }
    await sleep(200)
  }
  await send(100)
  heard = 0
  const [before, own] = [cpuUs(server.pid), cpuUs(process.pid)]
  await send(200)
  const us = {
    passUs: (cpuUs(server.pid) - before) / heard, hearUs: (cpuUs(process.pid) - own) / heard,
  }
  for (const client of [sender, ...readers]) await client.close()
  return us
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const rows = [
    {kind: 'history', ...historyBytes()}, {kind: 'neighbours', ...neighbours()},
    {kind: 'subjects', ...await subjects()},
  ]
  console.log(JSON.stringify(rows))
  process.exit()
}
