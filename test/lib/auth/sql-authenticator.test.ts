/** Sessions in a real MariaDB, read by an account that may do no more. */
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {sqlAuthenticator, type SqlReader} from '../../../src/lib/auth/sql-authenticator.js'
import {openSqlReader, tryQuery} from '../../../src/lib/node/auth-database.js'
import {
  authenticatorContract,
  proof,
  type AuthenticatorBench,
} from '../../contract/authenticator-contract.js'
import {keepingLog, testCache, testGuard} from '../../helpers/auth-bench.js'
import {mariadbUrl, startMariadb, type Mariadb} from '../../helpers/mariadb.js'

const QUERY = `
  SELECT s.id AS session, s.user_id AS user, s.expires AS session_expire, s.language, s.plan,
    (SELECT JSON_ARRAYAGG(g.name) FROM user_groups g WHERE g.session = s.id) AS \`groups\`
  FROM sessions s WHERE s.id = :session AND s.expires > :now`

let db: Mariadb
let url: string

beforeAll(async () => {
  db = await startMariadb()
  await db.exec(`CREATE TABLE mesh.sessions (id VARCHAR(64) PRIMARY KEY, user_id VARCHAR(255),
    expires BIGINT, language VARCHAR(20), plan VARCHAR(20), agent VARCHAR(200), ip VARCHAR(50)) CHARSET utf8mb4`)
  await db.exec('CREATE TABLE mesh.user_groups (session VARCHAR(64), name VARCHAR(255)) CHARSET utf8mb4')
  await db.exec("CREATE USER reader@'%' IDENTIFIED BY 'sesame'")
  await db.exec("GRANT SELECT ON mesh.* TO reader@'%'")
  url = mariadbUrl(db, {user: 'reader', password: 'sesame'})
}, 60_000)

afterAll(() => db.stop())

function authenticatorOf(query: string, reader: SqlReader, log = keepingLog()) {
  return sqlAuthenticator({query, reader, guard: testGuard(), cache: testCache(), log, wallClock: Date.now})
}

async function put(id: string, row: Record<string, unknown>): Promise<void> {
  const {user_id = '42', expires = 4e9, ...rest} = row
  const all = {id, user_id, expires, ...rest}
  const values = Object.values(all).map((value) => JSON.stringify(value))
  await db.exec(`REPLACE INTO mesh.sessions (${Object.keys(all).join()}) VALUES (${values.join()})`)
}

async function open(): Promise<AuthenticatorBench> {
  const real = openSqlReader(url, 2000)
  let isDown = false
  const reader: SqlReader = {
    rows: (query) => (isDown ? Promise.reject(new Error('connection lost')) : real.rows(query)),
    close: () => real.close(),
  }
  const authenticator = authenticatorOf(QUERY, reader)
  let count = 0
  return {
    authenticator,
    async logIn({user, groups = [], session = `s-${(count += 1)}`, language, properties, endsInMs}) {
      const expires = Math.floor((Date.now() + (endsInMs ?? 60_000)) / 1000)
      const others = {...properties, ...(language !== undefined && {language})}
      await put(session, {user_id: user, expires, ...others})
      await db.exec(`DELETE FROM mesh.user_groups WHERE session = '${session}'`)
      for (const name of groups) {
        const text = JSON.stringify(name)
        await db.exec(`INSERT INTO mesh.user_groups VALUES ('${session}', ${text})`)
      }
      return {session}
    },
    wrong: {session: "' OR '1'='1"},
    async nonsense() {
      await put('odd', {user_id: ''})
      return {session: 'odd'}
    },
    async down() {
      isDown = true
    },
    async up() {
      isDown = false
    },
    [Symbol.asyncDispose]: () => real.close(),
  }
}

authenticatorContract(open)

async function ask(query: string, session: string, given = {}) {
  const reader = openSqlReader(url, 2000)
  try {
    return await authenticatorOf(query, reader).check(proof({session, ...given}))
  } finally {
    await reader.close()
  }
}

describe('a query', () => {
  it('has all that is known of the client', async () => {
    await put('s1', {agent: 'Firefox', ip: '203.0.113.9', language: 'de'})
    const query = `SELECT id AS session, user_id AS user FROM sessions WHERE id = :session
      AND agent = :user_agent AND ip = :ip AND language = :language AND expires > :now`
    const given = {userAgent: 'Firefox', language: 'de'}
    expect((await ask(query, 's1', given)).type).toBe('known')
    expect((await ask(query, 's1', {...given, userAgent: 'Chrome'})).type).toBe('refused')
    expect((await ask(query, 's1', {userAgent: 'Firefox'})).type).toBe('refused')
  })

  it('names the session as the table does, so that a kick finds it', async () => {
    await put('abcdef', {})
    const query = 'SELECT id AS session, user_id AS user FROM sessions WHERE id = :session'
    expect(await ask(query, 'ABCDEF')).toMatchObject({type: 'known', claims: {session: 'abcdef'}})
  })

  it.each([
    ['staff,press', ['staff', 'press']],
    ['staff, press ', ['staff', 'press']],
    ['["staff", "press"]', ['staff', 'press']],
    ['', []],
    ['7', ['7']],
  ])('may give groups as %j', async (text, groups) => {
    await put('g1', {plan: text})
    const query = 'SELECT user_id AS user, plan AS `groups` FROM sessions WHERE id = :session'
    expect(await ask(query, 'g1')).toMatchObject({type: 'known', claims: {groups}})
  })

  it('may give a row for each group', async () => {
    await put('g2', {})
    const query = `SELECT user_id AS user, g.name AS \`groups\` FROM sessions
      JOIN (SELECT 'a' AS name UNION SELECT 'b') g WHERE id = :session ORDER BY g.name`
    expect(await ask(query, 'g2')).toMatchObject({type: 'known', claims: {groups: ['a', 'b']}})
  })

  it.each([
    ['rows of two users', "SELECT user FROM (SELECT '1' user UNION SELECT '2') t WHERE :session > ''"],
    ['no user', "SELECT 1 AS uid FROM DUAL WHERE :session > ''"],
    ['a date as the end', "SELECT 1 AS user, NOW() AS session_expire FROM DUAL WHERE :session > ''"],
    ['too many rows', "SELECT 1 AS user, seq FROM seq_1_to_5000 WHERE :session > ''"],
  ])('with %s lets nobody in', async (_name, query) => {
    expect((await ask(query, 's1')).type).toBe('unavailable')
  })

  it('with a user beyond 2^53 knows which', async () => {
    const verdict = await ask("SELECT 9007199254740993 AS user FROM DUAL WHERE :session > ''", 's1')
    expect(verdict).toMatchObject({type: 'known', claims: {user: '9007199254740993'}})
  })

  it('with user NULL means a visitor', async () => {
    expect(await ask("SELECT NULL AS user FROM DUAL WHERE :session > ''", 'v')).toEqual({
      type: 'not-mine',
    })
  })

  it('cannot write, whatever its account may do', async () => {
    const reader = openSqlReader(db.url, 2000)
    const write = {sql: "INSERT INTO sessions (id) VALUES ('evil')", values: []}
    await expect(reader.rows(write)).rejects.toMatchObject({message: /READ ONLY/})
    await reader.close()
  })

  it('leaves a word in the log when it does not select the session', async () => {
    await put('s2', {})
    const reader = openSqlReader(url, 2000)
    const log = keepingLog()
    const query = 'SELECT user_id AS user FROM sessions WHERE id = :session'
    const authenticator = authenticatorOf(query, reader, log)
    for (let n = 0; n < 3; n += 1) await authenticator.check(proof({session: 's2'}))
    expect(log.lines.map(({text}) => text)).toEqual([
      expect.stringContaining('returns no session'),
    ])
    await reader.close()
  })
})

describe('at the start', () => {
  const GOOD = 'SELECT user_id AS user FROM sessions WHERE id = :session'

  it.each([
    ['a column that is not there', 'SELECT uid AS user FROM sessions WHERE id = :session'],
    ['a table that is not there', 'SELECT 1 AS user FROM session WHERE id = :session'],
    ['nonsense', 'SELECT FROM WHERE :session'],
  ])('a query with %s is an error', async (_name, query) => {
    const reader = openSqlReader(url, 2000)
    const trying = tryQuery(query, reader, keepingLog())
    await expect(trying).rejects.toMatchObject({code: 'CONFIG_INVALID'})
    await reader.close()
  })

  it.each([
    ['a wrong password', {user: 'reader', password: 'wrong'}, 'AUTH_REJECTED'],
    ['a user who may not read', {user: 'wsmesh', database: 'mysql'}, 'AUTH_REJECTED'],
    ['a database that is not there', {user: 'reader', password: 'sesame', database: 'nowhere'},
      'AUTH_REJECTED'],
  ])('%s is an error', async (_name, place, code) => {
    const reader = openSqlReader(mariadbUrl(db, place), 2000)
    const error = await tryQuery(GOOD, reader, keepingLog()).catch((e: unknown) => e)
    expect(error).toMatchObject({code})
    expect(JSON.stringify(error) + String(error)).not.toContain('wrong')
    await reader.close()
  })

  it('a database that is away is none: a line in the log', async () => {
    const reader = openSqlReader('mysql://reader:sesame@127.0.0.1:1/mesh', 2000)
    const log = keepingLog()
    await tryQuery(GOOD, reader, log)
    expect(log.lines).toHaveLength(1)
    expect(JSON.stringify(log.lines)).not.toContain('sesame')
    await reader.close()
  })

  it.each([
    ['postgres://a@b/c', 'no URL with a host'],
    ['mysql://reader:s3same@host', 'names no database'],
    ['mysql://reader:s3same@host/app?engine=innodb', 'unknown option'],
  ])('%s is no database', (text, why) => {
    expect(() => openSqlReader(text, 1000)).toThrow(expect.objectContaining({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(why) as string,
    }))
    try {
      openSqlReader(text, 1000)
    } catch (error) {
      expect(String(error)).not.toContain('s3same')
    }
  })
})
