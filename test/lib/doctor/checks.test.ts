import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'

import {CHECKS} from '../../../src/lib/doctor/checks.js'
import type {Told} from '../../../src/lib/doctor/check.js'
import type {
  Facts, FrontFacts, MeshFacts, MysqlFacts, Settings,
} from '../../../src/lib/doctor/facts.js'
import {doctorScreen} from '../../../src/lib/doctor/doctor-screen.js'
import {NO_ROOM} from '../../../src/lib/doctor/file-checks.js'
import {judge} from '../../../src/lib/doctor/run-doctor.js'
import {Chalk} from 'chalk'
import {goodFacts, goodMysql, goodNode, goodSettings} from './good-facts.js'

const DAY_MS = 86_400_000
const told: Told = {code: 'POOL_UNREACHABLE', message: 'It is away', suggestions: ['Start it']}

type Plant = (facts: Facts) => Facts

function settings(change: Partial<Settings>): Plant {
  return (facts) => ({...facts, settings: {...facts.settings, ...change}})
}

function machine(change: Partial<Facts['machine']>): Plant {
  return (facts) => ({...facts, machine: {...facts.machine, ...change}})
}

function files(change: Partial<Facts['files']>): Plant {
  return (facts) => ({...facts, files: {...facts.files, ...change}})
}

function mysql(change: Partial<MysqlFacts>): Plant {
  return (facts) => ({...facts, store: {...goodMysql, ...change}})
}

function variables(change: Readonly<Record<string, string>>): Plant {
  return mysql({variables: {...goodMysql.variables, ...change}})
}

function nodes(...list: readonly ReturnType<typeof goodNode>[]): Plant {
  return (facts) => ({
    ...facts,
    mesh: {
      type: 'asked', clocksAheadMs: {},
      survey: {nodes: list, holder: undefined, leaseTerm: 4, warnings: []},
    },
  })
}

function front(change: Partial<FrontFacts>): Plant {
  return (facts) => ({...facts, ...(facts.front && {front: {...facts.front, ...change}})})
}

function application(change: Partial<Facts['application']>): Plant {
  return (facts) => ({...facts, application: {...facts.application, ...change}})
}

function mesh(facts: MeshFacts): Plant {
  return (all) => ({...all, mesh: facts})
}

function inOrder(...plants: readonly Plant[]): Plant {
  return (facts) => plants.reduce((before, plant) => plant(before), facts)
}

const secret = {type: 'fine', source: '/s', count: 1, bitsMax: 210, isViewers: false} as const
const folder = {path: '/d', mode: 0o40700, fileSystem: 'ext4', freeBytes: 1e10} as const
const full = {...folder, freeBytes: 9 * 1024 ** 2}
const embedded = settings({
  pool: {type: 'sqlite', label: 'sqlite:/d/pool.db', path: '/d/pool.db'}, hasSqlitePool: true,
  nodeUrl: undefined,
})
const master = goodNode('n1', '10.0.0.5:8080', {role: 'master'})
const {pool} = goodSettings
const localPool = {...pool, ...(pool.type === 'mysql' && {host: 'localhost'})}

/** The id of the check that must speak, what it must name, and what is wrong. */
const PLANTED: readonly (readonly [id: string, names: string, plant: Plant])[] = [
  ['node-version', '20.18.3', machine({nodeVersion: '20.18.3'})],
  ['open-files', '1024', machine({processes: [{id: 'n1', pid: 7, filesMax: 1024, filesOpen: 90}]})],
  ['open-files', '4096', machine({processes: [], filesMax: 4096})],
  ['ports', 'pid 9 (nginx)', machine({places: [
    {flag: '--port', place: '0.0.0.0:8080', state: 'taken', owner: 'pid 9 (nginx)'}]})],
  ['ports', '0.0.0.0:80', machine({places: [
    {flag: '--port', place: '0.0.0.0:80', state: 'denied', owner: undefined}]})],
  ['ports', '10.9.9.9:8081', machine({places: [
    {flag: '--node-listen', place: '10.9.9.9:8081', state: 'no-address', owner: undefined}]})],
  ['secret', 'It is away', files({secret: {type: 'bad', told: {...told, code: 'SECRET_INVALID'}}})],
  ['secret', 'It is away', files({secret: {type: 'bad', told: {...told, code: 'SECRET_MISSING'}}})],
  ['secret', '57 bits', files({secret: {...secret, bitsMax: 57.2}})],
  ['secret', "a viewer's", files({secret: {...secret, isViewers: true}})],
  ['secret', '2 are accepted', files({secret: {...secret, count: 2}})],
  ['data-folder', '777', files({dataDir: {...folder, mode: 0o40777}})],
  ['data-folder', '9 MiB', files({dataDir: full})],
  ['data-folder', '9 MiB', inOrder(embedded, files({dataDir: full, poolFolder: full}))],
  ['data-folder', '/p', inOrder(embedded, files({poolFolder: {...full, path: '/p'}}))],
  ['pool-file', 'nfs4', inOrder(embedded, files({poolFolder: {...folder, fileSystem: 'nfs4'}}))],
  ['config-file', '644', files({config: {path: '/c', mode: 0o100644, hasPassword: true}})],
  ['api-keys', 'It is away', files({apiKeys: told})],
  ['certificate', '3 d', files({tls: {
    type: 'fine', path: '/c', validToMs: 3 * DAY_MS, missing: [], nowMs: 0}})],
  ['certificate', '10.0.0.5', files({tls: {
    type: 'fine', path: '/c', validToMs: 90 * DAY_MS, missing: ['10.0.0.5'], nowMs: 0}})],
  ['certificate', 'It is away', files({tls: {type: 'bad', told}})],
  ['actions', '/srv/no', files({actions: [{path: '/srv/no', wrong: 'it is not there'}]})],
  ['actions', 'line 3', files({actions: [{
    path: '/srv/a/b.mjs', wrong: "SyntaxError: Unexpected token '=>', line 3", isInFolder: true}]})],
  ['log-file', '/no/x.log: its folder is not there', files({
    logFile: {path: '/no/x.log', wrong: 'its folder is not there'}})],
  ['log-file', 'df -h /mnt', files({logFile: {path: '/mnt/x.log', wrong: NO_ROOM}})],
  ['node-url', '127.0.0.1', settings({nodeUrl: undefined, host: '127.0.0.1'})],
  ['node-url', 'such as ws://10.0.0.5', settings({
    nodeUrl: 'ws://localhost:8080/mesh', pool: localPool})],
  ['node-url', 'a file of this machine', inOrder(
    embedded, settings({nodeUrl: 'ws://10.0.0.5:8080/mesh'}), files({poolFolder: folder}))],
  ['node-url', 'knows no address (ENOTFOUND)', machine({nodeName: {
    name: 'ws1.internal', addresses: [], code: 'ENOTFOUND'}})],
  ['node-url', 'IPv6 addresses alone (fd00::5)', machine({nodeName: {
    name: 'ws1.internal', addresses: ['fd00::5'], code: undefined}})],
  ['environment', 'WSMESH_MAX_CLIENT is set', settings({
    strayVariables: [{name: 'WSMESH_MAX_CLIENT', meant: 'WSMESH_MAX_CLIENTS'}]})],
  ['public-url', 'without TLS', settings({publicUrl: 'ws://ws.example.com/WebSockets'})],
  ['origins', 'exmaple', settings({origins: ['https://www.exmaple.com'], pages: []})],
  ['origins', 'http://www.example.com', settings({origins: ['http://www.example.com'], pages: []})],
  ['origins', 'https://shop.example.com', settings({pages: ['https://shop.example.com']})],
  ['origins', 'no origin', settings({origins: ['example.com']})],
  ['trusted-proxies', '0.0.0.0/0', settings({trustedProxies: ['0.0.0.0/0']})],
  ['trusted-proxies', 'names no proxy', settings({trustedProxies: []})],
  ['pool-store', 'It is away', (facts) => ({...facts, store: {type: 'failed', told}})],
  ['store-writable', 'read_only', variables({read_only: 'ON'})],
  ['store-privileges', 'DELETE', mysql({
    grants: ['GRANT SELECT, INSERT, UPDATE ON `app`.* TO `wsmesh`@`%`']})],
  ['store-privileges', 'CREATE', mysql({tables: []})],
  ['store-engine', 'Galera', variables({wsrep_on: 'ON'})],
  ['store-engine', 'MyISAM', mysql({tables: [
    {name: 'wsmesh_members', engine: 'MEMORY', rowsMax: 9999},
    {name: 'wsmesh_lease', engine: 'MyISAM', rowsMax: undefined}]})],
  ['store-engine', 'members table is InnoDB', mysql({tables: [
    {name: 'wsmesh_members', engine: 'InnoDB', rowsMax: undefined},
    {name: 'wsmesh_lease', engine: 'InnoDB', rowsMax: undefined}]})],
  ['store-engine', 'does not allow MEMORY', mysql({
    variables: {...goodMysql.variables, disabled_storage_engines: 'MyISAM,MEMORY'}, tables: [],
    grants: ['GRANT ALL PRIVILEGES ON `app`.* TO `wsmesh`@`%`']})],
  ['store-room', '12 rows', mysql({tables: [
    {name: 'wsmesh_members', engine: 'MEMORY', rowsMax: 12},
    {name: 'wsmesh_lease', engine: 'InnoDB', rowsMax: undefined}]})],
  ['store-wait-timeout', '2 s', variables({wait_timeout: '2'})],
  ['store-connections', 'max_connections', variables({max_connections: '12'})],
  ['store-connections', 'max_user_connections', variables({max_user_connections: '3'})],
  ['store-latency', '180 ms', mysql({latencyMs: 180})],
  ['store-clock', '1 h 0 m behind', mysql({clockAheadMs: -3_600_000})],
  ['store-sql-mode', 'sql_mode', variables({sql_mode: 'NO_ENGINE_SUBSTITUTION'})],
  ['store-packet', '1024 KiB', variables({max_allowed_packet: '1048576'})],
  ['mesh-secret', 'another mesh secret', mesh({type: 'failed', told: {...told, code: 'AUTH_REJECTED'}})],
  ['mesh-secret', 'n3', nodes(master, {
    ...goodNode('n3', '10.0.0.9:1'), state: 'unreachable',
    why: 'The node at ws://10.0.0.9:1/mesh has another mesh secret'})],
  ['nodes-answer', 'n3', nodes(master, {
    ...goodNode('n3', '10.0.0.9:1'), state: 'unreachable', why: 'no answer'})],
  ['nodes-answer', 'is gone', nodes(master, {
    ...goodNode('n3', '10.0.0.9:1'), state: 'stale', why: 'connection refused'})],
  ['nodes-answer', 'is isolated', nodes(master, {...goodNode('n3', '10.0.0.9:1'), state: 'isolated'})],
  ['duplicate-addresses', 'n1 and n3', nodes(master, goodNode('n3', '10.0.0.5:8080'))],
  ['one-master', 'n1 (term 4) and n3 (term 5)', nodes(
    master, goodNode('n3', '10.0.0.9:1', {role: 'master', term: 5}))],
  ['one-master', 'no node is master', nodes(goodNode('n3', '10.0.0.9:1'))],
  ['versions', '1.1.0 (n3)', nodes(master, goodNode('n3', '10.0.0.9:1', {version: '1.1.0'}))],
  ['clocks', '30 s ahead of', (facts) => ({
    ...facts,
    ...(facts.mesh.type === 'asked' && {mesh: {...facts.mesh, clocksAheadMs: {n2: 30_000}}}),
  })],
  ['front-answers', 'ECONNREFUSED', front({
    upgrade: {type: 'failed', code: 'ECONNREFUSED', message: 'connect ECONNREFUSED'}})],
  ['front-answers', '404 by nginx', front({upgrade: {type: 'answered', status: 404, server: 'nginx'}})],
  ['front-answers', '502', front({upgrade: {type: 'answered', status: 502, server: undefined}})],
  ['front-answers', '403', front({upgrade: {type: 'answered', status: 403, server: undefined}})],
  ['front-answers', '503', front({upgrade: {type: 'answered', status: 503, server: undefined}})],
  ['front-answers', '302', front({upgrade: {type: 'answered', status: 302, server: 'nginx'}})],
  ['front-certificate', '2 d', front({certificateToMs: 2 * DAY_MS, nowMs: 0})],
  ['front-certificate', 'expired', front({
    upgrade: {type: 'failed', code: 'CERT_HAS_EXPIRED', message: 'certificate has expired'}})],
  ['front-idle', 'after 10 s', front({
    session: {type: 'cut', afterMs: 10_000, pingMs: 25_000, code: 1006}})],
  ['front-idle', 'no answer within 3 s', front({session: {type: 'silent', afterMs: 3000}})],
  ['front-idle', 'no ping', front({session: {type: 'no ping', afterMs: 27_000, pingMs: 25_000}})],
  ['front-origins', 'https://www.example.com', front({origins: [
    {origin: 'https://www.example.com', answer: {type: 'answered', status: 403, server: 'nginx'}}]})],
  ['front-origins', 'any site', front({stranger: {type: 'upgraded'}})],
  ['front-exposed', '/mesh', front({exposed: ['/mesh']})],
  ['front-exposed', '/publish', front({exposed: ['/publish']})],
  ['outbox', '1 m 30 s', application({
    outbox: {type: 'read', waiting: 8, aside: 0, oldestMs: 90_000}})],
  ['outbox', '2 rows', application({outbox: {type: 'read', waiting: 0, aside: 2, oldestMs: undefined}})],
  ['outbox', 'It is away', application({outbox: {type: 'failed', told}})],
  ['sessions', 'It is away', application({sources: [{flag: '--auth-url', told}]})],
  ['webhooks', 'It is away', application({webhooks: [{url: 'http://app/actions', told}]})],
]

describe('wsmesh doctor', () => {
  test('is silent where all is well', () => {
    expect(judge(goodFacts())).toMatchObject({findings: [], notChecked: []})
  })

  test('is silent about an embedded pool where all is well', () => {
    const plant = inOrder(embedded, files({poolFolder: folder}), (facts) => ({
      ...facts, store: {type: 'sqlite'},
    }))
    expect(judge(plant(goodFacts()))).toMatchObject({findings: [], notChecked: []})
  })

  test('is silent about a node that clients dial themselves, by whatever name', () => {
    const url = 'wss://ws.example.com:8080/WebSockets'
    const plant = inOrder(settings({trustedProxies: [], publicUrl: url}), front({url}))
    expect(judge(plant(goodFacts())).findings).toEqual([])
  })

  test.each(PLANTED)('%s: names "%s"', (id, names, plant) => {
    const {findings} = judge(plant(goodFacts()))
    expect(findings.map((finding) => finding.id)).toEqual([id])
    expect(JSON.stringify(findings)).toContain(names)
    const [finding] = findings
    expect(finding?.why.length).toBeGreaterThan(10)
    expect(finding?.todo.filter((text) => text !== '')).not.toEqual([])
  })

  test('every check has something planted for it', () => {
    const planted = new Set(PLANTED.map(([id]) => id))
    expect(CHECKS.map(({id}) => id).filter((id) => !planted.has(id))).toEqual([])
  })

  test('ids are different, and OPERATIONS.md explains each', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/OPERATIONS.md'), 'utf8')
    const ids = CHECKS.map(({id}) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.filter((id) => !page.includes(`| \`${id}\` |`))).toEqual([])
  })

  test('what cannot be looked at is no finding, and not passed either', () => {
    const {notChecked, findings, passed} = judge({
      ...goodFacts(), front: undefined, mesh: {type: 'not asked', why: 'no secret'},
      store: {type: 'failed', told},
    })
    expect(findings.map(({id}) => id)).toEqual(['pool-store'])
    expect(notChecked.map(({id}) => id)).toEqual(
      CHECKS.map(({id}) => id).filter((id) =>
        /^(front-|mesh-secret|nodes-|duplicate|one-master|versions|clocks|store-)/.test(id)),
    )
    expect(passed).not.toContain('front-idle')
  })

  test('the screen has errors first, what to do, and how much was looked at', () => {
    const report = judge(inOrder(
      variables({wait_timeout: '2'}), files({apiKeys: told}),
    )(goodFacts()))
    const lines = doctorScreen(report, {colours: new Chalk({level: 0}), isVerbose: false})
    expect(lines[0]).toBe('error  It is away [api-keys]')
    expect(lines).toContain('  do:  Start it')
    expect(lines.at(-1)).toMatch(/^✗ 1 error, 1 warning; \d+ checks are well$/)
    const well = doctorScreen(judge(goodFacts()), {colours: new Chalk({level: 0}), isVerbose: false})
    expect(well).toEqual([expect.stringMatching(/^✓ \d+ checks, all well$/)])
  })
})
