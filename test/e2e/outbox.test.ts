/** Whole processes and a real MariaDB: what the application commits arrives, once, and no more. */
import {join} from 'node:path'
import Libsql from 'libsql'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {startMariadb, type Mariadb} from '../helpers/mariadb.js'
import {eventually} from '../helpers/eventually.js'
import {ServeMesh, type ServeProcess} from '../helpers/serve-process.js'
import type {TestClient} from '../helpers/test-client.js'

let server: Mariadb

beforeAll(async () => {
  server = await startMariadb()
}, 60_000)

afterAll(async () => {
  await server.stop()
})

let meshes = 0

interface Bench extends AsyncDisposable {
  readonly mesh: ServeMesh
  /** Of this mesh alone. */
  readonly prefix: string
  readonly table: string
  start(): Promise<ServeProcess>
}

async function open(): Promise<Bench> {
  meshes += 1
  const prefix = `m${meshes}_`
  const mesh = await ServeMesh.open(server.url)
  return {
    mesh,
    prefix,
    table: `mesh.${prefix}outbox`,
    start: () => mesh.start('--outbox', '--pool-prefix', prefix),
    [Symbol.asyncDispose]: () => mesh[Symbol.asyncDispose](),
  }
}

/** The table is there: the master makes it. */
async function tableMade({prefix}: Bench): Promise<void> {
  await eventually(async () => {
    const rows = await server.exec(`SHOW TABLES IN mesh LIKE '${prefix}outbox_aside'`)
    return rows.length === 1
  }, {timeoutMs: 20_000, what: 'the outbox to be made'})
}

function details(client: TestClient, action = 'row'): unknown[] {
  return client.texts
    .map((text) => JSON.parse(text) as {action: string; details: unknown[]})
    .filter((frame) => frame.action === action)
    .map((frame) => frame.details[0])
}

async function master({mesh}: Bench, not?: string): Promise<ServeProcess> {
  return eventually(async () => {
    for (const node of mesh.nodes) {
      const {role} = await node.stats()
      if (role === 'master' && node.ready.node !== not) return node
    }
    return undefined
  }, {timeoutMs: 20_000, what: 'a master'})
}

describe('an application that inserts rows in its transactions', () => {
  test('has them sent after commit, and never after rollback', async () => {
    await using bench = await open()
    const node = await bench.start()
    await tableMade(bench)
    const client = await bench.mesh.connect(node, '42')
    const page = await server.connect()
    const insert = `INSERT INTO ${bench.table} (action, details, target) VALUES (?, ?, ?)`
    await page.query('START TRANSACTION')
    await page.query(insert, ['row', '["rolled back"]', '{"user":42}'])
    await page.query('ROLLBACK')
    await page.query('START TRANSACTION')
    await page.query(insert, ['row', '["paid"]', '{"user":42}'])
    await page.query(insert, ['row', '["for others"]', '{"user":43}'])
    await page.query(insert, ['row', '{', '{"user":42}'])
    expect(details(client)).toEqual([])
    await page.query('COMMIT')
    await page.query(`CALL mesh.${bench.prefix}publish('row', '["called"]', '{"user":42}')`)
    page.destroy()
    await eventually(() => details(client).length === 2)
    expect(details(client)).toEqual(['paid', 'called'])

    const pool = ['--pool-prefix', bench.prefix]
    await eventually(async () => {
      const {stdout} = await bench.mesh.run('outbox', 'status', '--json', ...pool)
      const status = JSON.parse(stdout) as Record<string, unknown>
      return status['aside'] === 1 && status['waiting'] === 0 && status
    }, {timeoutMs: 30_000})
    const peek = await bench.mesh.run('outbox', 'peek', '--aside', ...pool)
    expect(peek.stdout).toContain('the details column is not JSON: "{"')
    await server.exec(`UPDATE ${bench.table}_aside SET details = '["mended"]'`)
    const retry = await bench.mesh.run('outbox', 'retry', '1', ...pool)
    expect(retry.stdout).toContain('1 row put back')
    await eventually(() => details(client).length === 3)
    expect(details(client)).toEqual(['paid', 'called', 'mended'])
  }, 120_000)

  test('has them sent once when the server restarts and the master is killed', async () => {
    await using bench = await open()
    const [first] = [await bench.start(), await bench.start()]
    await tableMade(bench)
    const other = bench.mesh.nodes.find((node) => node !== first)
    if (other === undefined) throw new Error('no other node')
    const client = await bench.mesh.connect(other, '42')
    const insert = (from: number): Promise<unknown> => {
      const rows = Array.from({length: 500}, (_, n) => `('row', '[${from + n}]', '{"user":42}')`)
      return server.exec(`INSERT INTO ${bench.table} (action, details, target) VALUES ${rows.join()}`)
    }
    await insert(0)
    await eventually(() => details(client).length > 0, {timeoutMs: 20_000})
    await bench.mesh.kill(first)
    await insert(500)
    await server.restart()
    await insert(1000)
    await master(bench, first.ready.node)
    await eventually(() => details(client).length >= 1500, {timeoutMs: 40_000})
    await eventually(async () => {
      const rows = await server.exec(`SELECT COUNT(*) AS number FROM ${bench.table}`)
      return rows[0]?.['number'] === 0
    }, {timeoutMs: 20_000})
    expect(details(client)).toEqual(Array.from({length: 1500}, (_, n) => n))
  }, 120_000)
})

test('rows in the embedded file are sent as those in a database', async () => {
  await using mesh = await ServeMesh.open()
  const node = await mesh.start('--outbox')
  const client = await mesh.connect(node, '42')
  await eventually(() => node.cli.stderr().includes('Made the outbox'), {timeoutMs: 20_000})
  const page = new Libsql(join(mesh.folder, 'pool.db'))
  page.exec('PRAGMA busy_timeout = 5000')
  page.exec('BEGIN')
  page.exec(`INSERT INTO wsmesh_outbox (action, details, target)
    VALUES ('row', '["rolled back"]', '{"user":42}')`)
  page.exec('ROLLBACK')
  page.exec('BEGIN')
  page.exec(`INSERT INTO wsmesh_outbox (action, details, target)
    VALUES ('row', '["paid"]', '{"user":42}'), ('row', '[2]', '{"user":42}')`)
  page.exec('COMMIT')
  page.close()
  await eventually(() => details(client).length === 2)
  expect(details(client)).toEqual(['paid', 2])
  const status = await mesh.run('outbox', 'status')
  expect(status.stdout).toMatch(/^waiting +0 rows$/m)
  expect(status.stdout).toMatch(/^drained by +n-[0-9a-f]+, \d+ rows\/s$/m)
}, 60_000)

test('a node whose user may not make tables runs, and says what to do', async () => {
  await using bench = await open()
  await server.exec(`CREATE USER IF NOT EXISTS 'reader'@'%' IDENTIFIED BY 'r'`)
  await server.exec(`GRANT SELECT ON mesh.* TO 'reader'@'%'`)
  const url = `mysql://reader:r@127.0.0.1:${server.port}/mesh`
  const node = await bench.mesh.start('--outbox-url', url, '--pool-prefix', bench.prefix)
  await eventually(() => node.cli.stderr().includes('wsmesh outbox init --print'), {
    timeoutMs: 20_000, what: 'a hint',
  })
  expect(node.cli.stderr()).toContain('lacks a privilege for the outbox')
  const client = await bench.mesh.connect(node, '42')
  await bench.mesh.run('send', 'row', 'direct', '--user', '42', '--pool-prefix', bench.prefix)
  await eventually(() => details(client).length === 1)
  const status = await bench.mesh.run('outbox', 'status', '--pool-prefix', bench.prefix)
  expect(status.exit).toBe(1)
  expect(status.stderr).toContain('There is no outbox')
}, 120_000)

test.each([
  [['outbox', 'retry'], 2, 'Which rows?'],
  [['outbox', 'retry', 'x'], 2, 'Not a row\'s id: "x"'],
  [['outbox', 'retry', '1', '--all'], 2, 'do not go together'],
  [['outbox', 'status', '--outbox-url', ''], 2, '--outbox-url is empty'],
  [['outbox', 'status', '--outbox-url', 'redis://h'], 2, 'Cannot use the URL of the outbox redis://h'],
  [['outbox', 'peek', '--outbox-url', 'mysql://u:pass-word@127.0.0.1:1/d'], 3, 'does not answer'],
  [['outbox', 'peek', '--pool-prefix', 'X;'], 2, 'Not a pool prefix'],
  [['serve', '--outbox-url', 'mysql://u:pass-word@h'], 2, 'it names no database'],
  [['outbox', 'status', '--outbox-url', 'sqlite:./none.db'], 1, 'There is no outbox'],
])('%j exits with %i: %s', async (args, expected, message) => {
  await using bench = await open()
  const {stderr, exit} = await bench.mesh.run(...args)
  expect(stderr).toContain(message)
  expect(stderr).not.toContain('pass-word')
  expect(stderr).not.toMatch(/\n {4}at /)
  expect(exit).toBe(expected)
}, 60_000)
