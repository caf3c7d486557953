/**
 * A real application: PHP pages log in and out, its sessions are in PHP's files or in a MariaDB
 * table, and the tabs of a session are closed on whatever node they are.
 */
import {describe, expect, it} from 'vitest'
import {disposing} from '../helpers/disposing.js'
import {eventually, within} from '../helpers/eventually.js'
import {MARIADB_PASSWORD, MARIADB_USER, mariadbUrl, startMariadb} from '../helpers/mariadb.js'
import type {Mariadb} from '../helpers/mariadb.js'
import {startPhp, type PhpApp} from '../helpers/php-app.js'
import {ServeMesh, type ServeProcess} from '../helpers/serve-process.js'
import {connectTestClient, type TestClient} from '../helpers/test-client.js'

const ORIGIN = 'https://shop.example.com'
const COOKIE = ['--session-cookie', 'PHPSESSID', '--origin', ORIGIN]
const QUERY = `SELECT id AS session, user_id AS user, 'members' AS \`groups\`,
  expires AS session_expire FROM sessions WHERE id = :session AND expires > :now`
const READER_PASSWORD = 'only-reads-9f2'

const use = disposing()

interface World {
  readonly mesh: ServeMesh
  readonly app: PhpApp
  readonly nodes: readonly ServeProcess[]
  readonly db?: Mariadb
}

async function withFiles(): Promise<World> {
  const mesh = use(await ServeMesh.open())
  const app = use(await startPhp(mesh.env))
  const flags = ['--auth-url', `${app.url}/auth.php`, ...COOKIE]
  return {mesh, app, nodes: [await mesh.start(...flags), await mesh.start(...flags)]}
}

async function withTable(): Promise<World> {
  const mesh = use(await ServeMesh.open())
  const db = use(await startMariadb())
  await db.exec(`CREATE TABLE mesh.sessions (
    id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY,
    data BLOB NOT NULL, user_id BIGINT NULL, expires BIGINT NOT NULL)`)
  await db.exec(`CREATE USER reader@'%' IDENTIFIED BY '${READER_PASSWORD}'`)
  await db.exec("GRANT SELECT ON mesh.sessions TO reader@'%'")
  const app = use(await startPhp({
    ...mesh.env,
    DATABASE_DSN: `mysql:host=127.0.0.1;port=${db.port};dbname=mesh`,
    DATABASE_USER: MARIADB_USER,
    DATABASE_PASSWORD: MARIADB_PASSWORD,
  }))
  const url = mariadbUrl(db, {user: 'reader', password: READER_PASSWORD})
  const flags = ['--auth-sql', QUERY, '--auth-sql-url', url, ...COOKIE]
  return {mesh, app, db, nodes: [await mesh.start(...flags), await mesh.start(...flags)]}
}

/** A tab as a browser opens it: the cookie goes along, the script knows no secret. */
async function openTab(node: ServeProcess, session: string): Promise<TestClient> {
  const headers = {origin: ORIGIN, cookie: `theme=dark; PHPSESSID=${session}`}
  const tab = await connectTestClient(node.ready.clientUrl, ['wsmesh.v1'], headers)
  use({[Symbol.asyncDispose]: async () => tab.ws.terminate()})
  tab.send({action: 'Client/authentication'})
  return tab
}

describe.each([
  ["PHP's own sessions, by --auth-url", withFiles],
  ['sessions in MariaDB, by --auth-sql', withTable],
])('%s', (_name, open) => {
  it('log in, connect, get messages, log out: every tab is closed, and none comes back', async () => {
    const {mesh, app, nodes} = await open()
    const session = await app.logIn(42)
    const other = await app.logIn(42)
    const tabs = await Promise.all(nodes.map((node) => openTab(node, session)))
    const [elsewhere] = await Promise.all(nodes.slice(1).map((node) => openTab(node, other)))
    for (const tab of [...tabs, elsewhere]) {
      expect(await tab?.next()).toMatchObject({details: ['ok', {user: '42', groups: ['members']}]})
    }
    expect((await mesh.run('send', 'hello', 'Hi', '--group', 'members')).exit).toBe(0)
    expect(await tabs[1]?.next()).toMatchObject({action: 'hello', details: ['Hi']})

    await app.logOut(session)
    for (const tab of tabs) {
      const end = await within(tab.closed, 'the tab to be closed')
      expect(end).toEqual({code: 4501, reason: 'kicked: logged out'})
    }
    for (const node of nodes) {
      const again = await openTab(node, session)
      expect((await within(again.closed, 'the tab to be refused')).code).toBe(4500)
    }
    // The other session of the same user is another matter.
    expect(await elsewhere?.next()).toMatchObject({details: ['Hi']})
    expect(elsewhere?.ws.readyState).toBe(1)
    // The id is all that proves a session: no log has it.
    const said = nodes.map(({cli}) => cli.stderr()).join('')
    expect(said).toContain('An operator acted')
    for (const secret of [session, other, READER_PASSWORD]) expect(said).not.toContain(secret)
  })

  it('a session that nobody has gets in nowhere', async () => {
    const {nodes: [node]} = await open()
    for (const id of ['0'.repeat(26), "' OR 1=1 -- ", '../../etc/passwd']) {
      if (node === undefined) throw new Error('No node')
      const tab = await openTab(node, encodeURIComponent(id))
      expect((await within(tab.closed, 'the tab to be refused')).code).toBe(4500)
    }
  })
})

it('a database that goes away: 503 to new clients, the others stay, and all is well after', async () => {
  const {mesh, app, db, nodes: [node]} = await withTable()
  if (db === undefined || node === undefined) throw new Error('No database')
  const session = await app.logIn(42)
  const tab = await openTab(node, session)
  await tab.next()
  const later = await app.logIn(7)
  await db.kill()
  const refused = await openTab(node, later)
  expect(await refused.next()).toMatchObject({
    action: 'Client/authentication:error', details: [503, expect.any(String)],
  })
  expect(await within(refused.closed, 'the close')).toEqual({code: 4007, reason: 'unavailable'})
  expect((await mesh.run('send', 'hello', '--user', '42')).exit).toBe(0)
  expect(await tab.next()).toMatchObject({action: 'hello'})
  await db.start()
  await eventually(async () => {
    const again = await openTab(node, later)
    const answer = (await again.next()) as {details: unknown[]}
    return answer.details[0] === 'ok'
  }, {what: 'the database to be asked again', timeoutMs: 20_000})
})

it('groups that change in the database count after wsmesh refresh', async () => {
  const {mesh, app, db, nodes: [node]} = await withTable()
  if (db === undefined || node === undefined) throw new Error('No database')
  const session = await app.logIn(42)
  const tab = await openTab(node, session)
  await tab.next()
  await db.exec(`UPDATE mesh.sessions SET expires = 1 WHERE id = '${session}'`)
  const {exit, stdout} = await mesh.run('refresh', '--user', '42')
  expect([exit, stdout]).toEqual([0, expect.stringContaining('reading again 1 connection of user 42')])
  expect(await within(tab.closed, 'the close')).toEqual({code: 4006, reason: 'session-expired'})
})
