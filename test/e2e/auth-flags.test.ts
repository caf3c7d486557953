/** The wrong values of every flag of identity: what is said, with which status, and without secrets. */
import {chmod, mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'

import {runCli} from '../helpers/cli.js'

const PASSWORD = 'hunter2-hunter2'
const QUERY = 'SELECT user_id AS user FROM sessions WHERE id = :session'

let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wsmesh-flags-'))
  await writeFile(join(folder, 'short.key'), PASSWORD)
  await writeFile(join(folder, 'open.key'), PASSWORD.repeat(4))
  await writeFile(join(folder, 'odd.pem'), '-----BEGIN PUBLIC KEY-----\nnonsense')
  await writeFile(join(folder, 'query.sql'), 'DELETE FROM sessions')
  await chmod(join(folder, 'short.key'), 0o600)
  await chmod(join(folder, 'open.key'), 0o644)
})
afterAll(() => rm(folder, {recursive: true}))

function cli(args: readonly string[], env: Record<string, string> = {}) {
  const own = {WSMESH_DATA_DIR: join(folder, 'data'), WSMESH_SECRET: 'a secret for tests only'}
  return runCli(args, {env: {...own, ...env}, cwd: folder})
}

const SQL_URL = `mysql://reader:${PASSWORD}@127.0.0.1:1/app`

describe('serve ends with', () => {
  test.each<[number, string, string[]]>([
    [2, 'needs --origin', ['--session-cookie', 'PHPSESSID']],
    [2, "can be no cookie's name", ['--session-cookie', 'a b', '--origin', 'https://a.test']],
    [2, '--session-cookie is empty', ['--session-cookie', '']],
    [2, 'is no origin', ['--origin', 'example.com']],
    [2, 'is no origin', ['--origin', '*']],
    [2, 'would let in every page', ['--origin', 'null']],
    [2, 'is no address and no CIDR block', ['--trust-proxy', 'nginx']],
    [2, 'is no address and no CIDR block', ['--trust-proxy', '10.0.0.0/99']],
    [2, 'are given together', ['--auth-sql', QUERY]],
    [2, 'are given together', ['--auth-sql-url', SQL_URL]],
    [2, '--auth-sql is empty', ['--auth-sql', '', '--auth-sql-url', SQL_URL]],
    [2, 'no :session', ['--auth-sql', 'SELECT 1 AS user', '--auth-sql-url', SQL_URL]],
    [2, 'no SELECT', ['--auth-sql', '@query.sql', '--auth-sql-url', SQL_URL]],
    [1, 'Cannot read the query', ['--auth-sql', '@none.sql', '--auth-sql-url', SQL_URL]],
    [2, 'no URL with a host', ['--auth-sql', QUERY, '--auth-sql-url', `pg://u:${PASSWORD}@h/d`]],
    [2, 'names no database', ['--auth-sql', QUERY, '--auth-sql-url', `mysql://u:${PASSWORD}@h`]],
    [2, 'is no http:// or https:// URL', ['--auth-url', 'example.com/auth']],
    [2, 'has a user or password', ['--auth-url', `https://me:${PASSWORD}@example.com/auth`]],
    [2, '--auth-url-method', ['--auth-url', 'http://a.test', '--auth-url-method', 'put']],
    [1, 'Cannot read the token key', ['--token-key', 'none.pem']],
    [1, 'HS256 needs 32', ['--token-key', 'short.key']],
    [1, 'Others can read the token secret', ['--token-key', 'open.key']],
    [2, 'no PEM of a public key', ['--token-key', 'odd.pem']],
    [2, 'no http:// or https:// URL', ['--token-key', `ftp://me:${PASSWORD}@host/jwks`]],
    [2, 'of no use without --token-key', ['--token-issuer', 'https://id']],
    [2, 'of no use', ['--token-key', 'odd.pem', '--auth-url', 'http://a.test']],
    [2, 'is not NAME=CLAIM', ['--token-key', 'odd.pem', '--claim', 'sub']],
    [2, 'is not NAME=CLAIM', ['--token-key', 'odd.pem', '--claim', 'address=ip']],
    [2, 'is no duration', ['--token-leeway', 'soon']],
    [2, 'out of range', ['--auth-cache', '2d']],
    [2, 'out of range', ['--auth-timeout', '1ms']],
    [2, '--auth-concurrency', ['--auth-concurrency', '0']],
  ])('%i: %s', async (status, text, flags) => {
    const {exit, stdout, stderr} = await cli(['serve', '--port', '0', ...flags])
    expect([exit, stderr]).toEqual([status, expect.stringContaining(text)])
    expect(stderr).toMatch(/^Error: /)
    expect(stderr).not.toContain('    at ')
    expect(stdout + stderr).not.toContain(PASSWORD)
  })

  test.each([
    ['WSMESH_AUTH_SQL_URL', `pg://u:${PASSWORD}@h/d`],
    ['WSMESH_AUTH_URL', `https://me:${PASSWORD}@example.com/auth`],
    ['WSMESH_SESSION_COOKIE', 'a b'],
    ['WSMESH_ORIGIN', 'https://a.test,example.com'],
    ['WSMESH_TRUST_PROXY', '10.0.0.0/8,nginx'],
  ])('2 for a wrong %s, which it names', async (name, value) => {
    const flags = name === 'WSMESH_AUTH_SQL_URL' ? ['--auth-sql', QUERY] : []
    const {exit, stderr} = await cli(['serve', '--port', '0', ...flags], {[name]: value})
    expect([exit, stderr]).toEqual([2, expect.stringContaining(name)])
    expect(stderr).not.toContain(PASSWORD)
  })

  test('2 for an empty secret, and a short one', async () => {
    for (const secret of ['', 'short']) {
      const {exit, stderr} = await cli(['serve', '--port', '0'], {WSMESH_SECRET: secret})
      expect([exit, stderr]).toEqual([1, expect.stringContaining('bytes, 16 are needed')])
    }
  })
})

describe.each(['kick', 'refresh'])('%s ends with', (command) => {
  test.each<[number, string, string[]]>([
    [2, 'Whom. Give one of', []],
    [2, 'not several', ['--user', '42', '--session', 's1']],
    [2, 'no id', ['--user', '']],
    [2, 'no id', ['--session', 'x'.repeat(300)]],
    [2, 'Nonexistent flag|There is no flag', ['--everyone']],
    [2, 'There is no command', ['42']],
  ])('%i: %s', async (status, text, flags) => {
    const {exit, stderr} = await cli([command, ...flags])
    expect(stderr).toMatch(new RegExp(text))
    expect(exit).toBe(status)
  })

  test('3 where there is no mesh', async () => {
    const {exit, stderr} = await cli([command, '--user', '42', '--timeout', '300ms'])
    expect([exit, stderr]).toEqual([3, expect.stringMatching(/^Error: /)])
  })
})

test.each(['', 'two\nlines', 'x'.repeat(200)])('kick --reason %j ends with 2', async (reason) => {
  const {exit, stderr} = await cli(['kick', '--user', '42', '--reason', reason])
  expect([exit, stderr]).toEqual([2, expect.stringContaining('--reason')])
})

test('config show knows every setting, and no password', async () => {
  const env = {WSMESH_AUTH_SQL_URL: SQL_URL, WSMESH_AUTH_SQL: QUERY, WSMESH_SESSION_COOKIE: 'sid'}
  await writeFile(join(folder, 'wsmesh.config.json'), JSON.stringify({
    origin: ['https://example.com'], trustProxy: '10.0.0.0/8', allowNoOrigin: true, authCache: '1s',
  }))
  const {exit, stdout} = await cli(['config', 'show'], env)
  await rm(join(folder, 'wsmesh.config.json'))
  expect(exit).toBe(0)
  for (const text of ['https://example.com', '10.0.0.0/8', 'mysql://reader:***@127.0.0.1', 'sid']) {
    expect(stdout).toContain(text)
  }
  expect(stdout).not.toContain(PASSWORD)
})
