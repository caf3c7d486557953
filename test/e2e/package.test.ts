/** The package as its users have it: packed, installed from the tarball, far from the checkout. */
import {execFile} from 'node:child_process'
import {mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'

import {runCli, startCli, type RunningCli} from '../helpers/cli.js'
import type {DemoReady} from '../helpers/demo-process.js'
import {eventually, within} from '../helpers/eventually.js'
import {DECOYS, installPackage, type InstalledPackage} from '../helpers/installed-package.js'
import type {PoolListJson, Ready} from '../helpers/serve-process.js'
import {connectTestClient} from '../helpers/test-client.js'

const TSC = join(import.meta.dirname, '..', '..', 'node_modules', '.bin', 'tsc')

let folder = ''
let wsmesh: InstalledPackage
let env: Readonly<Record<string, string>>
/** A project that has wsmesh among its packages. */
let project = ''

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'wsmesh-package-')))
  wsmesh = await installPackage(folder)
  env = wsmesh.env
  project = join(folder, 'project')
  await mkdir(join(project, 'node_modules'), {recursive: true})
  await symlink(wsmesh.root, join(project, 'node_modules', 'wsmesh'))
  await writeFile(join(project, 'package.json'), '{"type": "module"}')
}, 240_000)
afterAll(() => rm(folder, {recursive: true, force: true}))

function cli(...args: readonly string[]) {
  return runCli(args, {bin: wsmesh.bin, env, cwd: folder})
}

/** A command that says in its first line, as JSON, that it is ready. */
async function start(...args: readonly string[]): Promise<{command: RunningCli; ready: unknown}> {
  const command = startCli(args, {bin: wsmesh.bin, env, cwd: folder})
  const what = `${args[0]} to be ready`
  const line = await eventually(
    () => command.stdout().includes('\n') && command.stdout().split('\n')[0],
    {what, timeoutMs: 30_000},
  ).catch(async (error: unknown) => {
    const said = command.stderr()
    await command[Symbol.asyncDispose]()
    throw new Error(`It said: ${said}`, {cause: error})
  })
  return {command, ready: JSON.parse(line)}
}

async function stop(command: RunningCli): Promise<void> {
  command.child.kill('SIGINT')
  expect(await within(command.exit, 'the end of what was stopped', 30_000)).toBe(0)
}

async function runInProject(file: string, ...args: readonly string[]): Promise<string> {
  const {stdout} = await promisify(execFile)(process.execPath, [file, ...args], {
    cwd: project, env, timeout: 20_000,
  })
  return stdout
}

describe('the tarball', () => {
  test('has what is built, examples, pages and manifest, and nothing else', () => {
    expect(wsmesh.files).toEqual(wsmesh.expected)
    const lost = ['dist/index.js', 'dist/lib/demo/page/index.html', 'examples/actions/hello.mjs']
    expect(wsmesh.files).toEqual(expect.arrayContaining(lost))
    const strange = wsmesh.files.filter((path) =>
      path in DECOYS || /(?:^|\/)test\/|\.test\.[jt]s$|\.map$/.test(path))
    expect(strange).toEqual([])
  })

  test('is small, and knows nothing of where it was made', async () => {
    expect(wsmesh.tarballBytes).toBeLessThan(1.5 * 1024 * 1024)
    const texts = await Promise.all(
      wsmesh.files.map(async (path) => [path, await readFile(join(wsmesh.root, path), 'utf8')]),
    )
    const told = texts.filter(([, text]) => text?.includes(wsmesh.packedFrom))
    expect(told.map(([path]) => path)).toEqual([])
  })
})

describe('the command', () => {
  test('is found by its name, with its version', async () => {
    const about = JSON.parse(await readFile(join(wsmesh.root, 'package.json'), 'utf8')) as {
      version: string
    }
    const {stdout} = await promisify(execFile)('wsmesh', ['--version'], {env})
    expect(stdout).toMatch(`wsmesh/${about.version} `)
  })

  test('--help lists every command of the manifest', async () => {
    const {stdout, stderr, exit} = await cli('--help')
    expect({stderr, exit}).toEqual({stderr: '', exit: 0})
    for (const name of ['config', 'demo', 'pool', 'send', 'serve', 'tail', 'token']) {
      expect(stdout).toMatch(new RegExp(`^ +(wsmesh )?${name}\\b`, 'm'))
    }
  })

  test('serve, token, send and pool list', async () => {
    const actions = join(wsmesh.root, 'examples', 'actions', 'hello.mjs')
    const args = ['--port', '0', '--json', '--actions', actions]
    const {command, ready: said} = await start('serve', ...args)
    await using _ = command
    const ready = said as Ready
    expect(ready).toMatchObject({type: 'ready', role: 'master', term: 1})
    const {stdout: token} = await cli('token', '--user', '42')
    const client = await connectTestClient(ready.clientUrl)
    client.send({action: 'Client/authentication', details: [{token: token.trim()}]})
    expect(await client.next()).toMatchObject({details: ['ok', {user: '42', node: ready.node}]})
    client.send({action: 'hello', details: ['From the example']})
    expect(await client.next()).toEqual({action: 'hello', details: ['From the example']})

    const sent = await cli('send', 'hello', 'Hi', '--everyone')
    expect(sent).toMatchObject({stderr: '', exit: 0})
    expect(sent.stdout).toContain('delivered to 1 connection on 1 node')
    expect(await client.next()).toEqual({action: 'hello', details: ['Hi']})
    const example = await runInProject(join(wsmesh.root, 'examples', 'send.mjs'), ready.nodeUrl)
    expect(example).toBe('{ connections: 1, nodes: 1 }\n')
    expect(await client.next()).toEqual({action: 'hello', details: ['Hi']})
    const nodeExample = await runInProject(join(wsmesh.root, 'examples', 'node.mjs'))
    expect(nodeExample).toMatch(/^n-\w+ is follower, clients at ws:\S+\n\{ connections: 1 \}\n$/)
    expect(await client.next()).toEqual({action: 'hello', details: ['Hi']})
    const list = JSON.parse((await cli('pool', 'list', '--json')).stdout) as PoolListJson
    expect(list).toMatchObject({master: ready.node, nodes: [{id: ready.node, state: 'up'}]})
    await stop(command)
    await within(client.closed, 'the close of the client')
  })

  test('demo finds its page and actions, and tells commands by their name', async () => {
    const {command, ready: said} = await start('demo', '--port', '0', '--nodes', '2', '--json')
    await using _ = command
    const ready = said as DemoReady
    const pageUrl = ready.pageUrl ?? ''
    const page = await (await fetch(pageUrl)).text()
    const parts = [...page.matchAll(/(?:src|href)="([^":]+)"/g)].map(([, path]) => path ?? '')
    expect(parts.length).toBeGreaterThan(1)
    for (const part of parts) expect((await fetch(new URL(part, pageUrl))).status).toBe(200)
    const {commands} = (await (await fetch(new URL('/demo.json', pageUrl))).json()) as {
      commands: {command: string}[]
    }
    const list = commands[0]?.command ?? ''
    expect(list).toMatch(/^wsmesh pool list\b/)
    const {stdout: pool} = await promisify(execFile)('sh', ['-c', list], {env})
    expect(pool).toContain('2 nodes, all up')

    const {stdout: token} = await cli('token', '--user', '42')
    const client = await connectTestClient(ready.nodes[1]?.clientUrl ?? '')
    client.send({action: 'Client/authentication', details: [{token: token.trim()}]})
    await client.next()
    client.send({action: 'hello', details: ['Hi', {to: {everyone: true}}]})
    expect(await client.next()).toEqual({action: 'hello', details: ['Hi', {from: '42'}]})
    await stop(command)
  })
})

const PROGRAM = `
import {createRequire} from 'node:module'
const {cache} = createRequire(import.meta.url)
const loaded = () => ['libsql', 'mysql2', 'ws'].filter((name) =>
  Object.keys(cache).some((path) => path.includes('/node_modules/' + name + '/')))

const library = await import('wsmesh')
const atImport = loaded()
const {createNode, defaultNodeConfig, defaultNodeServices, loadSecret, openPoolStore} = library
const dataDir = process.argv[2]
const secret = await loadSecret({env: {}, dataDir})
const store = await openPoolStore({url: 'sqlite:', dataDir})
const services = {...defaultNodeServices(), secret, store}
const node = await createNode({...defaultNodeConfig(), port: 0}, services)
await node.ready
const result = await node.publish('hello', ['Hi'], {everyone: true})
const {role, version} = node.stats()
const refused = await node.publish('hello', [], {users: 42}).catch((error) => error)
await node.drain()
const isError = refused instanceof library.WsmeshError
console.log(JSON.stringify({
  names: Object.keys(library), atImport, atEnd: loaded(), role, version, result,
  refused: isError && refused.code,
}))
`

const TYPED = `
import {connectOperator, createNode, defaultNodeConfig, defaultNodeServices, loadSecret,
  openPoolStore, signToken, WsmeshError} from 'wsmesh'
import {connect} from 'wsmesh/client'
import type {ActionModule, ErrorCode, MeshNode, NodeConfig, PublishResult, TargetJson} from 'wsmesh'

export const hello: ActionModule = (mesh) => {
  mesh.on('hello', ({user, reply}) => reply([user?.toUpperCase()]))
}
export async function notify(url: string, dataDir: string): Promise<PublishResult> {
  const secret = await loadSecret({env: {}, dataDir})
  const token: string = await signToken({user: '42', ttlMs: 60_000}, secret)
  const mesh = await connectOperator({url, secret, timeoutMs: 5000})
  const target: TargetJson = {user: [42, '7']}
  return mesh.publish({action: 'hello', details: [token], target}, 5000)
}
export async function run(dataDir: string): Promise<MeshNode> {
  const config: NodeConfig = {...defaultNodeConfig(), port: 0, guests: 'allow'}
  const [secret, store] = [await loadSecret({env: {}, dataDir}),
    await openPoolStore({url: 'sqlite:', dataDir})]
  return createNode(config, {...defaultNodeServices(), secret, store})
}
export function page(): void {
  const mesh = connect<{hello: [text: string]}>('/WebSockets', {getToken: () => 'token'})
  mesh.on('hello', (text) => text.trim()).send('hello', 'Hi')
  const signal: NonNullable<Parameters<typeof connect>[1]> = {signal: new AbortController().signal}
  connect('/WebSockets', {...signal, WebSocket}).close()
  // @ts-expect-error: its detail is a text
  mesh.send('hello', 1)
}
export const codeOf = (error: unknown): ErrorCode | undefined =>
  error instanceof WsmeshError ? error.code : undefined
// @ts-expect-error: a list of users is called user
export const wrong: TargetJson = {users: [42]}
// @ts-expect-error: there is no such code
export const unknown: ErrorCode = 'NO_SUCH_CODE'
`

describe('the library', () => {
  test('runs a node; importing it loads no driver and no socket', async () => {
    await writeFile(join(project, 'program.js'), PROGRAM)
    const said = await runInProject('program.js', join(folder, 'library-data'))
    expect(JSON.parse(said)).toEqual({
      names: [
        'MeshSecret', 'WsmeshError', 'connectOperator', 'createLog', 'createNode',
        'defaultDataDir', 'defaultNodeConfig', 'defaultNodeServices', 'loadSecret',
        'openPoolStore', 'sampleProcess', 'signPublishToken', 'signToken', 'silentLog',
        'tokenAuthenticator',
      ],
      atImport: [],
      atEnd: ['ws'],
      role: 'master',
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      result: expect.objectContaining({connections: 0, byNode: [], missing: []}),
      refused: 'TARGET_INVALID',
    })
  })

  test('its types hold in a strict program, with no types of Node', async () => {
    await writeFile(join(project, 'typed.ts'), TYPED)
    const compilerOptions = {
      target: 'es2023', lib: ['es2023', 'dom'], module: 'nodenext', types: [], strict: true,
      exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true,
    }
    const config = JSON.stringify({compilerOptions, files: ['typed.ts']})
    await writeFile(join(project, 'tsconfig.json'), config)
    // What is wrong is said on stdout.
    const {stdout} = await promisify(execFile)(TSC, ['-p', project]).catch(
      (error: {stdout: string}) => error,
    )
    expect(stdout).toBe('')
  })
})
