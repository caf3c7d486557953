import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {openOutboxStore, outboxSql} from '../../../../src/lib/pool/outbox/open-outbox-store.js'
import type {OutboxStore} from '../../../../src/lib/pool/outbox/outbox-store.js'
import {codeOf, runOutboxStoreContract, textOf} from '../../../contract/outbox-store-contract.js'
import {mariadbUrl, startMariadb} from '../../../helpers/mariadb.js'
import type {Mariadb} from '../../../helpers/mariadb.js'

let server: Mariadb
const opened: OutboxStore[] = []

beforeAll(async () => {
  server = await startMariadb()
}, 60_000)

afterAll(async () => {
  await Promise.all(opened.map((store) => store.close()))
  await server.stop()
})

const PREFIX = 't_'
let databases = 0

/** A database of its own; its name. */
async function newDatabase(): Promise<string> {
  databases += 1
  const name = `outbox${databases}`
  await server.exec(`CREATE DATABASE ${name}`)
  await server.exec(`GRANT ALL ON ${name}.* TO 'wsmesh'@'%'`)
  return name
}

async function open(database: string, user = 'wsmesh'): Promise<OutboxStore> {
  const url = mariadbUrl(server, {database, user})
  const store = await openOutboxStore({url, prefix: PREFIX, dataDir: '/nowhere'})
  opened.push(store)
  return store
}

async function madeStore(): Promise<{readonly store: OutboxStore; readonly database: string}> {
  const database = await newDatabase()
  const store = await open(database)
  await store.init()
  return {store, database}
}

runOutboxStoreContract('mysql', async () => {
  const database = await newDatabase()
  return {
    open: () => open(database),
    exec: async (sql) => void await server.exec(sql.replaceAll('t_outbox', `${database}.t_outbox`)),
    dispose: async () => void await server.exec(`DROP DATABASE ${database}`),
  }
})

test('ids past 2^53 are read as they are, and removed', async () => {
  const {store, database} = await madeStore()
  const ids = ['9007199254740993', '9007199254740995', '18446744073709551613']
  for (const id of ids) {
    await server.exec(`INSERT INTO ${database}.${PREFIX}outbox (id, action) VALUES (${id}, 'a')`)
  }
  const rows = await store.read(10)
  expect(rows.map(({id}) => id)).toEqual(ids)
  expect(await store.remove(rows)).toBe(3)
  expect(await store.read(10)).toEqual([])
})

describe('transactions of the application', () => {
  const INSERT = "(action, details, target) VALUES ('hello', '[1]', '{\"everyone\":true}')"

  test('nothing is read before its commit, and nothing after its rollback', async () => {
    const {store, database} = await madeStore()
    const writer = await server.connect()
    await writer.query('START TRANSACTION')
    await writer.query(`INSERT INTO ${database}.t_outbox ${INSERT}`)
    expect(await store.read(10)).toEqual([])
    await writer.query('ROLLBACK')
    expect(await store.read(10)).toEqual([])
    await writer.query('START TRANSACTION')
    await writer.query(`INSERT INTO ${database}.t_outbox ${INSERT}`)
    await writer.query('COMMIT')
    expect(await store.read(10)).toHaveLength(1)
    writer.destroy()
  })

  test('the lower id that commits last is not lost', async () => {
    const {store, database} = await madeStore()
    const [slow, quick] = [await server.connect(), await server.connect()]
    await slow.query('START TRANSACTION')
    await slow.query(`INSERT INTO ${database}.t_outbox ${INSERT.replace('[1]', '["low"]')}`)
    await quick.query(`INSERT INTO ${database}.t_outbox ${INSERT.replace('[1]', '["high"]')}`)
    const first = await store.read(10)
    expect(first.map(textOf)).toEqual(['["high"]'])
    expect(await store.remove(first)).toBe(1)
    await slow.query('COMMIT')
    const second = await store.read(10)
    expect(second.map(textOf)).toEqual(['["low"]'])
    expect(Number(second[0]?.id)).toBeLessThan(Number(first[0]?.id))
    slow.destroy()
    quick.destroy()
  })

  // What reads a whole table waits for its uncommitted rows, and of small ones optimizers do.
  test.each([1, 2, 3, 4, 10, 50, 200, 500])(
    'of %i rows on each side of one that is not committed all are removed', async (half) => {
      const {store, database} = await madeStore()
      const open = await server.connect()
      const table = `${database}.t_outbox`
      const some = (text: string): Promise<unknown> => {
        const rows = Array.from({length: half}, () => `('row', '${text}', '{"everyone":true}')`)
        return server.exec(`INSERT INTO ${table} (action, details, target) VALUES ${rows.join()}`)
      }
      await some('[1]')
      await open.query('START TRANSACTION')
      await open.query(`INSERT INTO ${table} ${INSERT}`)
      await some('[2]')
      expect(await store.remove(await store.read(1000))).toBe(2 * half)
      await some('bad')
      const bad = (await store.read(1000)).map((row) => ({...row, reason: 'bad'}))
      expect(await store.setAside(bad)).toBe(half)
      expect(await store.retry('all')).toBe(half)
      await open.query('ROLLBACK')
      open.destroy()
      expect(await store.counts()).toMatchObject({waiting: half, aside: 0})
    }, 30_000,
  )

  test('a table that was emptied gives its ids again, not its names', async () => {
    const {store, database} = await madeStore()
    await server.exec(`INSERT INTO ${database}.t_outbox ${INSERT}`)
    const before = await store.read(1)
    await server.exec(`TRUNCATE ${database}.t_outbox`)
    await server.exec(`INSERT INTO ${database}.t_outbox ${INSERT}`)
    const after = await store.read(1)
    expect(after[0]?.id).toBe(before[0]?.id)
    expect(after[0]?.createdUs).not.toBe(before[0]?.createdUs)
    expect(await store.remove(before)).toBe(0)
    expect(await store.read(10)).toHaveLength(1)
  })

  test('CALL leaves a row as INSERT does', async () => {
    const {store, database} = await madeStore()
    const call = `CALL ${database}.t_publish('paid', '[7,"😀"]', '{"user":42}')`
    const writer = await server.connect()
    await writer.query('START TRANSACTION')
    await writer.query(call)
    await writer.query('ROLLBACK')
    await writer.query(call)
    writer.destroy()
    expect(await store.read(10)).toMatchObject([
      {action: 'paid', details: {text: '[7,"😀"]'}, target: {text: '{"user":42}'}},
    ])
  })
})

describe('faults', () => {
  test('a row that is locked is removed when the lock is gone', async () => {
    const {store, database} = await madeStore()
    await server.exec(`INSERT INTO ${database}.t_outbox (action) VALUES ('hello')`)
    const rows = await store.read(1)
    const holder = await server.connect()
    await holder.query('START TRANSACTION')
    await holder.query(`SELECT * FROM ${database}.t_outbox FOR UPDATE`)
    expect(await codeOf(store.remove(rows))).toBe('OUTBOX_UNREACHABLE')
    await holder.query('ROLLBACK')
    holder.destroy()
    expect(await store.remove(rows)).toBe(1)
  }, 20_000)

  test('a connection that is killed in the middle of a transaction undoes it', async () => {
    const {store, database} = await madeStore()
    await server.exec(`INSERT INTO ${database}.t_outbox (action) VALUES ('hello')`)
    const rows = (await store.read(1)).map((row) => ({...row, reason: 'bad'}))
    const holder = await server.connect()
    await holder.query('START TRANSACTION')
    await holder.query(`SELECT * FROM ${database}.t_outbox_aside FOR UPDATE`)
    const moving = codeOf(store.setAside(rows))
    await expect.poll(async () => (await processes('INSERT INTO')).length).toBe(1)
    for (const id of await processes('INSERT INTO')) await server.exec(`KILL ${id}`)
    expect(await moving).toBe('OUTBOX_UNREACHABLE')
    await holder.query('ROLLBACK')
    holder.destroy()
    expect(await store.counts()).toMatchObject({waiting: 1, aside: 0})
    expect(await store.setAside(rows)).toBe(1)
    expect(await store.counts()).toMatchObject({waiting: 0, aside: 1})
  }, 20_000)

  test('a user who may not create tables needs them made', async () => {
    const database = await newDatabase()
    await server.exec(`CREATE USER IF NOT EXISTS 'small'@'%' IDENTIFIED BY 'p:a/s@s#w?o%rd'`)
    await server.exec(`GRANT SELECT, INSERT, DELETE ON ${database}.* TO 'small'@'%'`)
    const store = await open(database, 'small')
    expect(await codeOf(store.init())).toBe('OUTBOX_DENIED')
    const url = mariadbUrl(server, {database})
    const text = await outboxSql({url, prefix: PREFIX, dataDir: '/nowhere'})
    const dba = await server.connect()
    await dba.query(`USE ${database}`)
    for (const sql of text.split(';\n').filter((part) => part.trim() !== '')) await dba.query(sql)
    dba.destroy()
    expect(await store.init()).toEqual({made: [], procedureFailure: undefined})
    expect(await store.read(10)).toEqual([])
    await server.exec(`INSERT INTO ${database}.t_outbox (action) VALUES ('hello')`)
    const rows = (await store.read(1)).map((row) => ({...row, reason: 'bad'}))
    expect(await store.setAside(rows)).toBe(1)
    expect(await store.retry('all')).toBe(1)
  })

  test('a user who may make tables and no procedure has the tables', async () => {
    const database = await newDatabase()
    await server.exec(`CREATE USER IF NOT EXISTS 'tables'@'%' IDENTIFIED BY 'p:a/s@s#w?o%rd'`)
    await server.exec(`GRANT SELECT, INSERT, DELETE, CREATE ON ${database}.* TO 'tables'@'%'`)
    const store = await open(database, 'tables')
    expect(await store.init()).toMatchObject({
      made: ['t_outbox', 't_outbox_aside'], procedureFailure: {code: 'OUTBOX_DENIED'},
    })
    expect(await store.read(1)).toEqual([])
  })

  test('a server that takes no writes is named as one', async () => {
    const {store, database} = await madeStore()
    await server.exec(`INSERT INTO ${database}.t_outbox (action) VALUES ('hello')`)
    const rows = await store.read(1)
    await server.exec('SET GLOBAL read_only = 1')
    try {
      expect(await codeOf(store.remove(rows))).toBe('OUTBOX_UNUSABLE')
    } finally {
      await server.exec('SET GLOBAL read_only = 0')
    }
    expect(await store.remove(rows)).toBe(1)
  })

  test('other columns than wsmesh makes are named as such', async () => {
    const database = await newDatabase()
    await server.exec(`CREATE TABLE ${database}.t_outbox (id INT PRIMARY KEY, message TEXT)`)
    const store = await open(database)
    expect(await codeOf(store.exists())).toBe('OUTBOX_UNUSABLE')
  })

  test('wrong passwords and URLs are told without the password', async () => {
    const {database} = await madeStore()
    const url = mariadbUrl(server, {database, password: 'secret-word'})
    const store = await openOutboxStore({url, prefix: PREFIX, dataDir: '/nowhere'})
    const error: unknown = await store.read(1).catch((reason: unknown) => reason)
    expect(error).toMatchObject({code: 'OUTBOX_DENIED'})
    expect(String(error)).not.toContain('secret-word')
    await store.close()
    const wrong = openOutboxStore({url: 'mysql://u:secret-word@h', prefix: PREFIX, dataDir: '/'})
    const refused: unknown = await wrong.catch((reason: unknown) => reason)
    expect(refused).toMatchObject({code: 'CONFIG_INVALID'})
    expect(String(refused)).toContain('URL of the outbox')
    expect(String(refused)).not.toContain('secret-word')
  })
})

async function processes(info: string): Promise<number[]> {
  const rows = await server.exec('SHOW FULL PROCESSLIST')
  return rows.filter((row) => String(row['Info']).startsWith(info)).map((row) => Number(row['Id']))
}
