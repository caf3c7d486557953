/** Real nodes, a real pool, and a table in memory that fails when told. */
import {describe, expect, test} from 'vitest'
import type {MeshNode} from '../../../../src/lib/node/create-node.js'
import type {LogFields} from '../../../../src/lib/node/log.js'
import type {NodeConfig} from '../../../../src/lib/node/node-config.js'
import {eventually, within} from '../../../helpers/eventually.js'
import {FakeOutboxTable} from '../../../helpers/fake-outbox.js'
import type {TestClient} from '../../../helpers/test-client.js'
import {startTestMesh} from '../../../helpers/test-node.js'
import type {TestMesh} from '../../../helpers/test-node.js'

const EVERYONE = '{"everyone":true}'

interface Bench extends AsyncDisposable {
  readonly mesh: TestMesh
  readonly table: FakeOutboxTable
  readonly nodes: readonly MeshNode[]
  readonly lines: {readonly text: string; readonly fields: LogFields}[]
}

/** The first of the nodes is master. */
async function start(size: number, config: Partial<NodeConfig> = {}): Promise<Bench> {
  const mesh = await startTestMesh(0)
  const table = new FakeOutboxTable()
  const lines: Bench['lines'] = []
  const say = (text: string, fields: LogFields = {}): void => void lines.push({text, fields})
  const log = {debug() {}, info: say, warn: say, error: say}
  const nodes: MeshNode[] = []
  for (let n = 0; n < size; n += 1) {
    const node = await mesh.start(config, {outbox: table.open(), log})
    await within(node.ready, 'a node to be linked')
    nodes.push(node)
  }
  return {
    mesh, table, nodes, lines, [Symbol.asyncDispose]: () => mesh[Symbol.asyncDispose](),
  }
}

function nodeAt(bench: Bench, index: number): MeshNode {
  const node = bench.nodes[index]
  if (!node) throw new Error(`no node ${index}`)
  return node
}

/** Details of the messages that a client got. */
function got(client: TestClient): unknown[] {
  return client.texts
    .map((text) => JSON.parse(text) as {action: string; details: unknown[]})
    .filter(({action}) => action === 'row')
    .map(({details}) => details[0])
}

const counter = (node: MeshNode, name: string): number => node.stats().counters[name] ?? 0

const lagMs = (node: MeshNode): number | undefined => node.stats().meter?.outboxLagMs

const isEmpty = (table: FakeOutboxTable) => () => table.rows.length === 0

describe('the master', () => {
  test('sends rows in their order and removes them', async () => {
    await using bench = await start(1)
    const client = await bench.mesh.client(nodeAt(bench, 0), '42')
    const numbers = Array.from({length: 2500}, (_, n) => n)
    for (const n of numbers) bench.table.insert('row', `[${n}]`, EVERYONE)
    await eventually(() => got(client).length >= 2500, {what: 'all rows', timeoutMs: 20_000})
    expect(got(client)).toEqual(numbers)
    await eventually(isEmpty(bench.table))
    expect(counter(nodeAt(bench, 0), 'outboxRowsSent')).toBe(2500)
  })

  test('sends a row that comes late with a lower number', async () => {
    await using bench = await start(1)
    const client = await bench.mesh.client(nodeAt(bench, 0), '42')
    const late = bench.table.insert('row', '["low"]', EVERYONE)
    bench.table.rows = []
    bench.table.insert('row', '["high"]', EVERYONE)
    await eventually(() => got(client).length === 1)
    bench.table.rows.push(late)
    await eventually(() => got(client).length === 2)
    expect(got(client)).toEqual(['high', 'low'])
  })

  test('that carries traces looks in each term for their columns, and says if there are none', async () => {
    await using bench = await start(2, {isTraced: true})
    const carried = () => bench.nodes.map((node) => counter(node, 'traceContextsCarried'))
    const trace = {traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'}
    bench.table.insert('row', '[1]', EVERYONE, trace)
    await eventually(isEmpty(bench.table))
    expect(carried()).toEqual([1, 0])
    bench.table.hasTraces = false
    await nodeAt(bench, 0).drain()
    bench.table.insert('row', '[2]', EVERYONE, trace)
    await eventually(isEmpty(bench.table))
    expect(carried()).toEqual([1, 0])
    expect(bench.lines.filter(({text}) => text.includes('no columns for traces'))).toHaveLength(1)
  })

  test('alone reads the table; another does when it is master', async () => {
    await using bench = await start(2)
    expect(nodeAt(bench, 0).stats().outboxRowsPerS).toBe(0)
    expect(nodeAt(bench, 1).stats()).not.toHaveProperty('outboxRowsPerS')
    await nodeAt(bench, 0).drain()
    expect([0, 1].map((index) => typeof lagMs(nodeAt(bench, index)))).toContain('undefined')
    await eventually(() => nodeAt(bench, 1).stats().outboxRowsPerS === 0)
    const client = await bench.mesh.client(nodeAt(bench, 1), '42')
    bench.table.insert('row', '[1]', EVERYONE)
    await eventually(() => got(client).length === 1)
  })

  test('sets aside what cannot be sent, and says it once', async () => {
    await using bench = await start(1)
    const client = await bench.mesh.client(nodeAt(bench, 0), '42')
    bench.table.insert('row', '{', EVERYONE)
    bench.table.insert('row', '[1]', EVERYONE)
    bench.table.insert(null, null, null)
    bench.table.insert('row', '[2]', EVERYONE)
    await eventually(() => got(client).length === 2)
    await eventually(isEmpty(bench.table))
    expect(bench.table.aside).toMatchObject([
      {id: '1', reason: 'the details column is not JSON: "{"'}, {id: '3', reason: 'the action is NULL'},
    ])
    expect(bench.lines.filter(({text}) => text.includes('set aside'))).toHaveLength(1)
    expect(counter(nodeAt(bench, 0), 'outboxRowsSetAside')).toBe(2)
    await eventually(() => Number(lagMs(nodeAt(bench, 0))) < 200)
  })

  test('sends the others where nothing can be set aside', async () => {
    await using bench = await start(1)
    const client = await bench.mesh.client(nodeAt(bench, 0), '42')
    bench.table.failing.add('setAside')
    bench.table.insert('row', '{', EVERYONE)
    bench.table.insert('row', '[1]', EVERYONE)
    await eventually(() => bench.table.rows.length === 1)
    bench.table.insert('row', '[2]', EVERYONE)
    await eventually(() => got(client).length === 2)
    bench.table.failing.clear()
    await eventually(() => bench.table.aside.length === 1)
    expect(got(client)).toEqual([1, 2])
  })
})

describe('a database that is away', () => {
  test('harms nobody, is told once, and rows come when it is back', async () => {
    await using bench = await start(1)
    const client = await bench.mesh.client(nodeAt(bench, 0), '42')
    await eventually(() => bench.table.calls.read > 0)
    bench.table.failing.add('read')
    bench.table.insert('row', '["away"]', EVERYONE)
    await eventually(() => counter(nodeAt(bench, 0), 'outboxFailures') > 2)
    // Three tries, with 100 ms and 200 ms between them: so long at least it waits.
    expect(lagMs(nodeAt(bench, 0))).toBeGreaterThanOrEqual(300)
    await nodeAt(bench, 0).publish('row', ['direct'], {everyone: true})
    await eventually(() => got(client).length === 1)
    bench.table.failing.clear()
    await eventually(() => got(client).length === 2)
    expect(got(client)).toEqual(['direct', 'away'])
    expect(bench.lines.filter(({text}) => text.includes('cannot be sent'))).toHaveLength(1)
    expect(bench.lines.filter(({text}) => text.includes('sent again'))).toHaveLength(1)
    await eventually(() => Number(lagMs(nodeAt(bench, 0))) < 300)
  })

  test('before a row was removed does not have it sent twice', async () => {
    await using bench = await start(1)
    const client = await bench.mesh.client(nodeAt(bench, 0), '42')
    bench.table.failing.add('remove')
    bench.table.insert('row', '[1]', EVERYONE)
    await eventually(() => bench.table.calls.remove > 2)
    bench.table.failing.clear()
    await eventually(isEmpty(bench.table))
    bench.table.insert('row', '[2]', EVERYONE)
    await eventually(() => got(client).length >= 2)
    expect(got(client)).toEqual([1, 2])
    // Not even as a repeat: it was known.
    expect(nodeAt(bench, 0).stats().counters['repeats']).toBe(0)
  })

  test('when the master dies leaves the next one what was sent: it only removes that', async () => {
    await using bench = await start(3)
    const client = await bench.mesh.client(nodeAt(bench, 1), '42')
    bench.table.failing.add('remove')
    for (const n of [1, 2, 3]) bench.table.insert('row', `[${n}]`, EVERYONE)
    await eventually(() => got(client).length === 3)
    await nodeAt(bench, 0).close()
    const master = await eventually(() => bench.nodes.find((node) => (
      node !== nodeAt(bench, 0) && node.stats().role === 'master'
    )), {timeoutMs: 20_000})
    // A transaction that began before them commits now: there is no end to lower ids.
    bench.table.rows.unshift({...bench.table.insert('row', '["low"]', EVERYONE), id: '0'})
    bench.table.rows.pop()
    bench.table.failing.clear()
    await eventually(isEmpty(bench.table))
    await eventually(() => got(client).length >= 4)
    expect(got(client)).toEqual([1, 2, 3, 'low'])
    expect(master.stats().counters['repeats']).toBe(0)
    expect(counter(master, 'outboxRowsSent')).toBe(1)
  })
})

test('what a replica shows again was sent', async () => {
  await using bench = await start(1)
  const client = await bench.mesh.client(nodeAt(bench, 0), '42')
  const row = bench.table.insert('row', '[1]', EVERYONE)
  await eventually(isEmpty(bench.table))
  bench.table.rows.push(row)
  await eventually(isEmpty(bench.table))
  bench.table.insert('row', '[2]', EVERYONE)
  await eventually(() => got(client).length >= 2)
  expect(got(client)).toEqual([1, 2])
})
