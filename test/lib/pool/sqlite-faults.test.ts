/** What happens to files: deleted, replaced, damaged, from elsewhere, used by many processes. */
import {
  chmod, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile,
} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import Libsql from 'libsql'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {openPoolStore} from '../../../src/lib/pool/open-pool-store.js'
import type {PoolStore} from '../../../src/lib/pool/pool-store.js'
import {SqlitePoolStore} from '../../../src/lib/pool/sqlite/sqlite-pool-store.js'
import {nodeId} from '../../../src/lib/util/brand.js'
import {codesOf, leaseOf, memberInfo} from '../../contract/pool-store-contract.js'
import {assertBuilt} from '../../helpers/built.js'
import {race} from '../../helpers/pool-race.js'

assertBuilt('lib/pool')

let folder: string
let path: string
const stores: PoolStore[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wsmesh-pool-'))
  path = join(folder, 'data', 'pool.db')
})

afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()))
  await rm(folder, {recursive: true})
})

async function open(url = `sqlite:${path}`, timeoutMs = 5000): Promise<PoolStore> {
  const store = await openPoolStore({url, dataDir: folder, timeoutMs})
  stores.push(store)
  return store
}

/** A store as it would run on another machine, or after a boot. */
function openAt(machine: string, boot: string): PoolStore {
  const options = {prefix: 'wsmesh_', timeoutMs: 5000, host: {machine, boot}}
  const store = new SqlitePoolStore({type: 'sqlite', path, label: `sqlite:${path}`}, options)
  stores.push(store)
  return store
}

/** A pool with one member and a held lease. */
async function begin(store: PoolStore) {
  await store.init()
  await store.join(memberInfo('a'))
  const first = await store.readLease()
  const view = [{id: nodeId('a'), url: 'ws://a'}]
  const held = {...leaseOf({term: 5, version: 9, holder: nodeId('a'), view}), epoch: first!.epoch}
  expect(await store.swapLease(first, held)).toBe(true)
  return held
}

describe('the file', () => {
  test('is for its user alone, and its folder too', async () => {
    await begin(await open())
    expect((await stat(join(folder, 'data'))).mode & 0o777).toBe(0o700)
    const files = await readdir(join(folder, 'data'))
    expect(files.toSorted()).toEqual(['pool.db', 'pool.db-shm', 'pool.db-wal'])
    for (const file of files) {
      expect((await stat(join(folder, 'data', file))).mode & 0o777, file).toBe(0o600)
    }
  })

  test('leaves a folder that was there as it is', async () => {
    await mkdir(join(folder, 'data'), {mode: 0o755})
    await chmod(join(folder, 'data'), 0o755)
    await begin(await open())
    expect((await stat(join(folder, 'data'))).mode & 0o777).toBe(0o755)
  })

  test('is not made by reading', async () => {
    const store = await open()
    expect(await store.list()).toEqual([])
    expect(await store.readLease()).toBeUndefined()
    expect(await readdir(folder)).toEqual([])
  })

  test('is one file again after the last handle closed', async () => {
    const store = await open()
    await begin(store)
    await store.close()
    expect(await readdir(join(folder, 'data'))).toEqual(['pool.db'])
  })
})

describe('deleted or replaced under open handles', () => {
  for (const names of [['pool.db'], ['pool.db', 'pool.db-wal', 'pool.db-shm']]) {
    test(`deleted (${names.join(', ')}): all meet in the new one`, async () => {
      const first = await open()
      const old = [first, await open(), await open()]
      const held = await begin(first)
      for (const store of old) expect(await store.readLease()).toEqual(held)
      for (const name of names) await rm(join(folder, 'data', name))
      const fresh = await open()
      await fresh.init()
      const begun = await fresh.readLease()
      expect(begun).toMatchObject({term: 0})
      expect(await first.heartbeat(nodeId('a'))).toBe(false)
      // Each writes something that all others must see.
      const all = [...old, fresh]
      for (const [index, store] of all.entries()) await store.join(memberInfo(`n${index}`))
      for (const store of all) {
        expect((await store.list()).map(({id}) => id)).toEqual(['n0', 'n1', 'n2', 'n3'])
        expect(await store.readLease()).toEqual(begun)
      }
    })
  }

  test('deleted while another process uses it: all meet in the new one', async () => {
    const store = await open()
    await begin(store)
    const racer = race(`sqlite:${path}`, 3000)
    await racer.isAtIt(store)
    await rm(path)
    await store.init()
    await store.join(memberInfo('b'))
    expect(await racer.ended).toBe(0)
    expect((await store.readLease())?.term).toBeGreaterThan(0)
    expect(await store.list()).toMatchObject([{id: 'b'}])
    expect(integrity(path)).toBe('ok')
  }, 30_000)

  test('the folder with it: made again', async () => {
    const store = await open()
    await begin(store)
    await rm(join(folder, 'data'), {recursive: true})
    expect(await store.list()).toEqual([])
    await store.join(memberInfo('b'))
    expect(await store.list()).toMatchObject([{id: 'b'}])
  })

  test('replaced by another pool: that one is read', async () => {
    const other = await open(`sqlite:${folder}/other.db`)
    const held = await begin(other)
    await other.join(memberInfo('b'))
    await other.close()
    const [one, two] = [await open(), await open()]
    await begin(one)
    await two.list()
    await rename(join(folder, 'other.db'), path)
    expect((await one.list()).map(({id}) => id)).toEqual(['a', 'b'])
    expect(await two.readLease()).toEqual(held)
    expect(await two.swapLease(held, {...held, version: 10})).toBe(true)
    expect((await one.readLease())?.version).toBe(10)
    await Promise.all([one.close(), two.close()])
    expect(integrity(path)).toBe('ok')
  })
})

describe('from elsewhere', () => {
  test('of another machine: refused until it is deleted', async () => {
    await begin(openAt('there#1', 'boot-1'))
    const here = openAt('here#2', 'boot-2')
    const calls = [here.list(), here.init(), here.join(memberInfo('b')), here.readLease()]
    expect(await codesOf(calls)).toEqual(calls.map(() => 'POOL_FOREIGN_HOST'))
    await expect(here.list()).rejects.toThrow(/belongs to there/)
    await rm(path)
    await here.init()
    expect(await here.list()).toEqual([])
  })

  test('of another machine where no boot is known: refused', async () => {
    await begin(openAt('there', ''))
    await expect(openAt('here', '').list()).rejects.toMatchObject({code: 'POOL_FOREIGN_HOST'})
  })

  test('of another boot: its members are gone and nobody holds the lease, once', async () => {
    const held = await begin(openAt('here#1', 'boot-1'))
    const first = openAt('renamed#1', 'boot-2')
    const handles = [first, openAt('renamed#1', 'boot-2'), openAt('renamed#1', 'boot-2')]
    await Promise.all(handles.map((handle) => handle.init()))
    const freed = {...held, version: held.version + 1, holder: undefined, view: []}
    for (const handle of handles) {
      expect(await handle.readLease()).toEqual(freed)
      expect(await handle.list()).toEqual([])
    }
    // Orders go on rising over the boot.
    expect(await first.join(memberInfo('b'))).toBeGreaterThan(1)
    await openAt('here#1', 'boot-2').join(memberInfo('c'))
    expect(await first.list()).toHaveLength(2)
  })

  test('of a container of this machine, or where no boot is known: used as it is', async () => {
    const held = await begin(openAt('one', 'boot-1'))
    expect(await openAt('two', 'boot-1').readLease()).toEqual(held)
    expect(await openAt('one', '').list()).toHaveLength(1)
  })
})

describe('damaged, locked or not ours', () => {
  test('no database at all: nobody is told to rm it, and fine when it is deleted', async () => {
    await mkdir(join(folder, 'data'))
    await writeFile(path, 'not a database, and long enough to be read as one '.repeat(100))
    const store = await open()
    const calls = [store.list(), store.init(), store.join(memberInfo('a'))]
    expect(await codesOf(calls)).toEqual(calls.map(() => 'POOL_DAMAGED'))
    await expect(store.list()).rejects.toMatchObject({
      suggestions: [expect.stringContaining('--pool'), expect.not.stringContaining('rm ')],
    })
    expect(await readFile(path, 'utf8')).toContain('not a database')
    await rm(path)
    await begin(store)
  })

  test('damaged in the middle: told what to do', async () => {
    const store = await open()
    await begin(store)
    await store.close()
    const bytes = await readFile(path)
    bytes.fill(0x5a, 4096)
    await writeFile(path, bytes)
    await expect((await open()).list()).rejects.toMatchObject({code: 'POOL_DAMAGED'})
  })

  test('a folder in its place', async () => {
    await mkdir(path, {recursive: true})
    await expect((await open()).list()).rejects.toMatchObject({code: 'POOL_DENIED'})
  })

  test('a file in the place of its folder', async () => {
    await writeFile(join(folder, 'data'), '')
    await expect((await open()).init()).rejects.toMatchObject({code: 'POOL_DENIED'})
  })

  test('a database of somebody else is left alone by reading', async () => {
    await mkdir(join(folder, 'data'))
    const theirs = new Libsql(path)
    theirs.exec('CREATE TABLE mine (x)')
    theirs.close()
    const before = await readFile(path)
    const store = await open()
    expect(await store.list()).toEqual([])
    expect(await store.readLease()).toBeUndefined()
    expect(await readFile(path)).toEqual(before)
  })

  test('locked by another process: writes are rejected in time, reads go on', async () => {
    const store = await open(`sqlite:${path}`, 1000)
    const held = await begin(store)
    const locker = new Libsql(path)
    locker.exec('BEGIN IMMEDIATE')
    await expect(store.heartbeat(nodeId('a'))).rejects.toMatchObject({code: 'POOL_UNREACHABLE'})
    expect(await store.readLease()).toEqual(held)
    locker.exec('ROLLBACK')
    expect(await store.heartbeat(nodeId('a'))).toBe(true)
    locker.close()
  })

  test('a call that timed out before its turn is never done', async () => {
    const patient = await open()
    const held = await begin(patient)
    const store = await open(`sqlite:${path}`, 1000)
    const locker = new Libsql(path)
    locker.exec('BEGIN IMMEDIATE')
    const calls = [
      store.heartbeat(nodeId('a')), store.heartbeat(nodeId('a')),
      store.swapLease(held, {...held, version: 10}),
    ]
    expect(await codesOf(calls)).toEqual(calls.map(() => 'POOL_UNREACHABLE'))
    locker.exec('ROLLBACK')
    await patient.join(memberInfo('b'))
    expect(await patient.readLease()).toEqual(held)
    locker.close()
  })
})

describe('several processes', () => {
  test('make one pool and count together', async () => {
    const racers = ['p1', 'p2', 'p3', 'p4'].map((id) => race(`sqlite:${path}`, 100, id))
    for (const {ended} of racers) expect(await ended).toBe(0)
    const store = await open()
    expect(await store.readLease()).toMatchObject({term: 400, version: 400})
    expect((await store.list()).map(({id}) => id).toSorted()).toEqual(['p1', 'p2', 'p3', 'p4'])
    const orders = racers.map((racer) => Number(/joined (\d+)/.exec(racer.output())?.[1]))
    expect(new Set(orders).size).toBe(4)
  }, 60_000)

  test('killed while they write leave a pool that works', async () => {
    const store = await open()
    await begin(store)
    for (let round = 0; round < 5; round += 1) {
      const racer = race(`sqlite:${path}`, 1_000_000)
      await racer.isAtIt(store)
      racer.kill()
      await racer.ended
      const lease = await store.readLease()
      expect(await store.swapLease(lease, {...lease!, version: lease!.version + 1})).toBe(true)
    }
    expect(integrity(path)).toBe('ok')
  }, 60_000)
})

function integrity(file: string): unknown {
  const database = new Libsql(file)
  const [row] = database.pragma('integrity_check') as {integrity_check: string}[]
  database.close()
  return row?.integrity_check
}
