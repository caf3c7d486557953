/** `wsmesh doctor` on a real MariaDB, a real nginx and real nodes: silent, then each fault planted. */
import {chmod, mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {Parser} from '@oclif/core'
import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest'

import {serveFlags} from '../../src/lib/cli/serve-flags.js'
import {type ServeFlagValues, serveOptionsOf} from '../../src/lib/cli/serve-options.js'
import {type DoctorJson, runDoctor} from '../../src/lib/doctor/run-doctor.js'
import {openPoolStore} from '../../src/lib/pool/open-pool-store.js'
import {nodeId} from '../../src/lib/util/brand.js'
import {type Mariadb, mariadbUrl, startMariadb} from '../helpers/mariadb.js'
import {type Nginx, startNginx} from '../helpers/nginx.js'
import {ServeMesh} from '../helpers/serve-process.js'
import {freePort} from '../helpers/free-port.js'

const UPGRADE = `proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection "upgrade"; proxy_set_header Host $host;`

let database: Mariadb
let mesh: ServeMesh
let nginx: Nginx<'good' | 'hasty' | 'open' | 'deaf'>
let good: Readonly<Record<string, string>> = {}
let version = ''

beforeAll(async () => {
  database = await startMariadb()
  mesh = await ServeMesh.open(database.url)
  const serve = {
    'ping-interval': '1s', 'trust-proxy': '127.0.0.1', origin: 'http://127.0.0.1',
    'max-clients': '1000',
  }
  const first = await mesh.start(...argsOf(serve))
  const second = await mesh.start(...argsOf(serve))
  const hosts = [first, second].map(({ready}) => new URL(ready.httpUrl).host)
  version = (await first.stats()).version
  nginx = await startNginx(hosts, {
    good: `location = /WebSockets { proxy_pass http://nodes; ${UPGRADE} proxy_read_timeout 60s; }`,
    hasty: `location = /WebSockets { proxy_pass http://nodes; ${UPGRADE} proxy_read_timeout 300ms; }`,
    open: `location / { proxy_pass http://nodes; ${UPGRADE} }`,
    deaf: 'location = /WebSockets { proxy_pass http://nodes; }',
  })
  const port = new URL(first.ready.httpUrl).port
  good = {
    ...serve, port, pool: database.url, 'data-dir': mesh.folder,
    'public-url': `ws://${nginx.hosts.good}/WebSockets`,
  }
})
afterAll(async () => {
  await nginx?.[Symbol.asyncDispose]()
  await mesh?.[Symbol.asyncDispose]()
  await database?.stop()
})

function url(name: keyof typeof nginx.hosts): string {
  return `ws://${nginx.hosts[name]}/WebSockets`
}

type Flags = Readonly<Record<string, string>>

function argsOf(flags: Flags): string[] {
  return Object.entries(flags).flatMap(([name, value]) =>
    value === '' ? [`--${name}`] : [`--${name}`, value])
}

/** As the command does it, in this process. */
async function doctor(
  change: Flags = {}, options: {readonly url?: string; readonly isQuick?: boolean} = {},
): Promise<DoctorJson> {
  const args = argsOf({...good, ...change})
  const {flags} = await Parser.parse(args, {flags: serveFlags()})
  const values = flags as unknown as ServeFlagValues
  return runDoctor({
    serve: serveOptionsOf(values, version, args),
    dataDir: values['data-dir'] ?? mesh.folder,
    configPath: undefined,
    env: {},
    strayVariables: [],
    pages: ['http://127.0.0.1'],
    isQuick: options.isQuick ?? true,
    url: options.url,
    timeoutMs: 3000,
    onWait: () => undefined,
  })
}

async function idsOf(change: Flags = {}, options = {}): Promise<readonly string[]> {
  return (await doctor(change, options)).findings.map(({id}) => id)
}

test('is silent about a good set-up: MariaDB, two nodes, nginx, and a ping comes through', async () => {
  const {exit, stdout, stderr} = await mesh.run('doctor', ...argsOf(good), '--page', 'http://127.0.0.1')
  expect(stdout).toMatch(/^✓ \d+ checks, all well\n$/)
  expect(stderr).toContain('Watching a silent connection through ws://')
  expect(exit).toBe(0)
})

test('says what it found in JSON and by its exit status, without a password', async () => {
  const url = mariadbUrl(database, {password: 'wrong'})
  const args = ['doctor', '--pool', url, '--max-clients', '1000', '--port', '0']
  const {exit, stdout} = await mesh.run(...args, '--json')
  const report = JSON.parse(stdout) as DoctorJson
  expect(report.findings).toMatchObject([{id: 'pool-store', severity: 'error'}])
  expect(stdout).not.toContain('wrong')
  expect(report.notChecked.map(({id}) => id)).toContain('store-wait-timeout')
  expect(exit).toBe(96)
})

describe('the way of clients', () => {
  test('a proxy that ends connections before they are pinged', async () => {
    const {findings} = await doctor({}, {url: url('hasty'), isQuick: false})
    expect(findings).toMatchObject([{id: 'front-idle', severity: 'error'}])
    expect(findings[0]?.what).toMatch(/was cut after \d{3} ms/)
  })

  test.each([
    ['passes on every path', 'open', ['front-exposed', 'front-exposed']],
    ['does not pass on Upgrade', 'deaf', ['front-answers']],
  ] as const)('a proxy that %s', async (_, name, ids) => {
    expect(await idsOf({}, {url: url(name)})).toEqual(ids)
  })

  test('a page that is not let in', async () => {
    const page = ['--page', 'http://other.test', '--quick', '--json']
    const {stdout} = await mesh.run('doctor', ...argsOf(good), ...page)
    const {findings} = JSON.parse(stdout) as DoctorJson
    expect(findings.map(({id}) => id)).toEqual(['origins', 'front-origins'])
  })

  test('none: a node itself, whatever it is called here', async () => {
    const host = `localhost:${good['port']}`
    const ids = await idsOf({'trust-proxy': '10.0.0.1'}, {url: `ws://${host}/WebSockets`})
    expect(ids).toEqual([])
  })

  test('nobody at the public URL', async () => {
    const url = `ws://127.0.0.1:${await freePort()}/`
    expect(await idsOf({}, {url})).toEqual(['front-answers'])
  })
})

describe('the database', () => {
  afterEach(async () => {
    const names = ['wait_timeout', 'max_connections', 'read_only', 'max_heap_table_size', 'sql_mode']
    await database.exec(`SET ${names.map((name) => `GLOBAL ${name} = DEFAULT`).join(', ')}`)
  })

  test.each([
    ['store-wait-timeout', 'SET GLOBAL wait_timeout = 2'],
    ['store-connections', 'SET GLOBAL max_connections = 10'],
    ['store-writable', 'SET GLOBAL read_only = 1'],
    ['store-sql-mode', "SET GLOBAL sql_mode = ''"],
  ])('%s: %s', async (id, sql) => {
    await database.exec(sql)
    // The outbox has no tables here: nodes run without.
    expect((await idsOf({outbox: ''})).filter((each) => each !== 'outbox')).toEqual([id])
  })

  test('a table of members with little room', async () => {
    await database.exec('SET GLOBAL max_heap_table_size = 16384')
    const store = await openPoolStore({url: database.url, prefix: 'small_', dataDir: mesh.folder})
    await store.init()
    await store.close()
    expect(await idsOf({'pool-prefix': 'small_', port: '0'})).toEqual(['store-room'])
  })

  test('a user that may not delete, and one that may nothing', async () => {
    await database.exec("CREATE USER weak@'%' IDENTIFIED BY 'x'")
    const change = {pool: mariadbUrl(database, {user: 'weak', password: 'x'})}
    await database.exec('GRANT SELECT, INSERT, UPDATE ON mesh.* TO weak')
    const {findings} = await doctor(change)
    expect(findings).toMatchObject([{id: 'store-privileges', what: expect.stringContaining('DELETE')}])
    await database.exec('REVOKE ALL, GRANT OPTION FROM weak')
    await database.exec('GRANT SELECT ON mesh.wsmesh_lease TO weak')
    const ids = await idsOf(change)
    expect(ids).toContain('store-privileges')
    expect(ids).not.toContain('pool-store')
  })
})

describe('the mesh and this machine', () => {
  test('a row of the dead at the address of a living node', async () => {
    const store = await openPoolStore({url: database.url, prefix: 'wsmesh_', dataDir: mesh.folder})
    const id = nodeId('n-ghost')
    const url = mesh.nodes[0]?.ready.nodeUrl ?? ''
    await store.join({id, url, clientUrl: url, version: '0', pid: 1})
    try {
      expect(await idsOf()).toEqual(['duplicate-addresses', 'nodes-answer'])
    } finally {
      await store.remove(id)
      await store.close()
    }
  })

  test('another secret, a weak one at that, which others can read', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'wsmesh-doctor-'))
    const path = join(folder, 'secret')
    await writeFile(path, 'changeme-changeme\n', {mode: 0o600})
    const change = {'secret-file': path}
    expect(await idsOf(change)).toEqual(['mesh-secret', 'secret'])
    await chmod(path, 0o644)
    expect(await idsOf(change)).toEqual(['secret'])
    await rm(folder, {recursive: true})
  })

  test('a version of another day, and too few files for so many clients', async () => {
    version = `${version}-other`
    try {
      expect(await idsOf({'max-clients': '999999'})).toEqual(['open-files', 'open-files', 'versions'])
    } finally {
      version = version.replace('-other', '')
    }
  })

  test('a port that somebody else has, a data folder that anybody can change', async () => {
    await chmod(mesh.folder, 0o777)
    try {
      const port = String(database.port)
      expect(await idsOf({port})).toEqual(['ports', 'data-folder'])
    } finally {
      await chmod(mesh.folder, 0o700)
    }
  })

  test('an address that others cannot dial, beside nodes of other machines', async () => {
    const store = await openPoolStore({url: database.url, prefix: 'far_', dataDir: mesh.folder})
    await store.init()
    const url = 'ws://192.0.2.1:8080/mesh'
    await store.join({id: nodeId('n-far'), url, clientUrl: url, version: '0', pid: 1})
    await store.close()
    const ids = await idsOf({'pool-prefix': 'far_', port: '0'})
    expect(ids).toEqual(['node-url', 'nodes-answer'])
  })
})
