import {chmod, mkdir, mkdtemp, rm, stat} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {Chalk} from 'chalk'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'

import {parseConfigFile} from '../../../src/lib/cli/config-file.js'
import {applySettings, type ParsedFlags} from '../../../src/lib/cli/context/apply-context.js'
import {contextsPath, readContexts, writeContexts} from '../../../src/lib/cli/context/context-file.js'
import {
  checkContextName, type Context, contextNamed, type Contexts, contextsText, inUse, parseContexts, withContext,
  withoutContext,
} from '../../../src/lib/cli/context/contexts.js'
import {
  addContext, listContexts, removeContext, useContext,
} from '../../../src/lib/cli/context/edit-contexts.js'
import {confirmProduction, contextLine} from '../../../src/lib/cli/context/production.js'
import type {ErrorCode} from '../../../src/lib/util/errors.js'

const plain = new Chalk({level: 0})
const prod: Context = {settings: {pool: 'mysql://u@db/app', 'secret-file': '/p'}, config: undefined, isProduction: true}
const dev: Context = {settings: {'data-dir': '/dev-data'}, config: undefined, isProduction: false}
const contexts: Contexts = {current: 'dev', byName: new Map([['prod', prod], ['dev', dev]])}

function failing(code: ErrorCode, text: string): Error {
  return expect.objectContaining({code, message: expect.stringContaining(text) as string}) as Error
}

describe('contexts', () => {
  test('are the same after a round trip through their file', () => {
    expect(parseContexts(contextsText(contexts), 'f')).toEqual(contexts)
  })

  test('are added, used and removed', () => {
    const added = withContext({current: undefined, byName: new Map()}, 'a.b-c_1', dev)
    const used = inUse(added, 'a.b-c_1')
    expect(used.current).toBe('a.b-c_1')
    expect(withoutContext(used, 'a.b-c_1')).toEqual({current: undefined, byName: new Map()})
    expect(inUse(used, undefined).current).toBeUndefined()
  })

  test('one that is not there names the one that was meant', () => {
    expect(() => contextNamed(contexts, 'prdo')).toThrowError(expect.objectContaining({
      code: 'CONFIG_INVALID', suggestions: ['--context prod', 'wsmesh context list'],
    }) as Error)
  })

  test.each(['', 'none', 'a b', '../x', 'x'.repeat(65)])('%j is no name', (name) => {
    expect(() => checkContextName(name)).toThrowError(failing('USAGE', 'The name of a context'))
  })

  test.each([
    ['', 'it is not JSON'],
    ['[]', 'it has no "contexts"'],
    ['{"contexts": {"a": 1}}', 'the context a is no object'],
    ['{"contexts": {"a": {"pol": "x"}}}', 'unknown setting "pol"'],
    ['{"contexts": {"a": {"pool": 1}}}', '"pool" of the context a is no text'],
    ['{"contexts": {}, "current": "a"}', '"current" is "a"'],
  ])('a file of %s is refused', (text, why) => {
    expect(() => parseContexts(text, 'f.json')).toThrowError(failing('CONFIG_INVALID', why))
  })
})

describe('the file', () => {
  let env: Record<string, string>
  beforeAll(async () => {
    env = {XDG_CONFIG_HOME: await mkdtemp(join(tmpdir(), 'wsmesh-contexts-'))}
  })
  afterAll(() => rm(env['XDG_CONFIG_HOME'] ?? '', {recursive: true}))

  test('is for its owner alone, and refused if it is not', async () => {
    expect(await readContexts(env)).toEqual({current: undefined, byName: new Map()})
    const path = await writeContexts(env, contexts)
    expect(path).toBe(contextsPath(env))
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readContexts(env)).toEqual(contexts)
    await chmod(path, 0o640)
    await expect(readContexts(env)).rejects.toThrowError(failing('CONFIG_INVALID', 'Others can read'))
  })

  test('is edited by the commands, which show no password', async () => {
    const own = {XDG_CONFIG_HOME: join(env['XDG_CONFIG_HOME'] ?? '', 'own')}
    const at = {env: own, stdin: process.stdin}
    const pool = 'mysql://u:hunter2@h/d'
    const {context, missing} = await addContext('prod', {production: true, pool, 'secret-file': 'gone'}, at)
    expect(context).toMatchObject({name: 'prod', production: true, settings: {pool: 'mysql://u:***@h/d'}})
    expect(missing).toEqual([join(process.cwd(), 'gone')])
    expect((await readContexts(own)).byName.get('prod')?.settings['pool']).toBe(pool)
    expect(await useContext('prod', own)).toEqual({current: 'prod'})
    expect(await listContexts(own)).toMatchObject({current: 'prod', contexts: [{name: 'prod', current: true}]})
    expect(await useContext('none', own)).toEqual({current: null})
    expect(await removeContext('prod', own)).toEqual({current: null})
    await expect(useContext('prod', own)).rejects.toThrowError(failing('CONFIG_INVALID', 'There is no context "prod"'))
  })

  test.each([
    [{}, 'USAGE', 'A context has to say which mesh it is'],
    [{pool: ''}, 'USAGE', '--pool is empty'],
    [{node: 'a b'}, 'USAGE', 'Not the address of a node'],
    [{pool: 'ftp://u:hunter2@h/d'}, 'POOL_URL_INVALID', 'Cannot use the pool URL ftp://'],
  ] as const)('%j is refused', async (flags, code, text) => {
    const adding = addContext('x', {production: false, ...flags}, {env, stdin: process.stdin})
    await expect(adding).rejects.toThrowError(failing(code, text))
    await expect(adding).rejects.not.toThrowError(/hunter2/)
  })

  test('a folder in its place is said', async () => {
    const other = {XDG_CONFIG_HOME: join(env['XDG_CONFIG_HOME'] ?? '', 'other')}
    await mkdir(contextsPath(other), {recursive: true})
    await expect(readContexts(other)).rejects.toThrowError(failing('FILE_UNREADABLE', 'Cannot read'))
    await expect(writeContexts(other, contexts)).rejects.toThrowError(failing('FILE_UNWRITABLE', 'Cannot write'))
  })
})

describe('which mesh a command works with', () => {
  const file = parseConfigFile('/w/wsmesh.config.json', '{"pool": "mysql://u@h/file", "secretFile": "/f", "timeout": "9s"}')
  const known = ['context', 'pool', 'pool-prefix', 'data-dir', 'secret-file', 'timeout']

  async function settings(
    argv: Record<string, string>, env: Record<string, string>, more: {file?: typeof file} = {},
  ) {
    const fromEnv = {context: env['WSMESH_CONTEXT'], pool: env['WSMESH_POOL']}
    const parsed: ParsedFlags = {
      flags: {'pool-prefix': 'wsmesh_', ...fromEnv, ...argv},
      metadata: {flags: {'pool-prefix': {setFromDefault: true}}},
      raw: Object.keys(argv).map((flag) => ({type: 'flag', flag})),
    }
    const chosen = await applySettings(parsed, {
      command: 'send', known, env, file: more.file, contexts: () => Promise.resolve(contexts),
    })
    const {pool, timeout} = parsed.flags
    return {
      in: chosen?.name, pool, timeout, dataDir: parsed.flags['data-dir'], secret: parsed.flags['secret-file'],
    }
  }

  const PROD = {in: 'prod', pool: 'mysql://u@db/app', secret: '/p'}
  const FILE = {in: undefined, pool: 'mysql://u@h/file', secret: '/f', timeout: 9000}

  test.each([
    ['the one in use', {}, {}, {}, {in: 'dev', dataDir: '/dev-data'}],
    ['none', {context: 'none'}, {}, {}, {in: undefined, dataDir: undefined}],
    ['the file before the one in use', {}, {}, {file}, FILE],
    ['WSMESH_CONTEXT before the file', {}, {WSMESH_CONTEXT: 'prod'}, {file}, {...PROD, timeout: 9000}],
    ['WSMESH_POOL before WSMESH_CONTEXT', {}, {WSMESH_CONTEXT: 'prod', WSMESH_POOL: 'sqlite:/e'}, {},
      {in: undefined, pool: 'sqlite:/e', secret: undefined}],
    ['--context before WSMESH_POOL and the file', {context: 'prod'}, {WSMESH_POOL: 'sqlite:/e'}, {file}, PROD],
    ['--pool before --context', {context: 'prod', pool: 'sqlite:/x'}, {}, {},
      {in: 'prod', pool: 'sqlite:/x', secret: '/p'}],
    ['--pool leaves the one in use out', {pool: 'sqlite:/x'}, {}, {}, {in: undefined, dataDir: undefined}],
    ['WSMESH_SECRET before that of WSMESH_CONTEXT', {}, {WSMESH_CONTEXT: 'prod', WSMESH_SECRET: 's'}, {},
      {in: 'prod', secret: undefined}],
    ['--context before WSMESH_SECRET', {context: 'prod'}, {WSMESH_SECRET: 's'}, {}, PROD],
  ])('%s', async (_what, argv, env, more, expected) => {
    expect(await settings(argv as Record<string, string>, env as Record<string, string>, more))
      .toMatchObject(expected)
  })

  test('a context that is not there is an error, not another mesh', async () => {
    await expect(settings({context: 'prdo'}, {})).rejects.toThrowError(failing('CONFIG_INVALID', 'no context'))
  })
})

describe('production', () => {
  const chosen = {name: 'prod', isProduction: true, by: 'flag', settings: new Map()} as const
  const nobody = {isTTY: false} as NodeJS.ReadStream & NodeJS.WriteStream
  const confirm = (isYes: boolean, isProduction = true) => confirmProduction({
    context: {...chosen, isProduction}, danger: 'closes connections', isYes,
    stdin: nobody, stderr: nobody, colours: plain,
  })

  test('is said by a word', () => {
    expect(contextLine(chosen, plain)).toBe(' PRODUCTION  context prod')
    expect(contextLine({...chosen, isProduction: false}, plain)).toBe('context prod')
  })

  test('where nobody can be asked, --yes is needed', async () => {
    await expect(confirm(false)).rejects.toThrowError(
      failing('USAGE', 'This closes connections, and prod is production: give --yes'))
    await expect(confirm(true)).resolves.toBeUndefined()
    await expect(confirm(false, false)).resolves.toBeUndefined()
  })

  test('a configuration file of a context that is gone is named', async () => {
    const gone: Contexts = {
      current: 'x', byName: new Map([['x', {settings: {}, config: '/nowhere.json', isProduction: false}]]),
    }
    const parsed: ParsedFlags = {flags: {}, metadata: {flags: {}}, raw: []}
    await expect(applySettings(parsed, {
      command: 'send', known: ['context'], env: {}, file: undefined, contexts: () => Promise.resolve(gone),
    })).rejects.toThrowError(failing('FILE_UNREADABLE', 'Cannot read /nowhere.json, of the context x'))
  })
})
