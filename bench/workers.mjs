/**
 * What `wsmesh serve --supervise --workers 2` costs: CPU of all its processes for each delivery,
 * while all clients are connected and the load runs, and not before. Beside it, in turn, under the
 * same load: one node with all of the clients; two nodes that know nothing of each other, with half
 * of them each, so that what the machine makes of two busy processes is seen by itself; and one
 * node with what each of two has, since people take workers because one core is full.
 *
 *   npm run build && node bench/workers.mjs [--rounds 5] [--seconds 6] [--warm 3] [--clients 1000]
 *     [--rate-everyone 40] [--rate 6000] [--load everyone|'one user'] [--pin] [--busy] [--json]
 *
 * --rate: messages a second to one user each, in all. --rate-everyone: messages a second that each
 * client gets. --pin: all nodes on one core, so that no two of them run at once and take each
 * other's part of what two cores share; the driver has the other in any case.
 * --busy: what other programs disturb is noted, and counts all the same.
 * Each round starts each kind anew, every second one the other way round; a ratio is of one round.
 */
import {once} from 'node:events'
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {createInterface} from 'node:readline'
import {parseArgs} from 'node:util'
import {compile, Driver, pinned} from './suite/driver.mjs'
import {faultOf, figuresOf, spread} from './suite/measure.mjs'
import {frameTo, SERVE, wsmeshDoor} from './suite/peers.mjs'
import {start} from './suite/processes.mjs'

const {values} = parseArgs({
  options: {
    rounds: {type: 'string', default: '5'},
    seconds: {type: 'string', default: '6'},
    warm: {type: 'string', default: '3'},
    clients: {type: 'string', default: '1000'},
    'rate-everyone': {type: 'string', default: '40'},
    rate: {type: 'string', default: '6000'},
    load: {type: 'string'},
    pin: {type: 'boolean', default: false},
    busy: {type: 'boolean', default: false},
    json: {type: 'boolean', default: false},
  },
})
const [rounds, seconds, warm, clients, rateEveryone, rate] = [
  values.rounds, values.seconds, values.warm, values.clients, values['rate-everyone'], values.rate,
].map(Number)
const BYTES = 128
/** The driver has four streams. */
const STREAMS = 4

const folder = mkdtempSync(join(tmpdir(), 'wsmesh-bench-workers-'))
const program = compile('driver', folder)
if (program === undefined) throw new Error('This bench needs a C compiler (cc)')

/** Started as people do it: the processes, the port, and what a client has to say. */
async function serve(count, flags) {
  const dataDir = mkdtempSync(join(folder, 'data-'))
  const command = [process.execPath, ...SERVE, '--drain-seconds', '0', ...flags]
  const [name, ...args] = values.pin ? pinned(1, command) : command
  const child = start(name, args, {
    env: {...process.env, WSMESH_DATA_DIR: dataDir}, stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = []
  for await (const line of createInterface({input: child.stdout})) {
    lines.push(JSON.parse(line))
    if (lines.length === count) break
  }
  return {
    pids: [...new Set([child.pid, ...lines.map(({pid}) => pid)])],
    ports: [new URL(lines[0].httpUrl).port],
    ...await wsmeshDoor(dataDir),
    async stop() {
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

const oneNode = () => serve(1, [])

/** `share` of the load: what the kind has of it in all. */
const KINDS = {
  'one node': {share: 1, start: async () => [await oneNode()]},
  'half of it': {share: 0.5, start: async () => [await oneNode()]},
  '2 apart': {share: 1, start: async () => [await oneNode(), await oneNode()]},
  '2 workers': {
    share: 1, start: async () => [await serve(2, ['--supervise', '--workers', '2'])],
  },
}

/** Streams of the driver, as `all` servers share the load. */
const LOADS = {
  everyone: (all, each) => all.map((server, at) => ({
    from: at * each, ...frameTo(server, 'all', BYTES), expected: each, load: `r${rateEveryone}`,
  })),
  'one user': (all, each, share) => Array.from({length: STREAMS}, (_, id) => {
    const at = Math.floor((id * all.length) / STREAMS)
    const suffix = `","u${(at + 1) * each - 1 - id}"]}`
    return {
      from: at * each + id, ...frameTo(all[at], 'user', BYTES), suffix, expected: 1,
      load: `r${(rate * share) / STREAMS}`,
    }
  }),
}

async function enter(driver, server, first, count) {
  const users = Array.from({length: count}, (_, n) => `u${first + n}`)
  const door = {...server, port: server.ports[0], firstFile: await server.firstFile(users)}
  await driver.open(door, count)
}

async function measure({share, start: startAll}, streamsOf) {
  const all = await startAll()
  const driver = new Driver(pinned(0, [program]))
  try {
    await driver.watch(all.flatMap(({pids}) => pids))
    const each = (clients * share) / all.length
    for (const [at, server] of all.entries()) await enter(driver, server, at * each, each)
    const streams = streamsOf(all, each, share)
    for (const [id, stream] of streams.entries()) await driver.stream(id, stream)
    const loads = Object.fromEntries(streams.map(({load}, id) => [id, load]))
    const run = await driver.run(seconds, warm, loads)
    return {...figuresOf(run), fault: faultOf(run, 'r1')}
  } finally {
    await driver.end()
    await Promise.all(all.map((server) => server.stop()))
  }
}

const PAIRS = [
  ['2 workers', 'one node'], ['2 apart', 'one node'], ['2 workers', '2 apart'],
  ['2 workers', 'half of it'], ['2 apart', 'half of it'],
]

function told({median, min, max}, digits) {
  return `${median.toFixed(digits)} (${min.toFixed(digits)} to ${max.toFixed(digits)})`
}

const results = {}
for (const [name, streamsOf] of Object.entries(LOADS)) {
  if (values.load !== undefined && values.load !== name) continue
  const kinds = Object.entries(KINDS)
  const done = []
  for (let round = 0; round < rounds; round += 1) {
    const found = {}
    for (const [kind, what] of round % 2 === 0 ? kinds : kinds.toReversed()) {
      found[kind] = await measure(what, streamsOf)
      const {fault} = found[kind]
      if (fault === undefined) continue
      console.error(`${name}, ${kind}: ${values.busy ? 'noted' : 'does not count'}, ${fault}`)
      if (values.busy) found[kind].fault = undefined
    }
    done.push(found)
  }
  results[name] = done
  if (values.json) continue
  const figures = (kind, key) =>
    done.filter((found) => found[kind].fault === undefined).map((found) => found[kind][key])
  for (const [kind] of kinds) {
    const all = figures(kind, 'cpuUs')
    if (all.length === 0) continue
    console.log(`${name}, ${kind}: ${told(spread(all), 2)} us of CPU a delivery, `
      + `${(spread(figures(kind, 'serverShare')).median * 100).toFixed(0)} % of a core, `
      + `p99 ${(spread(figures(kind, 'p99Us')).median / 1000).toFixed(1)} ms`)
  }
  for (const [one, other] of PAIRS) {
    const both = done.filter((found) => !found[one].fault && !found[other].fault)
    if (both.length === 0) continue
    const ratio = spread(both.map((found) => found[one].cpuUs / found[other].cpuUs))
    console.log(`${name}, ${one} / ${other}: ${told(ratio, 2)} times, ${ratio.n} rounds`)
  }
}
if (values.json) console.log(JSON.stringify(results))
rmSync(folder, {recursive: true, force: true})
