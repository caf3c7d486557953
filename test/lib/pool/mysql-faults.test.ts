/** What a database server does to its clients, each on a real MariaDB. */
import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest'
import {openPoolStore} from '../../../src/lib/pool/open-pool-store.js'
import type {PoolStore} from '../../../src/lib/pool/pool-store.js'
import {nodeId} from '../../../src/lib/util/brand.js'
import {codesOf, leaseOf, memberInfo} from '../../contract/pool-store-contract.js'
import {eventually} from '../../helpers/eventually.js'
import {MARIADB_PASSWORD, MARIADB_USER, mariadbUrl, startMariadb} from '../../helpers/mariadb.js'
import type {Mariadb} from '../../helpers/mariadb.js'
import {assertBuilt} from '../../helpers/built.js'
import {race} from '../../helpers/pool-race.js'

assertBuilt('lib/pool')

let server: Mariadb
let prefixes = 0
const stores: PoolStore[] = []

beforeAll(async () => {
  server = await startMariadb()
}, 60_000)

afterEach(async () => {
  server.thaw()
  await server.exec('SET GLOBAL read_only = 0')
  await Promise.all(stores.splice(0).map((store) => store.close()))
})

afterAll(async () => {
  await server.stop()
})

interface OpenOptions {
  readonly url?: string
  readonly prefix?: string
  readonly timeoutMs?: number
}

async function open({url = server.url, prefix, timeoutMs = 5000}: OpenOptions = {}) {
  prefixes += 1
  const name = prefix ?? `f${prefixes}_`
  const store = await openPoolStore({url, prefix: name, dataDir: '/nowhere', timeoutMs})
  stores.push(store)
  return {store, prefix: name}
}

/** A pool with one member and a held lease. */
async function openBegun(options: OpenOptions = {}) {
  const opened = await open(options)
  await opened.store.init()
  await opened.store.join(memberInfo('a'))
  const first = await opened.store.readLease()
  const held = {...leaseOf({term: 5, version: 9, holder: nodeId('a')}), epoch: first!.epoch}
  expect(await opened.store.swapLease(first, held)).toBe(true)
  return {...opened, held}
}

/** What the users' connections are doing at the moment. */
async function processes(): Promise<readonly {id: number; info: string; time: number}[]> {
  const rows = await server.exec(
    'SELECT id, info, time FROM information_schema.processlist'
      + ` WHERE user = '${MARIADB_USER}'`,
  )
  return rows.map(({id, info, time}) => ({
    id: Number(id), info: String(info), time: Number(time),
  }))
}

/** Calls while the tables are locked, and kills the call once the server waits with it. */
async function killWaiting(prefix: string, call: () => Promise<unknown>, kill: string) {
  const admin = await server.connect()
  await admin.query(`LOCK TABLES mesh.${prefix}lease WRITE`)
  const outcome = call().then((value) => ({value}), (error: unknown) => ({error}))
  const {id} = await eventually(async () => (
    (await processes()).find(({info}) => info.includes(`${prefix}lease`))
  ), {what: 'the call to wait at the server'})
  await server.exec(`${kill} ${id}`)
  await admin.query('UNLOCK TABLES')
  await admin.end()
  return outcome
}

/** How a call fails. No word of it holds a password. */
async function codeAndText(
  url: string,
  call = (store: PoolStore): Promise<unknown> => store.init(),
) {
  const {store} = await open({url, timeoutMs: 3000})
  const error: unknown = await call(store).then(() => undefined, (reason: unknown) => reason)
  expect(error).toBeInstanceOf(Error)
  const {code, message, suggestions} = error as {
    code: string; message: string; suggestions: string[]
  }
  expect(suggestions.length).toBeGreaterThan(0)
  const text = [message, ...suggestions, store.label, String((error as Error).cause)].join('\n')
  for (const secret of [MARIADB_PASSWORD, encodeURIComponent(MARIADB_PASSWORD), 'sesame']) {
    expect(text).not.toContain(secret)
  }
  return {code, message}
}

describe('the server goes and comes', () => {
  for (const way of ['shutdown', 'kill'] as const) {
    test(`${way}: refused meanwhile; then members are gone, the lease is as it was`, async () => {
      const {store, held} = await openBegun()
      await server[way]()
      await expect(store.readLease()).rejects.toMatchObject({code: 'POOL_UNREACHABLE'})
      await expect(store.heartbeat(nodeId('a'))).rejects.toMatchObject({code: 'POOL_UNREACHABLE'})
      await server.start()
      expect(await store.readLease()).toEqual(held)
      expect(await store.heartbeat(nodeId('a'))).toBe(false)
      expect(await store.list()).toEqual([])
      await store.join(memberInfo('a'))
      expect(await store.list()).toHaveLength(1)
      expect(await store.swapLease(held, {...held, version: 10})).toBe(true)
    }, 60_000)
  }

  test('between two calls: the next call does not notice', async () => {
    const {store, held} = await openBegun()
    await server.restart()
    expect(await store.swapLease(held, {...held, version: 10})).toBe(true)
    expect(await store.heartbeat(nodeId('a'))).toBe(false)
  }, 60_000)

  test('with members in InnoDB: they are still there', async () => {
    const {store} = await openBegun({url: `${server.url}?engine=innodb`})
    await server.restart()
    expect(await store.list()).toMatchObject([{id: 'a', beat: 0}])
    expect(await store.heartbeat(nodeId('a'))).toBe(true)
  }, 60_000)

  test('with other tables: made again by the next join', async () => {
    const {store, prefix} = await openBegun()
    await server.exec(`DROP TABLE mesh.${prefix}members`)
    expect(await store.list()).toEqual([])
    await store.join(memberInfo('b'))
    expect(await store.list()).toMatchObject([{id: 'b'}])
  })
})

describe('connections', () => {
  test('wait_timeout closed them: the next calls work', async () => {
    await server.exec('SET GLOBAL wait_timeout = 1')
    try {
      const {store, held} = await openBegun()
      await eventually(async () => (await processes()).length === 0, {what: 'idle ones to end'})
      // Reads and heartbeats try again, so it does not matter whether we have heard of it yet.
      expect(await store.readLease()).toEqual(held)
      expect(await store.heartbeat(nodeId('a'))).toBe(true)
      expect(await store.swapLease(held, {...held, version: 10})).toBe(true)
    } finally {
      await server.exec('SET GLOBAL wait_timeout = 28800')
    }
  }, 20_000)

  test('killed idle: the next calls work', async () => {
    const {store} = await openBegun()
    for (const {id} of await processes()) await server.exec(`KILL ${id}`)
    expect(await store.heartbeat(nodeId('a'))).toBe(true)
    expect(await store.readLease()).toMatchObject({term: 5})
  })

  test('killed while a swap waits: it is rejected, and the next call works', async () => {
    const {store, prefix, held} = await openBegun()
    const next = {...held, version: 10}
    for (const kill of ['KILL', 'KILL QUERY']) {
      const end = await killWaiting(prefix, () => store.swapLease(held, next), kill)
      expect(end).toMatchObject({error: {code: 'POOL_UNREACHABLE'}})
      expect(await store.readLease()).toEqual(held)
    }
    expect(await store.swapLease(held, next)).toBe(true)
  })

  test('killed while a read waits: it is read again', async () => {
    const {store, prefix, held} = await openBegun()
    expect(await killWaiting(prefix, () => store.readLease(), 'KILL')).toEqual({value: held})
  })

  test('a lock on the members does not hold the lease up', async () => {
    const {store, prefix, held} = await openBegun({timeoutMs: 400})
    const admin = await server.connect()
    await admin.query(`LOCK TABLES mesh.${prefix}members WRITE`)
    const heartbeat = expect(store.heartbeat(nodeId('a'))).rejects.toMatchObject({
      code: 'POOL_UNREACHABLE',
    })
    expect(await store.readLease()).toEqual(held)
    await heartbeat
    await admin.query('UNLOCK TABLES')
    await admin.end()
    expect(await store.heartbeat(nodeId('a'))).toBe(true)
  })

  test('are at most two, however many calls and failures', async () => {
    const {store} = await openBegun()
    await Promise.all(Array.from({length: 50}, () => [
      store.list(), store.readLease(), store.heartbeat(nodeId('a')),
    ]).flat())
    expect((await processes()).length).toBeLessThanOrEqual(2)
    await store.close()
    await eventually(async () => (await processes()).length === 0, {what: 'closed connections'})
  })

  test('are as wsmesh needs them on a server with other defaults', async () => {
    await server.exec("SET GLOBAL autocommit = 0, GLOBAL sql_mode = 'NO_BACKSLASH_ESCAPES'")
    try {
      const {store, prefix, held} = await openBegun()
      const view = [{id: nodeId('a'), url: String.raw`ws://x/\'";--`}]
      const next = {...held, version: 10, view}
      expect(await store.swapLease(held, next)).toBe(true)
      expect(await (await open({prefix})).store.readLease()).toEqual(next)
    } finally {
      await server.exec('SET GLOBAL autocommit = 1, GLOBAL sql_mode = DEFAULT')
    }
  })
})

describe('the server hangs', () => {
  test('calls are rejected in time and work as soon as it goes on', async () => {
    const {store, held} = await openBegun({timeoutMs: 300})
    await server.freeze()
    const calls = [
      store.list(), store.readLease(), store.heartbeat(nodeId('a')),
      store.swapLease(held, {...held, version: 10}), store.init(),
    ]
    expect(await codesOf(calls)).toEqual(calls.map(() => 'POOL_UNREACHABLE'))
    // By now on a connection that the system accepts and the server never greets.
    await expect(store.readLease()).rejects.toMatchObject({code: 'POOL_UNREACHABLE'})
    await expect(store.list()).rejects.toThrow(/no answer in 300 ms/)
    server.thaw()
    const lease = await eventually(() => store.readLease().catch(() => undefined))
    // The frozen swap may have been done when the server went on, or not: never half.
    expect([9, 10]).toContain(lease.version)
    expect(lease.holder).toBe('a')
    expect(await store.heartbeat(nodeId('a'))).toBe(true)
    expect(await store.swapLease(lease, {...lease, version: 20})).toBe(true)
  }, 20_000)

  test('close ends all the same', async () => {
    const {store} = await openBegun({timeoutMs: 300})
    await server.freeze()
    const call = expect(store.list()).rejects.toMatchObject({code: 'POOL_UNREACHABLE'})
    await store.close()
    await call
  }, 20_000)
})

describe('not allowed', () => {
  test('a wrong password', async () => {
    expect(await codeAndText(mariadbUrl(server, {password: 'sesame'}))).toMatchObject({
      code: 'POOL_DENIED', message: expect.stringContaining('refuses the user "wsmesh"'),
    })
  })

  test('a user that is not there', async () => {
    expect(await codeAndText(mariadbUrl(server, {user: 'nobody'}))).toMatchObject({
      code: 'POOL_DENIED', message: expect.stringContaining('"nobody"'),
    })
  })

  test('a database of others, or none', async () => {
    for (const database of ['mysql', 'nowhere']) {
      expect(await codeAndText(mariadbUrl(server, {database}))).toMatchObject({
        code: 'POOL_DENIED', message: expect.stringContaining(database),
      })
    }
    const root = `mysql://root@localhost/nowhere?socketPath=${server.socketPath}`
    expect(await codeAndText(root)).toMatchObject({
      code: 'POOL_UNREACHABLE', message: expect.stringContaining('no database nowhere'),
    })
  })

  test('a user without privileges, or with some', async () => {
    await server.exec("CREATE OR REPLACE USER 'poor'@'%' IDENTIFIED BY 'sesame'")
    await server.exec("GRANT SELECT ON mesh.* TO 'poor'@'%'")
    const {prefix, held} = await openBegun()
    const url = mariadbUrl(server, {user: 'poor', password: 'sesame'})
    expect(await codeAndText(url)).toMatchObject({code: 'POOL_DENIED'})
    const {store} = await open({url, prefix})
    await store.init()
    expect(await store.readLease()).toEqual(held)
    const writes = [
      store.join(memberInfo('b')), store.heartbeat(nodeId('a')), store.remove(nodeId('a')),
      store.swapLease(held, {...held, version: 10}),
    ]
    expect(await codesOf(writes)).toEqual(writes.map(() => 'POOL_DENIED'))
  })

  test('creating is not needed where a DBA made the tables', async () => {
    await server.exec("CREATE OR REPLACE USER 'app'@'%' IDENTIFIED BY 'sesame'")
    await server.exec("GRANT SELECT, INSERT, UPDATE, DELETE ON mesh.* TO 'app'@'%'")
    const {prefix, held} = await openBegun()
    const {store} = await open({
      url: mariadbUrl(server, {user: 'app', password: 'sesame'}), prefix,
    })
    await store.init()
    await store.join(memberInfo('b'))
    expect(await store.swapLease(held, {...held, version: 10})).toBe(true)
  })

  test('a read-only server, a replica perhaps', async () => {
    const {store, held} = await openBegun()
    await server.exec('SET GLOBAL read_only = 1')
    const writes = [store.heartbeat(nodeId('a')), store.swapLease(held, {...held, version: 10})]
    expect(await codesOf(writes)).toEqual(['POOL_READ_ONLY', 'POOL_READ_ONLY'])
    expect(await codeAndText(server.url)).toMatchObject({code: 'POOL_READ_ONLY'})
    await server.exec('SET GLOBAL read_only = 0')
    expect(await store.swapLease(held, {...held, version: 10})).toBe(true)
  })

  test('more connections than the user may have', async () => {
    await server.exec(
      "CREATE OR REPLACE USER 'one'@'%' IDENTIFIED BY 'sesame' WITH MAX_USER_CONNECTIONS 1",
    )
    await server.exec("GRANT ALL ON mesh.* TO 'one'@'%'")
    const url = mariadbUrl(server, {user: 'one', password: 'sesame'})
    expect(await codeAndText(url)).toMatchObject({
      code: 'POOL_UNREACHABLE', message: expect.stringContaining('no connection left'),
    })
  })

  test('nobody there: no such host, no such port, no such socket', async () => {
    const closed = await startAndStop()
    const where: [string, string][] = [
      ['mysql://u:sesame@db.invalid/mesh', 'db.invalid'],
      [`mysql://u:sesame@127.0.0.1:${closed}/mesh`, `127.0.0.1:${closed}`],
      [`mysql://u:sesame@[::1]:${closed}/mesh`, `[::1]:${closed}`],
      ['mysql://u:sesame@localhost/mesh?socketPath=/no/such.sock', '/no/such.sock'],
    ]
    for (const [url, place] of where) {
      expect(await codeAndText(url, (store) => store.readLease())).toMatchObject({
        code: 'POOL_UNREACHABLE', message: expect.stringContaining(place),
      })
    }
  }, 20_000)
})

describe('one database', () => {
  test('holds the pools of several meshes, by prefix', async () => {
    const one = await openBegun()
    const two = await openBegun()
    await two.store.join(memberInfo('b'))
    expect(await two.store.swapLease(two.held, {...two.held, term: 8})).toBe(true)
    expect(await one.store.list()).toMatchObject([{id: 'a'}])
    expect(await one.store.readLease()).toEqual(one.held)
    expect(await (await open({prefix: two.prefix})).store.list()).toHaveLength(2)
  })

  test('is the same over TCP and over the unix socket', async () => {
    const {prefix, held} = await openBegun()
    const {store} = await open({url: server.socketUrl, prefix})
    expect(await store.readLease()).toEqual(held)
  })

  test('is counted in by several processes, which end with their stores open', async () => {
    const {store} = await open({prefix: 'wsmesh_'})
    const racers = [race(server.url, 50), race(server.socketUrl, 50), race(server.url, 50)]
    for (const {ended} of racers) expect(await ended).toBe(0)
    expect(await store.readLease()).toMatchObject({term: 150, version: 150})
  }, 60_000)

  test('with rows that are not ours says so', async () => {
    const {store, prefix} = await openBegun()
    await server.exec(`UPDATE mesh.${prefix}lease SET view_json = 'x'`)
    await expect(store.readLease()).rejects.toMatchObject({code: 'POOL_DAMAGED'})
    await server.exec(`UPDATE mesh.${prefix}members SET id = 'Not An Id'`)
    await expect(store.list()).rejects.toMatchObject({code: 'POOL_DAMAGED'})
    const foreign = await open()
    await server.exec(`CREATE TABLE mesh.${foreign.prefix}members (name INT)`)
    await expect(foreign.store.init()).rejects.toMatchObject({code: 'POOL_DAMAGED'})
  })
})

/** A port where something listened until now. */
async function startAndStop(): Promise<number> {
  const {createServer} = await import('node:net')
  const listener = createServer()
  await new Promise<void>((resolve) => void listener.listen(0, '127.0.0.1', resolve))
  const address = listener.address()
  await new Promise((resolve) => listener.close(resolve))
  return typeof address === 'object' && address ? address.port : 1
}
