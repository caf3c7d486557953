import {mkdir, mkdtemp, rm, symlink, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'

import {quoted, spelledCommand, tryCommands} from '../../../src/lib/demo/shell-text.js'

let folder: string
let binFile: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wsmesh-spelled-'))
  binFile = join(folder, 'package', 'bin', 'run.js')
  await mkdir(join(folder, 'package', 'bin'), {recursive: true})
  await writeFile(binFile, '')
})

afterEach(async () => {
  await rm(folder, {recursive: true, force: true})
})

function at(cwd: string): string {
  return spelledCommand({binFile, cwd, path: '/usr/bin'})
}

async function linkAt(...parts: readonly string[]): Promise<string> {
  const bin = join(folder, ...parts)
  await mkdir(bin, {recursive: true})
  await symlink(binFile, join(bin, 'wsmesh'))
  return bin
}

describe('how wsmesh is typed here', () => {
  test('in a checkout: node and the file, from the folder where the user stands', () => {
    expect(at(join(folder, 'package'))).toBe('node bin/run.js')
    expect(at(folder)).toBe('node package/bin/run.js')
    expect(at(join(folder, 'package', 'test'))).toBe('node ../bin/run.js')
  })

  test('installed globally: wsmesh', async () => {
    const path = `/usr/bin:${await linkAt('global')}`
    expect(spelledCommand({binFile, cwd: folder, path})).toBe('wsmesh')
  })

  test('the path that npm gives its scripts is not the path of another terminal', async () => {
    const path = await linkAt('project', 'node_modules', '.bin')
    expect(spelledCommand({binFile, cwd: '/', path})).toMatch(/^node /)
    expect(spelledCommand({binFile, cwd: join(folder, 'project'), path})).toBe('npx wsmesh')
  })

  test('another wsmesh on the path is not this one', async () => {
    const bin = await linkAt('global')
    const other = join(folder, 'package', 'bin', 'other.js')
    await writeFile(other, '')
    expect(spelledCommand({binFile: other, cwd: folder, path: bin})).toBe('node package/bin/other.js')
  })
})

test.each([
  ['pool.db', 'pool.db'],
  ['/srv/my mesh', "'/srv/my mesh'"],
  ["it's", "'it'\\''s'"],
  ['$HOME', "'$HOME'"],
  ['', "''"],
])('one word of a shell: %s', (word, text) => {
  expect(quoted(word)).toBe(text)
})

describe('the commands to try', () => {
  const defaults = {wsmesh: 'wsmesh', dataDir: undefined, secretFile: undefined, masterPid: 7}

  test('name no flag where the defaults do', () => {
    expect(tryCommands(defaults).map(({command}) => command)).toEqual([
      'wsmesh pool list',
      'wsmesh tail --action hello',
      'wsmesh send hello "Hi" --user 42',
      'wsmesh token --user 42',
      'kill -9 7; sleep 1; wsmesh pool list',
    ])
  })

  test('name the data folder and the secret that were given', () => {
    const commands = tryCommands({...defaults, dataDir: '/a b', secretFile: '/s'})
    for (const {command} of commands) expect(command).toContain("--data-dir '/a b' --secret-file /s")
  })

  test('kill nobody when no node of this demo is master', () => {
    const commands = tryCommands({...defaults, masterPid: undefined})
    expect(commands).toHaveLength(4)
    expect(JSON.stringify(commands)).not.toContain('kill')
  })
})
