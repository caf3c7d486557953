import {createServer} from 'node:net'
import {once} from 'node:events'
import {afterAll, beforeAll, expect, test} from 'vitest'
import type {AddressInfo} from 'node:net'
import type {Failover} from '../../../src/lib/siege/soak/failover.js'
import {killMaster, STEP_DOWN} from '../../../src/lib/siege/soak/failover.js'
import {runSoak} from '../../../src/lib/siege/soak/run-soak.js'
import {judgeServers} from '../../../src/lib/siege/soak/soak-report.js'
import type {RestState, SoakTarget} from '../../../src/lib/siege/soak/soak-target.js'
import {WsmeshError} from '../../../src/lib/util/errors.js'
import {seededRandom} from '../../../src/lib/util/random.js'
import {soakSeries} from '../../helpers/soak-series.js'

/** Visits break off at once: any port that takes connections will do. */
const server = createServer((socket) => socket.on('error', () => socket.destroy()).destroy())
let url = ''

beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`
})
afterAll(() => server.close())

/** A node that was never there: the same at each look. */
class StillTarget implements SoakTarget {
  readonly place: SoakTarget['place']
  readonly #pid: number
  isMaster: boolean
  isClosed = false

  constructor(name: string, pid: number, isMaster: boolean) {
    this.place = {name, clientUrl: url, operatorUrl: undefined}
    this.#pid = pid
    this.isMaster = isMaster
  }

  rest(): Promise<RestState> {
    return Promise.resolve({
      connections: 0, underWay: 0, history: 0,
      place: {isSettled: true, isMaster: this.isMaster, links: 1, term: 1},
    })
  }

  sample() {
    const [taken] = soakSeries({random: seededRandom(1), cycles: 1})
    if (taken === undefined) throw new RangeError('no sample')
    return Promise.resolve({sample: {...taken.sample, pid: this.#pid}, snapshot: null})
  }

  async publish(): Promise<void> {}

  async post(): Promise<void> {}

  close(): void {
    this.isClosed = true
  }
}

function soakOf(targets: readonly SoakTarget[], failover: Failover) {
  return runSoak({
    targets, protocol: 'plain', secret: undefined, kinds: ['abort'], cycles: 12, forMs: undefined,
    connections: 4, warmUpConnections: 4, warmUpVisits: 5, connectPerS: 100_000, detailsBytes: 60,
    restMs: 1000, settleMs: 0, seed: 1, failover, signal: new AbortController().signal,
    onCycle: () => {},
  })
}

test('a killed master: its successor is another process, warmed up and measured as long', async () => {
  const [a, b] = [new StillTarget('a', 1, true), new StillTarget('b', 2, false)]
  const fresh = new StillTarget('a', 3, false)
  const run = await soakOf([a, b], {
    kind: 'kill',
    run: () => Promise.resolve({what: 'a was killed', replaced: {index: 0, target: fresh}}),
  })
  expect(run.targets).toEqual([fresh, b])
  // Five to warm up, three, then again five and twelve, of which the third is the first.
  expect(run.failovers).toEqual(['in cycle 8 a was killed'])
  const judged = judgeServers(run, {detectionLimitBytes: 1e9})
  expect(judged.map(({name, verdict}) => [name, verdict])).toEqual([['a', 'pass'], ['b', 'pass']])
  const [ofA, ofB] = judged.map(({samples}) => samples)
  expect(new Set(ofA?.map(({sample}) => sample.pid))).toEqual(new Set([3]))
  expect(ofA?.filter(({isWarmUp}) => isWarmUp)).toHaveLength(5)
  expect(ofA?.filter(({isWarmUp}) => !isWarmUp).length).toBeGreaterThanOrEqual(12)
  expect(ofB?.filter(({isWarmUp}) => !isWarmUp)).toHaveLength(19)
})

test('who takes over begins afresh, and is measured as long as if it had led before', async () => {
  const [a, b] = [new StillTarget('a', 1, true), new StillTarget('b', 2, false)]
  const run = await soakOf([a, b], {
    kind: 'step-down',
    async run() {
      a.isMaster = false
      b.isMaster = true
      return {what: 'a handed over to b', replaced: undefined}
    },
  })
  expect(run.failovers).toEqual([
    'in cycle 8 a handed over to b',
    'a leads no longer: its measure begins afresh, five cycles warm it up',
    'b leads since then: its measure begins afresh, five cycles warm it up',
  ])
  for (const {samples} of run.records) {
    const measured = samples.filter(({isWarmUp}) => !isWarmUp).map(({cycle}) => cycle)
    expect([measured[0], measured.length]).toEqual([13, 12])
    expect(samples[0]?.cycle).toBe(1)
  }
})

test('a mesh whose master seems to be the same is measured on', async () => {
  const [a, b] = [new StillTarget('a', 1, true), new StillTarget('b', 2, false)]
  const handOver: Failover = {
    kind: 'step-down', run: () => Promise.resolve({what: 'a handed over', replaced: undefined}),
  }
  const run = await soakOf([a, b], handOver)
  expect(run.failovers).toEqual(['in cycle 8 a handed over'])
  expect(judgeServers(run, {detectionLimitBytes: 1e9}).map(({verdict}) => verdict))
    .toEqual(['pass', 'pass'])
})

test('a mesh without another master afterwards: INVALID, and it says why', async () => {
  const targets = [new StillTarget('a', 1, true), new StillTarget('b', 2, false)]
  const run = await soakOf(targets, {
    kind: 'step-down',
    run: () => Promise.reject(new WsmeshError('NODE_FAILED', 'nobody leads')),
  })
  const [first] = judgeServers(run, {detectionLimitBytes: 1e9})
  expect(first).toMatchObject({verdict: 'invalid', summary: 'the failover: nobody leads'})
})

test('the place of a killed master is taken when another one leads', async () => {
  const [a, b] = [new StillTarget('a', 1, true), new StillTarget('b', 2, false)]
  const places = [{name: 'a', ready: undefined}, {name: 'b', ready: undefined}]
  const done: string[] = []
  const mesh = {
    places,
    master: () => Promise.resolve(places[0]),
    kill: () => Promise.resolve(done.push('killed')).then(() => void (b.isMaster = true)),
    start: () => Promise.resolve(void done.push('started')),
    whole: () => Promise.resolve(done.push('whole')),
  }
  const targets = ['a', 'b'].map((name) => ({
    name, clientUrl: url, operatorUrl: undefined, httpUrl: undefined,
  }))
  const failover = killMaster({
    mesh: {mesh, targets} as unknown as Parameters<typeof killMaster>[0]['mesh'],
    targetOf: ({name}) => new StillTarget(name, 9, false),
  })
  const {what, replaced} = await failover.run([a, b])
  expect(done).toEqual(['killed', 'started', 'whole'])
  expect(what).toMatch(/^a was killed as master, b took over; a is another process/)
  expect([replaced?.index, a.isClosed]).toEqual([0, true])
})

test('of a mesh in which no node is master, none hands over', async () => {
  const targets = [new StillTarget('a', 1, false)]
  const failed = STEP_DOWN.run(targets, 50)
  await expect(failed).rejects.toThrow('No node is master')
})
