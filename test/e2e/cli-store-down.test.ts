import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'

import {openPoolStore} from '../../src/lib/pool/open-pool-store.js'
import {runCli} from '../helpers/cli.js'
import {within} from '../helpers/eventually.js'
import {type Mariadb, startMariadb} from '../helpers/mariadb.js'
import {startTestMesh, type TestMesh} from '../helpers/test-node.js'

let mariadb: Mariadb
let mesh: TestMesh
let stranger = ''

beforeAll(async () => {
  mariadb = await startMariadb()
  mesh = await startTestMesh(0)
  for (let n = 1; n <= 2; n += 1) {
    const store = await openPoolStore({url: mariadb.url, dataDir: mesh.folder})
    const node = await mesh.start({}, {store})
    await within(node.ready, `node ${n} to be linked`, 15_000)
  }
  stranger = await mkdtemp(join(tmpdir(), 'wsmesh-stranger-'))
})
afterAll(async () => {
  await mesh[Symbol.asyncDispose]()
  await mariadb.stop()
  await rm(stranger, {recursive: true, force: true})
})

/** From a folder that has seen the mesh before, or from a stranger's. */
function cli(args: readonly string[], folder = mesh.folder) {
  const WSMESH_SECRET = 'a secret for tests only'
  const env = {WSMESH_POOL: mariadb.url, WSMESH_DATA_DIR: folder, WSMESH_SECRET}
  return runCli(args, {env, cwd: mesh.folder})
}

async function checkCommands(): Promise<void> {
  const sent = await cli(['send', 'hello', '--user', 'nobody', '--json'])
  expect(sent.exit).toBe(5)
  const list = await cli(['pool', 'list', '--json', '--expect', '2'])
  expect(list.exit).toBe(0)
  const {nodes, warnings} = JSON.parse(list.stdout) as {nodes: object[]; warnings: string[]}
  expect(nodes).toMatchObject([{state: 'up', role: 'master'}, {state: 'up', role: 'follower'}])
  expect(warnings.join()).toMatch(/these are the nodes seen last/)
  expect(list.stdout).not.toContain(encodeURIComponent('p:a/s@s#w?o%rd'))
}

describe('commands while the pool store is gone', () => {
  test('with it they work, and remember', async () => {
    const list = await cli(['pool', 'list', '--json', '--expect', '2'])
    expect(JSON.parse(list.stdout)).toMatchObject({warnings: []})
    expect(list.exit).toBe(0)
  })

  test('frozen: it does not hold them up', async () => {
    await mariadb.freeze()
    try {
      await checkCommands()
    } finally {
      mariadb.thaw()
    }
  })

  test('down: they work, a prune does not pretend to', async () => {
    await mariadb.kill()
    await checkCommands()
    const prune = await cli(['pool', 'prune', '--yes', '--json'])
    expect(JSON.parse(prune.stdout)).toMatchObject({error: {code: 'POOL_UNREACHABLE'}})
    expect(prune.exit).toBe(3)
  })

  test('who has never seen the mesh is told why, with 3', async () => {
    const {stderr, exit} = await cli(['send', 'hello', '--everyone'], stranger)
    expect(stderr).toMatch(/mysql:\/\/wsmesh:\*\*\*@127\.0\.0\.1/)
    expect(exit).toBe(3)
    expect(await cli(['pool', 'list'], stranger)).toMatchObject({exit: 3, stdout: ''})
  })
})

test('a wrong password is not allowed: 4', async () => {
  await mariadb.start()
  const env = {
    WSMESH_POOL: mariadb.url.replace('o%25rd', 'wrong'),
    WSMESH_DATA_DIR: stranger,
    WSMESH_SECRET: 'a secret for tests only',
  }
  for (const args of [['pool', 'list'], ['send', 'hello', '--everyone']]) {
    const result = await runCli([...args, '--json'], {env, cwd: stranger})
    expect(JSON.parse(result.stdout)).toMatchObject({error: {code: 'POOL_DENIED', exit: 4}})
    expect(result.exit).toBe(4)
  }
})
