import {spawnSync} from 'node:child_process'
import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'

import {MeshSecret} from '../../src/lib/auth/mesh-secret.js'
import {verifyToken} from '../../src/lib/auth/verify-token.js'
import {BIN, cleanEnvironment, runCli} from '../helpers/cli.js'

let folder = ''
let env: Record<string, string> = {}
const SECRET = 'a secret for tests only'

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wsmesh-cli-'))
  env = {WSMESH_DATA_DIR: join(folder, 'data'), WSMESH_SECRET: SECRET}
})
afterAll(() => rm(folder, {recursive: true}))

function cli(args: readonly string[], more: Record<string, string> = {}) {
  return runCli(args, {env: {...env, ...more}, cwd: folder})
}

test.each([['config show'], ['simulate --relay master --json']])(
  '%s whose output does not fit on the disk is no success',
  (command) => {
    // A device that is always full.
    const args = ['-c', `"$0" "$1" ${command} > /dev/full`, process.execPath, BIN]
    const childEnv = {...cleanEnvironment(), ...env}
    const {status, stderr} = spawnSync('sh', args, {encoding: 'utf8', env: childEnv})
    expect(stderr).toMatch(/^Error: Cannot write the output \[FILE_UNWRITABLE\]\n  why: ENOSPC/)
    expect(status).toBe(1)
  },
)

describe('help', () => {
  test('--version', async () => {
    const {stdout, exit} = await cli(['--version'])
    expect(stdout).toMatch(/^wsmesh\/\d+\.\d+\.\d+ /)
    expect(exit).toBe(0)
  })

  test.each([[['--help']], [[]], [['help']]])('wsmesh %j leads with examples', async (args) => {
    const {stdout, exit} = await cli(args)
    expect(stdout.trimStart()).toMatch(/^EXAMPLES\n/)
    expect(stdout).toContain('COMMANDS')
    expect(exit).toBe(0)
  })

  test.each(['send', 'tail', 'token', 'pool list', 'pool prune', 'config show', 'serve'])(
    '%s --help has one line, then examples, within 80 columns',
    async (command) => {
      const {stdout, exit} = await cli([...command.split(' '), '--help'])
      const [summary = '', blank, examples] = stdout.split('\n')
      expect(summary).toMatch(/^[a-z].{0,78}[^.]$/)
      expect([blank, examples]).toEqual(['', 'EXAMPLES'])
      expect(stdout).toContain('JSON FIELDS')
      expect(exit).toBe(0)
      const help = stdout.slice(stdout.indexOf('USAGE')).split('\n')
      expect(help.filter((line) => line.length > 80)).toEqual([])
    },
  )

  test('a description fills its lines, however it is broken in the source', async () => {
    const {stdout} = await cli(['drill', '--help'])
    const [text = ''] = stdout.slice(stdout.indexOf('DESCRIPTION\n') + 12).split('\n\n')
    const lines = text.split('\n')
    for (const [index, line] of lines.slice(0, -1).entries()) {
      const [word = ''] = (lines[index + 1] ?? '').trim().split(' ')
      expect(`${line} ${word}`.length).toBeGreaterThanOrEqual(80)
    }
    expect(lines.length).toBeGreaterThan(3)
  })

  test('help exit-codes prints the table', async () => {
    const {stdout} = await cli(['help', 'exit-codes'])
    for (const code of [0, 1, 2, 3, 4, 5, 70, 130, 143]) {
      expect(stdout).toMatch(new RegExp(`^ *${code}  \\S`, 'm'))
    }
  })
})

describe('usage errors end with 2, with --json too', () => {
  test.each([
    [['sned', 'hello']],
    [['pool', 'lsit']],
    [['send', '--nope', 'hello', '--everyone']],
    [['send', 'hello']],
    [['send']],
    [['send', 'hello', '--user', '1', '--everyone']],
    [['token']],
    [['token', '--user', '1', '--ttl', '31d']],
    [['tail', '--count', 'x']],
    [['tail', '--grep', '(']],
    [['pool', 'prune']],
    [['pool', 'list', '--timeout', 'soon']],
    [['pool', 'list', '--pool', 'ftp://u:hunter2@h/d']],
  ])('%j', async (args) => {
    const plain = await cli(args)
    expect(plain).toMatchObject({exit: 2, stdout: ''})
    expect(plain.stderr).toMatch(/^Error: .*\n( {2}(why|try): |)/)
    expect(plain.stderr).not.toMatch(/^ +at |hunter2/m)
    const json = await cli([...args, '--json'])
    expect(json.exit).toBe(2)
    const {error} = JSON.parse(json.stdout) as {error: Record<string, unknown>}
    expect(Object.keys(error)).toEqual(['code', 'message', 'why', 'hint', 'exit'])
    expect(error['exit']).toBe(2)
  })

  test('an unknown command is suggested, not run', async () => {
    const {stderr, exit} = await cli(['tokne', '--user', '1'])
    expect(stderr).toContain('There is no command "tokne 1"')
    expect(stderr).toContain('try: wsmesh token')
    expect(exit).toBe(2)
  })

  test.each([
    [['send', 'hello', '--usr', '42'], 'There is no flag --usr', '  try: --user\n'],
    [['serve', '--prot=8081'], 'There is no flag --prot=8081', '  try: --port\n'],
    [['tail', '--count', '0'], '--count: Expected an integer greater', 'wsmesh tail --help'],
  ])('a wrong flag is named, with the one that was meant: %j', async (args, what, hint) => {
    const {stderr, exit} = await cli(args)
    expect(exit).toBe(2)
    expect(stderr).toContain(`Error: ${what}`)
    expect(stderr).toContain(hint)
  })
})

async function shown(args: readonly string[], more: Record<string, string> = {}, cwd = folder) {
  const options = {env: {...env, ...more}, cwd}
  const result = await runCli(['config', 'show', '--json', ...args], options)
  const json = JSON.parse(result.stdout) as {settings: {key: string}[]}
  return (key: string) => json.settings.find((setting) => setting.key === key)
}

describe('settings', () => {
  test('file, then environment, then flag', async () => {
    const cwd = await mkdtemp(join(folder, 'config-'))
    const path = join(cwd, 'wsmesh.config.json')
    await writeFile(path, '{"pool": "mysql://u:hunter2@h/file", "timeout": "9s"}')
    const file = await shown([], {}, cwd)
    expect(file('pool')).toEqual({
      key: 'pool', value: 'mysql://u:***@h/file', origin: 'file', source: path,
    })
    expect(file('timeout')).toMatchObject({value: '9 s', origin: 'file'})
    const fromEnv = await shown([], {WSMESH_TIMEOUT: '8s'}, cwd)
    expect(fromEnv('timeout')).toMatchObject({origin: 'environment', source: 'WSMESH_TIMEOUT'})
    const flag = await shown(['--timeout', '7s'], {WSMESH_TIMEOUT: '8s'}, cwd)
    expect(flag('timeout')).toMatchObject({value: '7 s', origin: 'flag', source: '--timeout'})
  })

  test('a wrong file is named with its key, by every command that reads it', async () => {
    const cwd = await mkdtemp(join(folder, 'config-'))
    await writeFile(join(cwd, 'wsmesh.config.json'), '{"timeout": 5}')
    const {stderr, exit} = await runCli(['pool', 'list'], {env, cwd})
    expect(stderr).toContain(`${join(cwd, 'wsmesh.config.json')}: "timeout" is 5; allowed is`)
    expect(exit).toBe(2)
  })

  test('the file decides where nothing else does', async () => {
    const cwd = await mkdtemp(join(folder, 'config-'))
    await writeFile(join(cwd, 'wsmesh.config.json'), '{"timeout": "300ms", "node": "127.0.0.1:9"}')
    const {stderr, exit} = await runCli(['send', 'a', '--everyone'], {env, cwd})
    expect(stderr).toContain('ws://127.0.0.1:9/mesh')
    expect(exit).toBe(3)
  })
})

describe('colours', () => {
  test.each([
    [['--color', 'always'], {}, true],
    [['--color', 'always'], {NO_COLOR: '1'}, true],
    [[], {FORCE_COLOR: '1'}, true],
    [[], {FORCE_COLOR: '1', NO_COLOR: '1'}, false],
    [[], {}, false],
  ])('%j with %j', async (args, more, hasColours) => {
    const {stdout} = await cli(['config', 'show', ...args], more)
    expect(stdout.includes('\u001B[')).toBe(hasColours)
  })
})

describe('token', () => {
  test('prints the token alone, which holds', async () => {
    const args = ['token', '--user', '42', '--group', 'staff', '--group', 'b', '--session', 's1']
    const {stdout, stderr, exit} = await cli([...args, '--ttl', '1m'])
    expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/)
    expect({stderr, exit}).toEqual({stderr: '', exit: 0})
    const verdict = await verifyToken(stdout.trim(), new MeshSecret(SECRET, 'test'))
    expect(verdict).toMatchObject({
      ok: true, claims: {user: '42', groups: ['staff', 'b'], session: 's1'},
    })
  })

  test('--json says what is in it', async () => {
    const {stdout} = await cli(['token', '-u', '42', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({user: '42', groups: [], session: null})
  })

  test('a secret too short ends with 1 and does not show it', async () => {
    const {stderr, stdout, exit} = await cli(['token', '--user', '1'], {WSMESH_SECRET: 'hunter2'})
    expect(`${stdout}${stderr}`).not.toContain('hunter2')
    expect(exit).toBe(1)
  })
})

test('no node, no memory: 3 at once, with what was tried', async () => {
  for (const args of [['send', 'a', '--everyone'], ['tail', '--timeout', '300ms']]) {
    const {exit, stderr} = await cli(args)
    expect(exit).toBe(3)
    expect(stderr).toContain(join(folder, 'data', 'pool.db'))
  }
})
