/** docs/API.md as its reader would do it: its commands are run, and answer what it says. */
import {execFile} from 'node:child_process'
import {chmod, mkdir, readFile, stat, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {expect, test} from 'vitest'
import {runCli} from '../helpers/cli.js'
import {eventually} from '../helpers/eventually.js'
import {ServeMesh} from '../helpers/serve-process.js'

const ROOT = join(import.meta.dirname, '..', '..')
const BIN = process.env['WSMESH_TEST_BIN'] ?? join(ROOT, 'bin', 'run.js')
const run = promisify(execFile)

interface Step {
  readonly command: string
  readonly output: string
}

/** What follows each `$ …` of the blocks. */
function stepsOf(page: string): Step[] {
  const blocks = [...page.matchAll(/```console\n([\s\S]*?)```/g)].map(([, text = '']) => text)
  return blocks.join('').split(/^\$ /m).slice(1).map((text) => {
    const end = text.indexOf('\n')
    return {command: text.slice(0, end), output: text.slice(end + 1)}
  })
}

/** Without what differs from one run to the next. */
function withoutChance(text: string): string {
  return text
    .replaceAll(/\bn-[\da-f]{8}/g, 'n-node')
    .replaceAll(/"position":"[^"]*"/g, '"position":"p"')
    .replaceAll(/"connection":"[^"]*"/g, '"connection":"c"')
    .replaceAll(/"(since|ageMs)":\d+/g, '"$1":0')
}

test('the page: every command answers what stands below it, and so does its PHP', async () => {
  const page = await readFile(join(ROOT, 'docs', 'API.md'), 'utf8')
  await using mesh = await ServeMesh.open()
  const node = await mesh.start()
  const here = node.ready.apiUrl
  const bin = join(mesh.folder, 'bin')
  await mkdir(bin)
  await writeFile(join(bin, 'wsmesh'), `#!/bin/sh\nexec "${process.execPath}" "${BIN}" "$@"\n`)
  await chmod(join(bin, 'wsmesh'), 0o755)
  const env = {...process.env, ...mesh.env, PATH: `${bin}:${process.env['PATH']}`}
  const atNode = (text: string): string => text.replaceAll('http://127.0.0.1:8080', here)
  for (let n = 0; n < 3; n += 1) await mesh.connect(node, '42')

  const php = /```php\n([\s\S]*?)```/.exec(page)?.[1] ?? ''
  let isKnown = false
  let refusedBefore = 0
  for (const {command, output} of stepsOf(page)) {
    if (command.startsWith('curl') && !isKnown) {
      // The key that was made last: with it the first is known as well.
      const key = await readFile(join(mesh.folder, 'support.key'), 'utf8')
      const headers = {authorization: `Bearer ${key.trim()}`}
      const asks = async () => (await fetch(`${here}/who`, {headers})).status !== 401
      await eventually(asks, {what: 'the key to be known', timeoutMs: 15_000})
      refusedBefore = (await node.stats()).counters['apiRequestsRefused'] ?? 0
      isKnown = true
      await writeFile(join(mesh.folder, 'page.php'), atNode(php))
    }
    // It closes the connections: what the PHP page has to say comes before.
    if (command.includes('/kick')) {
      const {stdout} = await run('php', ['page.php'], {cwd: mesh.folder, env})
      expect(stdout).toBe('3\n')
    }
    const {stdout} = await run('sh', ['-c', atNode(command)], {cwd: mesh.folder, env})
    const [got, wanted] = [stdout, output].map(withoutChance)
    // The PHP page published one more.
    expect(got?.replace('-5","position', '-4","position'), command).toBe(wanted)
  }
  const {counters} = await node.stats()
  expect(counters).toMatchObject({apiRequestsRefused: refusedBefore + 2, apiRequestsWrong: 1})
  expect(node.cli.stderr()).toMatch(/"act":"kick","by":"support"/)
}, 120_000)

/** The status that curl gets. */
async function ask(...args: string[]): Promise<string> {
  return (await run('curl', ['-s', '-o', '/dev/null', '-w', '%{http_code}', ...args])).stdout
}

test('keys: made, listed, revoked; their file is read again; nothing shows one', async () => {
  await using mesh = await ServeMesh.open()
  const socket = join(mesh.folder, 'api.sock')
  const file = join(mesh.folder, 'keys.json')
  const made = await runCli(['api', 'key', 'shop', '--api-key-file', file], {env: mesh.env})
  const key = made.stdout.trim()
  expect([made.exit, key, made.stderr]).toEqual([0, expect.stringMatching(/^wsmesh_[\w-]{43}$/), ''])
  expect(await readFile(file, 'utf8')).not.toContain(key)
  expect((await stat(file)).mode & 0o777).toBe(0o644)
  const node = await mesh.start('--api-listen', `unix:${socket}`, '--api-key-file', file)
  expect(node.ready.apiUrl).toBe(`unix:${socket}`)
  const publish = ['-H', `Authorization: Bearer ${key}`, '-H', 'Content-Type: application/json',
    '-d', '{"action":"hello","target":{"user":1}}']
  expect(await ask('--unix-socket', socket, 'http://node/publish', ...publish)).toBe('200')
  // The API is nowhere else.
  expect(await ask(`${node.ready.httpUrl}/publish`, ...publish)).toBe('404')

  await writeFile(file, '{"keys": 5}')
  await node.cli.says('The file of API keys could not be read again')
  expect(await ask('--unix-socket', socket, 'http://node/publish', ...publish)).toBe('200')
  await writeFile(file, '{"keys": []}')
  await node.cli.says('The file of API keys was read again')
  expect(await ask('--unix-socket', socket, 'http://node/publish', ...publish)).toBe('401')
  const listed = await runCli(['api', 'keys', '--api-key-file', file], {env: mesh.env})
  expect(listed.stdout).toContain('No API keys')
  expect(node.cli.stderr()).not.toContain(key)
  // What a killed node leaves behind does not keep the next one out.
  await mesh.kill(node)
  await eventually(() => stat(socket).then(() => true), {what: 'the socket to be left behind'})
  const next = await mesh.start('--api-listen', `unix:${socket}`, '--api-key-file', file)
  expect(next.ready.apiUrl).toBe(`unix:${socket}`)
}, 120_000)

test.each([
  [['api', 'key', 'a b'], 2, 'no name of a key'],
  [['api', 'key', 'x', '--allow', 'fly'], 2, 'publish, who, kick, nodes'],
  [['api', 'key', 'x', '--action', ''], 2, 'no glob'],
  [['api', 'key', 'x', '--allow', 'who', '--action', 'a'], 2, '--allow publish'],
  [['api', 'key', 'x', '--rate', '-1'], 2, '--rate'],
  [['api', 'key', 'x', '--api-key-file', '/nowhere/keys.json'], 1, 'Cannot write API keys'],
  [['api', 'revoke', 'nobody'], 2, 'wsmesh api keys'],
  [['api', 'keys', '--api-key-file', '/nowhere/keys.json'], 1, 'Cannot read the API keys'],
  [['serve', '--api-key-file', '/nowhere/keys.json', '--port', '0'], 1, 'makes a key, and the file'],
  [['serve', '--api-listen', 'here', '--port', '0'], 2, '--api-listen 10.0.0.5:8081'],
  [['serve', '--path', '/publish', '--port', '0'], 2, "the node's own"],
])('wsmesh %s ends with %i', async (args, exit, why) => {
  await using mesh = await ServeMesh.open()
  const result = await runCli(args, {env: mesh.env})
  expect([result.exit, result.stderr]).toEqual([exit, expect.stringContaining(why)])
  expect(result.stderr).not.toContain('    at ')
})
