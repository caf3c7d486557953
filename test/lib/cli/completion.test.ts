import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'

import {complete, type CommandInfo, type ValueKind} from '../../../src/lib/cli/completion/complete.js'
import {knownValues} from '../../../src/lib/cli/completion/known-values.js'
import {shellOf, shellScript, SHELLS} from '../../../src/lib/cli/completion/shell-scripts.js'

const context = {type: 'option'} as const
const commands: readonly CommandInfo[] = [
  {
    id: 'pool:list', summary: 'list the nodes', args: {},
    flags: {
      output: {type: 'option', char: 'o', options: ['table', 'name'], summary: 'how'},
      watch: {type: 'boolean', summary: 'again'}, secret: {type: 'boolean', hidden: true}, context,
      user: {type: 'option', multiple: true}, auth: {type: 'boolean', allowNo: true},
    },
  },
  {id: 'pool:prune', summary: 'remove rows', args: {}, flags: {}},
  {id: 'ping', summary: 'how far', args: {node: {}}, flags: {node: {type: 'option'}, count: {type: 'option', char: 'c'}}},
  {id: 'errors:lookup', args: {code: {}}, flags: {}},
  {id: 'context:use', args: {name: {}}, flags: {}},
  {id: 'send', summary: 'send a message', args: {action: {}, detail: {}}, flags: {}},
  {id: 'inner', hidden: true, args: {}, flags: {}},
]
const VALUES: Readonly<Record<ValueKind, readonly string[]>> = {
  contexts: ['prod', 'dev'], nodes: ['n-1', 'n-2'], 'node-urls': ['ws://a/mesh'], codes: ['4001', 'USAGE'],
}

async function next(...words: string[]): Promise<readonly string[]> {
  const found = await complete(words, {
    commands, topics: new Map([['pool', 'who is there']]), values: (kind) => Promise.resolve(VALUES[kind]),
  })
  return found.map(({value}) => value)
}

describe('what may come next', () => {
  test.each([
    [[''], ['pool', 'ping', 'errors', 'context', 'send']],
    [['p'], ['pool', 'ping']],
    [['pool', ''], ['list', 'prune']],
    [['pool', 'l'], ['list']],
    [['pool', 'list', '--'], ['--output', '--watch', '--context', '--user', '--auth', '--no-auth']],
    [['pool', 'list', '--watch', '--w'], []],
    [['pool', 'list', '--user', '1', '--u'], ['--user']],
    [['pool', 'list', '--output', ''], ['table', 'name']],
    [['pool', 'list', '-o', 'n'], ['name']],
    [['pool', 'list', '--output=n'], ['--output=name']],
    [['pool', 'list', '--output', '='], ['table', 'name']],
    [['pool', 'list', '--output', '=', 'n'], ['name']],
    [['pool', 'list', '--output=n', '--w'], ['--watch']],
    [['pool', 'list', '--context', ''], ['none', 'prod', 'dev']],
    [['ping', ''], ['n-1', 'n-2']],
    [['ping', '-c', '3', 'n-2'], ['n-2']],
    [['ping', '--node', ''], ['ws://a/mesh']],
    [['errors', 'lookup', 'U'], ['USAGE']],
    [['context', 'use', 'p'], ['prod']],
    [['send', 'hello', ''], []],
    [['nope', ''], []],
    [['in'], []],
  ])('%j: %j', async (words, expected) => {
    expect(await next(...words)).toEqual(expected)
  })

  test('says what each is', async () => {
    const known = {commands, topics: new Map([['pool', 'who is there']]), values: () => Promise.resolve([])}
    expect(await complete(['p'], known)).toEqual([
      {value: 'pool', about: 'who is there'}, {value: 'ping', about: 'how far'},
    ])
  })
})

describe('values of here and now', () => {
  test('are the nodes that commands saw last, of every pool', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'wsmesh-completion-'))
    const env = {WSMESH_DATA_DIR: folder}
    await writeFile(join(folder, 'nodes-aa.json'), '{"nodes": [{"id": "n-1", "url": "ws://a/mesh"}]}')
    await writeFile(join(folder, 'nodes-bb.json'), '{"nodes": [{"id": "n-1"}, {"id": "n-2"}, 7]}')
    await writeFile(join(folder, 'nodes-cc.json'), 'rubbish')
    expect(await knownValues('nodes', env)).toEqual(['n-1', 'n-2'])
    await rm(folder, {recursive: true})
  })

  test('nothing can go wrong in the middle of a line', async () => {
    const env = {WSMESH_DATA_DIR: '/nowhere', XDG_CONFIG_HOME: '/dev/null'}
    expect(await knownValues('nodes', env)).toEqual([])
    expect(await knownValues('contexts', env)).toEqual([])
    expect(await knownValues('codes', env)).toContain('POOL_UNREACHABLE')
  })
})

test.each(SHELLS)('the script for %s asks the program that it is for', (shell) => {
  expect(shellScript(shell, 'mesh')).toContain('mesh completion --complete -- ')
  expect(shellScript(shell, 'mesh')).not.toContain('wsmesh')
  expect(shellOf(`/usr/bin/${shell}`)).toBe(shell)
})

test('another shell is none', () => {
  expect([shellOf('/bin/tcsh'), shellOf(undefined)]).toEqual([undefined, undefined])
})
