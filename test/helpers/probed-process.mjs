/** A small process that samples itself: as a child, since Vitest's own heap takes seconds to count. */
import {EventEmitter} from 'node:events'
import {snapshotHeap} from '../../dist/lib/probe/heap-snapshot.js'
import {sampleProcess} from '../../dist/lib/probe/process-sample.js'

class Fixture {
  payload = {fixtureKey: 1, fixtureOther: 2}
}

class Keeper extends EventEmitter {
  kept = new Map()
}

const touched = []
const traps = new Proxy({}, {
  get: () => touched.push('get'),
  getPrototypeOf() {
    touched.push('getPrototypeOf')
    return null
  },
})
const child = Object.create({
  get constructor() {
    touched.push('constructor')
    return Object
  },
})

const keeper = new Keeper()
const names = new Set()
const gauges = () => ({kept: {kind: 'exact', value: keeper.kept.size}})
const before = await sampleProcess(gauges)
for (let n = 0; n < 137; n += 1) keeper.kept.set(`u${n}`, new Set([new Fixture()]))
for (let n = 0; n < 5000; n += 1) names.add(`user ${n}`)
for (let n = 0; n < 7; n += 1) keeper.on('news', () => n)
const [full, second] = await Promise.all([sampleProcess(gauges), sampleProcess(gauges)])
globalThis.held = keeper
const snapshot = await snapshotHeap(['Fixture', 'largest Set', 'Nothing'])
keeper.kept.clear()
const after = await sampleProcess(gauges)
process.stdout.write(JSON.stringify({
  before, full, second, after, snapshot, touched, held: [traps, child, names].length,
}))
