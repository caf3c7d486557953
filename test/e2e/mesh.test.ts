/** The mesh as operators run it: real processes on each store, killed, cut off from the store. */
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {eventually} from '../helpers/eventually.js'
import {startMariadb, type Mariadb} from '../helpers/mariadb.js'
import {ServeMesh, type ServeProcess} from '../helpers/serve-process.js'

const FRAME = '{"action":"hello","details":["Hi"]}'
const END = '{"action":"end","details":[]}'

let mariadb: Mariadb

beforeAll(async () => {
  mariadb = await startMariadb()
})
afterAll(async () => {
  await mariadb.stop()
})

interface SendJson {
  readonly connections: number
  readonly nodes: number
  readonly position: string
  readonly byNode: Record<string, number>
}

async function send(mesh: ServeMesh, ...args: string[]): Promise<SendJson> {
  const {stdout, stderr} = await mesh.run('send', ...args, '--json')
  expect(stderr).toBe('')
  return JSON.parse(stdout) as SendJson
}

const STORES = [
  ['the embedded pool', () => undefined],
  ['MariaDB', () => mariadb.url],
] as const

describe.each(STORES)('three nodes on %s', (_, poolUrl) => {
  test('a message for a user reaches every tab on every node once, and nobody else', async () => {
    await using mesh = await ServeMesh.open(poolUrl())
    const nodes = [await mesh.start(), await mesh.start(), await mesh.start()]
    const [a, b, c] = nodes as [ServeProcess, ServeProcess, ServeProcess]
    const tabs = [
      await mesh.connect(a, '42'),
      await mesh.connect(a, '42'),
      await mesh.connect(b, '42'),
      await mesh.connect(c, '42'),
    ]
    const others = [await mesh.connect(a, '7'), await mesh.connect(c, '421')]

    const sent = await send(mesh, 'hello', 'Hi', '--user', '42')
    expect(sent).toMatchObject({connections: 4, nodes: 3})
    expect(sent.byNode).toEqual({[a.ready.node]: 2, [b.ready.node]: 1, [c.ready.node]: 1})

    // Everything is delivered in one order: after this one nothing of before can come.
    expect(await send(mesh, 'end', '--everyone')).toMatchObject({connections: 6})
    for (const client of [...tabs, ...others]) {
      await eventually(() => client.texts.at(-1) === END)
    }
    for (const tab of tabs) expect(tab.texts).toEqual([FRAME, END])
    for (const other of others) expect(other.texts).toEqual([END])
  })

  test('masters are killed one after the other, and messages go on', {timeout: 120_000}, async () => {
    await using mesh = await ServeMesh.open(poolUrl())
    for (let i = 0; i < 3; i++) await mesh.start()
    const watcher = await mesh.start()
    const tab = await mesh.connect(watcher, '42')
    let term = 0
    for (let round = 1; round <= ROUNDS; round++) {
      const before = await mesh.poolList()
      const master = mesh.nodes.find(({ready}) => ready.node === before.master)
      expect(before.term).toBeGreaterThan(term)
      term = before.term
      // The last node to lead would be the one that we watch: leave it alone.
      if (master && master !== watcher) await mesh.kill(master)
      else await mesh.start()
      if (master === watcher) break
      const sent = await send(mesh, 'hello', String(round), '--user', '42')
      expect(sent).toMatchObject({connections: 1, nodes: 1})
      await mesh.start()
    }
    expect(tab.texts).toEqual(
      tab.texts.map((_, index) => `{"action":"hello","details":["${index + 1}"]}`),
    )
    expect(tab.texts.length).toBeGreaterThanOrEqual(2)
    await expectWhole(mesh)
  })
})

const ROUNDS = 4

/** One master, everybody linked to it once, nothing left over of those that died. */
async function expectWhole(mesh: ServeMesh): Promise<void> {
  const ids = mesh.nodes.map(({ready}) => ready.node).toSorted()
  await eventually(
    async () => {
      const list = await mesh.poolList()
      const up = list.nodes.filter(({state}) => state === 'up').map(({id}) => id)
      const masters = list.nodes.filter(({role}) => role === 'master')
      return masters.length === 1 && up.toSorted().join() === ids.join()
    },
    {what: 'one master and exactly the nodes that run', timeoutMs: 15_000},
  )
  for (const node of mesh.nodes) {
    await eventually(
      async () => {
        const {role, links} = await node.stats()
        return links === (role === 'master' ? mesh.nodes.length - 1 : 1)
      },
      {what: `one link each at ${node.ready.node}`, timeoutMs: 15_000},
    )
  }
}

describe('MariaDB goes away', () => {
  test('messages flow without it, and it may come back empty', {timeout: 120_000}, async () => {
    await using mesh = await ServeMesh.open(mariadb.url)
    for (let i = 0; i < 3; i++) await mesh.start()
    const [first] = mesh.nodes as [ServeProcess]
    const tab = await mesh.connect(first, '42')
    expect(await send(mesh, 'hello', 'before', '--user', '42')).toMatchObject({connections: 1})
    const {term, master} = await mesh.poolList()
    await expectView(mesh, 3)

    await mariadb.shutdown()
    // Longer than a lease, or the outage would prove nothing.
    for (const text of ['1', '2', '3', '4', '5']) {
      const sent = await send(mesh, 'hello', text, '--user', '42')
      expect(sent).toMatchObject({connections: 1})
      await Promise.all(mesh.nodes.map((node) => storeFailedMore(node)))
    }
    await mariadb.start()
    await mariadb.exec('DELETE FROM mesh.wsmesh_members')
    await mariadb.exec('DELETE FROM mesh.wsmesh_lease')

    await expectWhole(mesh)
    const after = await mesh.poolList()
    expect(after).toMatchObject({term, master})
    expect(await send(mesh, 'hello', 'after', '--user', '42')).toMatchObject({connections: 1})
    expect(tab.texts).toEqual(
      ['before', '1', '2', '3', '4', '5', 'after'].map(
        (text) => `{"action":"hello","details":["${text}"]}`,
      ),
    )
  })
})

/** Another read of the pool has failed at this node since the call. */
async function storeFailedMore(node: ServeProcess): Promise<void> {
  const failures = async (): Promise<number> =>
    (await node.stats()).counters['storeFailures'] ?? 0
  const before = await failures()
  await eventually(async () => (await failures()) > before, {
    what: 'another failed read', timeoutMs: 15_000,
  })
}

async function expectView(mesh: ServeMesh, size: number): Promise<void> {
  await eventually(
    async () => {
      const stats = await Promise.all(mesh.nodes.map((node) => node.stats()))
      return stats.some(({role, view}) => role === 'master' && view.length === size)
    },
    {what: `a view of ${size}`, timeoutMs: 15_000},
  )
}
