import {existsSync} from 'node:fs'
import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'

import {runCli, startCli} from '../helpers/cli.js'

let folder = ''
let dataDir = ''
let env: Record<string, string> = {}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wsmesh-strays-'))
  dataDir = join(folder, 'data')
  env = {WSMESH_DATA_DIR: dataDir}
})
afterEach(() => rm(folder, {recursive: true, force: true}))

describe('without a data folder', () => {
  test.each([
    [['send', 'hello', '--everyone']],
    [['pool', 'list']],
    [['who']],
    [['tail', '--timeout', '500ms']],
  ])('%j makes no secret, and asks for the node that should have', async (args) => {
    const {exit, stderr} = await runCli(args, {env, cwd: folder})
    expect(stderr).toContain(`There is no mesh secret at ${dataDir}/secret`)
    expect(stderr).toContain('--data-dir')
    expect(exit).toBe(1)
    expect(existsSync(join(dataDir, 'secret'))).toBe(false)
  })

  test('token makes a secret and says so on stderr, once', async () => {
    const first = await runCli(['token', '--user', '42'], {env, cwd: folder})
    expect(first).toMatchObject({exit: 0, stderr: `Made a new mesh secret: ${dataDir}/secret\n`})
    const second = await runCli(['token', '--user', '42'], {env, cwd: folder})
    expect(second).toMatchObject({exit: 0, stderr: ''})
  })
})

describe('what was typed or set', () => {
  const secret = {WSMESH_SECRET: 'a secret for tests only'}

  test.each([
    [['send', 'Client/authentication', 'ok', '--everyone'], 'is what a node itself tells'],
    [['send', 'a b', '--everyone'], 'spaces'],
    [['send', 'a\n', '--everyone'], 'spaces'],
    [['serve', '--data-dir', ''], '--data-dir is empty'],
    [['token', '--user', '1', '--secret-file', ''], '--secret-file is empty'],
    [['help', 'nonsense'], 'wsmesh help exit-codes'],
    [['help', 'exit-code'], 'try: wsmesh help exit-codes'],
    [['help', 'snd'], 'try: wsmesh help send'],
  ])('%j is refused, with what is wrong', async (args, words) => {
    const {exit, stderr} = await runCli(args, {env: {...env, ...secret}, cwd: folder})
    expect(stderr).toContain(words)
    expect(exit).toBe(2)
  })

  test.each([
    [{WSMESH_PORT: 'x'}, ['serve'], 'WSMESH_PORT', '--port'],
    [{WSMESH_PORT: 'x'}, ['serve', '--port', 'y'], '--port', 'WSMESH_PORT'],
    [{WSMESH_TIMEOUT: 'x'}, ['pool', 'list'], 'WSMESH_TIMEOUT', '--timeout'],
    [{WSMESH_LOG_LEVEL: 'x'}, ['serve'], 'WSMESH_LOG_LEVEL', '--log-level'],
  ])('%j with %j is put down to %s', async (more, args, blamed, innocent) => {
    const {exit, stderr} = await runCli(args, {env: {...env, ...secret, ...more}, cwd: folder})
    expect(stderr).toContain(blamed)
    expect(stderr).not.toContain(innocent)
    expect(exit).toBe(2)
  })

  test('-v is --version', async () => {
    const {exit, stdout} = await runCli(['-v'], {env, cwd: folder})
    expect(stdout).toMatch(/^wsmesh\/\d/)
    expect(exit).toBe(0)
  })

  test.each([['help', 'send'], ['help', 'pool'], ['help', 'pool', 'list'], ['help', 'environment']])(
    '%s %s %s is help', async (...args) => {
      const {exit, stdout} = await runCli(args.filter(Boolean), {env, cwd: folder})
      expect(stdout).not.toBe('')
      expect(exit).toBe(0)
    },
  )
})

test('tail that waits for the first node says so, and finds it', async () => {
  await using tail = startCli(['tail', '--timeout', '20s'], {env, cwd: folder})
  await tail.says('waiting for a node…')
  await using node = startCli(['serve', '--port', '0'], {env, cwd: folder})
  await node.says('"Ready"')
  await tail.says('tailing from')
})

test('SIGTERM ends a start that does not end by itself', async () => {
  const file = join(folder, 'slow.mjs')
  const slow = 'console.error("loading"); setInterval(() => {}, 1000); await new Promise(() => {})'
  await writeFile(file, `export default async () => { ${slow} }`)
  await using node = startCli(['serve', '--port', '0', '--actions', file], {env, cwd: folder})
  await node.says('loading')
  node.child.kill('SIGTERM')
  expect(await node.exit).toBe(0)
  const {stdout} = await runCli(['pool', 'list', '--json'], {env, cwd: folder})
  expect(JSON.parse(stdout)).toMatchObject({nodes: []})
})

test.runIf(process.platform === 'linux')('serve in a folder that cannot be ends', async () => {
  const args = ['serve', '--port', '0', '--data-dir', '/proc/wsmesh/data']
  const {exit, stderr} = await runCli(args, {cwd: folder})
  expect(stderr).toContain('/proc/wsmesh/data')
  expect(exit).not.toBe(0)
})
