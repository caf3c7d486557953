import {describe, expect, test} from 'vitest'

import {NodeFleet} from '../../../src/lib/demo/node-fleet.js'
import type {FleetOptions} from '../../../src/lib/demo/node-fleet.js'
import type {ReadyLine} from '../../../src/lib/process/child-line.js'
import type {NodeProcess} from '../../../src/lib/process/node-process.js'
import {withResolvers} from '../../../src/lib/operator/resolvers.js'
import {WsmeshError} from '../../../src/lib/util/errors.js'
import {eventually} from '../../helpers/eventually.js'

/** A node that does what a test says. */
class FakeNode implements NodeProcess {
  readonly pid: number
  readonly signals: string[] = []
  readonly #ready = withResolvers<ReadyLine>()
  readonly #ended = withResolvers<string>()
  readonly ready = this.#ready.promise
  readonly ended = this.#ended.promise
  /** A stubborn one does not end by SIGTERM. */
  readonly isStubborn: boolean

  constructor(pid: number, isStubborn: boolean) {
    this.pid = pid
    this.isStubborn = isStubborn
    this.ready.catch(() => {})
  }

  becomeReady(): void {
    this.#ready.resolve({
      node: `n-${this.pid}`, role: 'follower', term: 1, clientUrl: 'ws://c', nodeUrl: 'ws://n',
      apiUrl: '', httpUrl: 'http://h', pool: 'p', pid: this.pid,
    })
  }

  end(how: string): void {
    this.#ready.reject(new WsmeshError('NODE_FAILED', how))
    this.#ended.resolve(how)
  }

  signal(name: 'SIGTERM' | 'SIGKILL'): void {
    this.signals.push(name)
    if (name === 'SIGKILL' || !this.isStubborn) this.end(`killed by ${name}`)
  }

  tell(): void {
    throw new Error('Nobody of a fleet listens')
  }
}

function createFleet({stubborn = false, ...options}: Partial<FleetOptions> & {stubborn?: boolean}) {
  const started: FakeNode[] = []
  const reports: string[] = []
  const fleet = new NodeFleet({
    count: 3, restartMs: 1, readyMs: 5000, stopMs: 5000, listCommand: 'wsmesh pool list',
    report: (line) => reports.push(line),
    start: () => {
      const node = new FakeNode(started.length + 1, stubborn)
      started.push(node)
      return node
    },
    ...options,
  })
  return {fleet, started, reports}
}

async function startAll(fleet: NodeFleet, started: readonly FakeNode[]): Promise<void> {
  const all = fleet.start()
  await eventually(() => started.length === 1)
  started[0]?.becomeReady()
  await eventually(() => started.length === 3)
  for (const node of started) node.becomeReady()
  await all
}

describe('a fleet', () => {
  test('starts the first alone, then the others', async () => {
    const {fleet, started} = createFleet({})
    await startAll(fleet, started)
    expect(fleet.nodes().map(({name, ready}) => [name, ready?.node])).toEqual([
      ['1', 'n-1'], ['2', 'n-2'], ['3', 'n-3'],
    ])
  })

  test('tells each once to stop, the one named last when the others have ended', async () => {
    const {fleet, started, reports} = createFleet({stubborn: true})
    await startAll(fleet, started)
    const stopping = fleet.stop('1')
    expect(started.map(({signals}) => signals.length)).toEqual([0, 1, 1])
    started[1]?.end('ended with status 0')
    expect(started[0]?.signals).toEqual([])
    started[2]?.end('ended with status 0')
    await eventually(() => started[0]?.signals.length === 1)
    started[0]?.end('ended with status 0')
    await stopping
    expect(started.map(({signals}) => signals)).toEqual([['SIGTERM'], ['SIGTERM'], ['SIGTERM']])
    expect(reports).toEqual([])
    expect(started).toHaveLength(3)
  })

  test('kills and names those that do not end', async () => {
    const {fleet, started, reports} = createFleet({stubborn: true, stopMs: 1})
    await startAll(fleet, started)
    await fleet.stop()
    expect(reports).toContain('node 2 (pid 2) does not end: killed')
    expect(started.map(({signals}) => signals.at(-1))).toEqual(['SIGKILL', 'SIGKILL', 'SIGKILL'])
  })

  test('reports a death and puts a fresh process in the place', async () => {
    const {fleet, started, reports} = createFleet({})
    await startAll(fleet, started)
    started[1]?.end('killed by SIGKILL')
    await eventually(() => started.length === 4)
    expect(reports[0]).toContain('node 2 (pid 2) died: killed by SIGKILL')
    expect(reports[0]).toContain('wsmesh pool list')
    expect(fleet.nodes()[1]?.ready).toBeUndefined()
    started[3]?.becomeReady()
    await eventually(() => fleet.nodes()[1]?.ready?.node === 'n-4')
    expect(reports.at(-1)).toBe('node 2 is back: n-4 (pid 4), follower')
    await fleet.stop()
  })

  test('kills one node by its id, and replaces it as soon as the first time', async () => {
    const {fleet, started, reports} = createFleet({})
    await startAll(fleet, started)
    expect(fleet.killNode('n-9')).toBe(false)
    for (const next of [4, 5, 6]) {
      const id = fleet.nodes()[1]?.ready?.node ?? ''
      expect(fleet.killNode(id)).toBe(true)
      await eventually(() => started.length === next)
      expect(fleet.killNode(id)).toBe(false)
      started.at(-1)?.becomeReady()
      await eventually(() => fleet.nodes()[1]?.ready?.node === `n-${next}`)
    }
    expect(started[1]?.signals).toEqual(['SIGKILL'])
    const deaths = reports.filter((line) => line.includes('died'))
    expect(deaths).toHaveLength(3)
    for (const line of deaths) expect(line).toContain('takes its place in 0.001 s')
    await fleet.stop()
    expect(fleet.killNode('n-1')).toBe(false)
  })

  test('goes on trying when the fresh process fails', async () => {
    const {fleet, started, reports} = createFleet({})
    await startAll(fleet, started)
    started[0]?.end('killed by SIGKILL')
    await eventually(() => started.length === 4)
    started[3]?.end('ended with status 1: No pool')
    await eventually(() => started.length === 5)
    expect(reports.at(-1)).toContain('node 1: ended with status 1: No pool; next try in')
    await fleet.stop()
    expect(started).toHaveLength(5)
  })

  test('rejects when a node ends before it was ever ready', async () => {
    const {fleet, started} = createFleet({})
    const starting = fleet.start()
    await eventually(() => started.length === 1)
    started[0]?.end('ended with status 1: No pool')
    await expect(starting).rejects.toMatchObject({code: 'NODE_FAILED'})
    await fleet.stop()
  })

  test('rejects when a node is not ready in time', async () => {
    const {fleet, started} = createFleet({readyMs: 1})
    await expect(fleet.start()).rejects.toMatchObject({
      code: 'NODE_FAILED', message: 'Node 1 is not ready after 0.001 s',
    })
    await fleet.stop()
    expect(started[0]?.signals).toEqual(['SIGTERM'])
  })
})
