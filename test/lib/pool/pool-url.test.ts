import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {openPoolStore} from '../../../src/lib/pool/open-pool-store.js'
import {parsePoolUrl} from '../../../src/lib/pool/pool-url.js'
import {redactUrl} from '../../../src/lib/sql/redact-url.js'
import {WsmeshError} from '../../../src/lib/util/errors.js'

const mysql = {
  type: 'mysql', host: 'db', port: 3306, socketPath: undefined, user: 'me', password: 'pw',
  database: 'mesh', engine: 'memory',
}

describe('parsePoolUrl reads', () => {
  test.each([
    ['sqlite:', '/data/pool.db'],
    ['SQLITE:', '/data/pool.db'],
    ['sqlite:/x/y.db', '/x/y.db'],
    ['sqlite:///x/y.db', '/x/y.db'],
    ['sqlite:./y.db', `${process.cwd()}/y.db`],
    ['sqlite:y.db', `${process.cwd()}/y.db`],
    ['sqlite:/with space/ö@:%20.db', '/with space/ö@:%20.db'],
  ])('%s as the file %s', (url, path) => {
    expect(parsePoolUrl(url, '/data')).toEqual({type: 'sqlite', path, label: `sqlite:${path}`})
  })

  test.each([
    ['mysql://me:pw@db/mesh', {}],
    ['mariadb://me:pw@db/mesh', {}],
    ['mysql://me:pw@db:3307/mesh', {port: 3307}],
    ['mysql://me@db/mesh', {password: ''}],
    ['mysql://m%40e:p%3A%2F%40%23%3F%25w@db/mesh', {user: 'm@e', password: 'p:/@#?%w'}],
    ['mysql://me:pw@[::1]:1/mesh', {host: '::1', port: 1}],
    ['mysql://me:pw@db/my%20mesh', {database: 'my mesh'}],
    ['mysql://me:pw@db/mesh?engine=innodb', {engine: 'innodb'}],
    ['mysql://me:pw@localhost/mesh?socketPath=/run/s.sock', {
      host: 'localhost', socketPath: '/run/s.sock',
    }],
  ])('%s', (url, more) => {
    expect(parsePoolUrl(url, '/data')).toMatchObject({...mysql, ...more})
  })
})

describe('parsePoolUrl refuses, with what, why and what to try', () => {
  test.each([
    ['', 'no scheme'],
    ['pool.db', 'no scheme'],
    ['redis://localhost', 'no scheme'],
    ['bad:', 'no scheme'],
    ['sqlite::memory:', 'memory'],
    ['sqlite:~/pool.db', '~'],
    ['sqlite:/var/lib/', 'folder'],
    ['sqlite://pool.db', 'absolute path'],
    ['sqlite:/x.db?mode=ro', 'no options'],
    ['mysql:', 'no URL with a host'],
    ['mysql://', 'no URL with a host'],
    ['mysql://me:sesame@/mesh', 'no URL with a host'],
    ['mysql://me:sesame/mesh', 'no URL with a host'],
    ['mysql://me@corp:sesame/mesh', 'no URL with a host'],
    ['mysql://me:sesame@db:99999/mesh', 'no URL with a host'],
    ['mysql://me:sesame@db', 'no database'],
    ['mysql://me:sesame@db/', 'no database'],
    ['mysql://me:sesame@db/a/b', 'no database'],
    ['mysql://me:sesame@db/mesh#x', '#'],
    ['mysql://me:#sesame@db/mesh', ''],
    ['mysql://me:ses/sesame@db/mesh', 'no URL with a host'],
    ['mysql://me:sesame%@db/mesh', 'no escape'],
    ['mysql://me:sesame@db/mesh?engine=myisam', 'engine'],
    ['mysql://me:sesame@db/mesh?socketPath=s.sock', 'absolute'],
    ['mysql://me@db/mesh?password=sesame', 'unknown option: password'],
    ['mysql://me@db/mesh?ssl-key=sesame', 'unknown option: ssl-key'],
  ])('%j', (url, why) => {
    const error = errorOf(() => parsePoolUrl(url, '/data'))
    expect(error.code).toBe('POOL_URL_INVALID')
    expect(error.message).toContain(why)
    expect(error.suggestions).not.toHaveLength(0)
    expect(`${error.message} ${error.suggestions.join(' ')} ${String(error.cause)}`)
      .not.toContain('sesame')
  })
})

describe('redactUrl', () => {
  test.each([
    ['mysql://me:sesame@db:3306/mesh', 'mysql://me:***@db:3306/mesh'],
    ['mysql://me@db/mesh', 'mysql://me@db/mesh'],
    ['mysql://:sesame@db/mesh', 'mysql://:***@db/mesh'],
    ['mysql://me:ses@me:sesame@db/mesh', 'mysql://me:***@db/mesh'],
    ['mysql://me:a/ses?ame#b@db/mesh', 'mysql://me:***@db/mesh'],
    ['mysql://me:sesame/mesh', 'mysql://me:***/mesh'],
    ['mysql://me:sesame', 'mysql://me:***'],
    ['me:sesame@db/mesh', 'me:***@db/mesh'],
    ['mysql://[::1]:3306/mesh', 'mysql://[::1]:3306/mesh'],
    ['mysql://db:3306/mesh?engine=innodb', 'mysql://db:3306/mesh?engine=innodb'],
    ['mysql://db/mesh?passwd=sesame&engine=innodb', 'mysql://db/mesh?passwd=***&engine=innodb'],
    ['sqlite:/a:b@c/pool.db', 'sqlite:/a:b@c/pool.db'],
  ])('%s', (url, shown) => {
    expect(redactUrl(url)).toBe(shown)
  })

  test('hides any password, escaped or not', () => {
    const password = fc.string({unit: 'binary-ascii', minLength: 6})
      .filter((text) => !'mysql://user:***@host:3306/mesh'.includes(text))
    fc.assert(fc.property(password, fc.boolean(), (text, escaped) => {
      const url = `mysql://user:${escaped ? encodeURIComponent(text) : text}@host:3306/mesh`
      expect(redactUrl(url)).toBe('mysql://user:***@host:3306/mesh')
    }))
  })
})

describe('openPoolStore', () => {
  test('touches nothing before the first call', async () => {
    const store = await openPoolStore({url: 'sqlite:', dataDir: '/no/such/folder'})
    expect(store.label).toBe('sqlite:/no/such/folder/pool.db')
    await store.close()
    const other = await openPoolStore({url: 'mysql://me:sesame@db.invalid/mesh', dataDir: '/data'})
    expect(other.label).toBe('mysql://me:***@db.invalid/mesh')
    await other.close()
  })

  test.each([
    '', 'Wsmesh_', 'a-b', '`', 'a"; --', 'x'.repeat(33),
  ])('refuses the prefix %j', async (prefix) => {
    await expect(openPoolStore({url: 'sqlite:', dataDir: '/data', prefix})).rejects.toMatchObject({
      code: 'CONFIG_INVALID', suggestions: [expect.stringContaining('--pool-prefix')],
    })
  })
})

function errorOf(call: () => unknown): WsmeshError {
  try {
    call()
  } catch (error) {
    if (error instanceof WsmeshError) return error
    throw error
  }
  throw new Error('it was accepted')
}
