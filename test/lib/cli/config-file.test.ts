import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'

import {applyConfigFile, parseConfigFile, readConfigFile} from '../../../src/lib/cli/config-file.js'
import {showConfig} from '../../../src/lib/cli/config-show.js'

const PATH = '/srv/app/wsmesh.config.json'

function parse(value: unknown): ReadonlyMap<string, unknown> {
  return parseConfigFile(PATH, JSON.stringify(value)).values
}

describe('what the file may hold', () => {
  test.each<[unknown, Record<string, unknown>]>([
    [{pool: 'mysql://u@h/d'}, {pool: 'mysql://u@h/d'}],
    [{pool: 'sqlite:pool.db'}, {pool: 'sqlite:/srv/app/pool.db'}],
    [{pool: 'sqlite:'}, {pool: 'sqlite:'}],
    [{pool: 'sqlite:/x/y.db'}, {pool: 'sqlite:/x/y.db'}],
    [{dataDir: 'data'}, {'data-dir': '/srv/app/data'}],
    [{secretFile: '../secret'}, {'secret-file': '/srv/secret'}],
    [{timeout: '1m30s'}, {timeout: 90_000}],
    [{port: 0}, {port: 0}],
    [{actions: ['a.mjs', '/b.mjs']}, {actions: ['/srv/app/a.mjs', '/b.mjs']}],
    [{actions: 'a.mjs'}, {actions: ['/srv/app/a.mjs']}],
    [{color: 'never', guests: 'allow'}, {color: 'never', guests: 'allow'}],
    [{$schema: 'x'}, {}],
  ])('%j', (value, expected) => {
    expect(Object.fromEntries(parse(value))).toEqual(expected)
  })

  test.each<[unknown, string]>([
    [{pol: 'x'}, 'there is no setting "pol"'],
    [{secret: 'x'}, 'there is no setting "secret"'],
    [{port: '8080'}, '"port" is "8080"; allowed is a whole number from 0 to 65535'],
    [{port: 65_536}, '"port" is 65536; allowed is a whole number from 0 to 65535'],
    [{timeout: 5000}, '"timeout" is 5000; allowed is a duration as text'],
    [{timeout: '0ms'}, '"timeout" is "0ms"; allowed is a duration as text'],
    [{color: 'red'}, 'allowed is "auto" or "always" or "never"'],
    [{actions: [1]}, '"actions" is [1]; allowed is a list of paths'],
    [{pool: 7}, '"pool" is not that'],
    [['pool'], 'must hold one JSON object'],
    [null, 'must hold one JSON object'],
  ])('%j is refused: %s', (value, message) => {
    expect(() => parse(value)).toThrow(message)
    expect(() => parse(value)).toThrow(PATH)
    expect(() => parse(value)).toThrow(expect.objectContaining({code: 'CONFIG_INVALID'}))
  })

  test('no JSON is refused', () => {
    expect(() => parseConfigFile(PATH, '{')).toThrow(`${PATH} is not JSON`)
  })
})

describe('where the file is', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wsmesh-config-'))
  })
  afterEach(() => rm(folder, {recursive: true}))

  test('the nearest one upward is taken', async () => {
    await mkdir(join(folder, 'a', 'b'), {recursive: true})
    await writeFile(join(folder, 'wsmesh.config.json'), '{"port": 1}')
    expect((await readConfigFile(join(folder, 'a', 'b')))?.values.get('port')).toBe(1)
    await writeFile(join(folder, 'a', 'wsmesh.config.json'), '{"port": 2}')
    expect((await readConfigFile(join(folder, 'a', 'b')))?.values.get('port')).toBe(2)
  })

  test('a folder of that name is no file', async () => {
    await mkdir(join(folder, 'wsmesh.config.json'))
    await expect(readConfigFile(folder)).resolves.toBeUndefined()
  })
})

describe('precedence', () => {
  const file = parseConfigFile(PATH, '{"pool": "mysql://u:pw@h/file", "timeout": "9s"}')
  const known = ['pool', 'timeout', 'node']

  test('the file gives way to what is set and wins over defaults', () => {
    const flags: Record<string, unknown> = {pool: 'given', timeout: 5000, node: undefined}
    const metadata = {flags: {pool: {setFromDefault: false}, timeout: {setFromDefault: true}}}
    applyConfigFile(file, {flags, metadata}, {command: 'send', known, env: {}})
    expect(flags).toEqual({pool: 'given', timeout: 9000, node: undefined})
  })

  test('a setting of another command is left alone', () => {
    const flags: Record<string, unknown> = {}
    const to = {command: 'send', known: ['timeout'], env: {}}
    applyConfigFile(file, {flags, metadata: {flags: {}}}, to)
    expect(flags).toEqual({timeout: 9000})
  })

  test('port is a port of serve, not of another command', () => {
    const port = parseConfigFile(PATH, '{"port": 7}')
    const given = (command: string) => {
      const flags: Record<string, unknown> = {}
      const to = {command, known: ['port'], env: {}}
      applyConfigFile(port, {flags, metadata: {flags: {}}}, to)
      return flags
    }
    expect(given('serve')).toEqual({port: 7})
    expect(given('demo')).toEqual({})
  })

  test('WSMESH_SECRET in the environment wins over secretFile in the file', () => {
    const secret = parseConfigFile(PATH, '{"secretFile": "s"}')
    const flags: Record<string, unknown> = {}
    const to = {command: 'send', known: ['secret-file'], env: {WSMESH_SECRET: 'x'}}
    applyConfigFile(secret, {flags, metadata: {flags: {}}}, to)
    expect(flags).toEqual({})
  })

  test('config show says where each comes from, without passwords', () => {
    const sources = {
      flags: {node: 'ws://a:1'},
      env: {WSMESH_POOL: 'mysql://u:hunter2@h/env', WSMESH_SECRET: 'hunter3'},
      file,
    }
    const shown = showConfig(sources)
    const by = Object.fromEntries(shown.settings.map((setting) => [setting.key, setting]))
    expect(by['node']).toMatchObject({value: 'ws://a:1', origin: 'flag', source: '--node'})
    expect(by['pool']).toMatchObject({origin: 'environment', source: 'WSMESH_POOL'})
    expect(by['timeout']).toMatchObject({value: '9 s', origin: 'file', source: PATH})
    expect(by['port']).toMatchObject({value: '8080', origin: 'default', source: null})
    expect(by['secret']).toMatchObject({value: '***', source: 'WSMESH_SECRET'})
    expect(JSON.stringify(shown)).not.toMatch(/hunter/)
  })
})
