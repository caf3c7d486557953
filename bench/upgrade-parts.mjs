/** Parts of upgrade.mjs: an earlier build, nodes of any build at fixed ports, and the books. */
import {execFile, spawn} from 'node:child_process'
import {cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync} from 'node:fs'
import {createServer} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {loadSecret} from '../dist/lib/auth/secret.js'
import {signToken} from '../dist/lib/auth/token.js'
import {until} from './mesh.mjs'

const run = promisify(execFile)
const ROOT = join(import.meta.dirname, '..')
const BUILD_MS = 300_000

export const HERE = {dir: ROOT, name: 'this build', end() {}}

/**
 * A commit as it was, built in a folder of its own. `isQuick`: what its nodes run, and nothing
 * else; its types are not checked again.
 */
export async function buildOf(ref, say, isQuick = false) {
  const dir = mkdtempSync(join(tmpdir(), 'wsmesh-upgrade-'))
  const end = () => rmSync(dir, {recursive: true, force: true})
  try {
    const git = async (...args) => (await run('git', args, {cwd: ROOT})).stdout.trim()
    const commit = await git('rev-parse', '--short', `${ref}^{commit}`)
    say(`Building ${commit}: ${await git('log', '-1', '--format=%s', commit)}`)
    const tar = join(dir, 'commit.tar')
    await git('archive', '--output', tar, commit)
    await run('tar', ['-xf', tar, '-C', dir])
    // Another lock: other dependencies.
    const npm = (...args) => run('npm', args, {cwd: dir, timeout: BUILD_MS})
    if (lockOf(dir) !== lockOf(ROOT)) await npm('ci', '--prefer-offline', '--no-audit', '--no-fund')
    else symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'))
    if (isQuick) await compile(dir)
    else await npm('run', 'build')
    return {dir, name: commit, end}
  } catch (error) {
    end()
    throw new Error(`${ref} cannot be built: ${error.stderr || error.message}`, {cause: error})
  }
}

async function compile(dir) {
  const tsc = join(dir, 'node_modules', '.bin', 'tsc')
  await run(tsc, ['-p', 'tsconfig.json', '--noCheck', '--declaration', 'false'], {cwd: dir})
  cpSync(join(dir, 'src'), join(dir, 'dist'), {recursive: true, filter: isNoSource})
}

function isNoSource(path) {
  return !path.endsWith('.ts')
}

function lockOf(folder) {
  return readFileSync(join(folder, 'package-lock.json'), 'utf8')
}

async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const {port} = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

export class RollingMesh {
  /** By place: its port stays, the process in it changes. */
  nodes = []
  token
  #folder = mkdtempSync(join(tmpdir(), 'wsmesh-rolling-'))
  #ports = []
  #env = {...process.env, WSMESH_DATA_DIR: this.#folder}

  get reach() {
    return {
      poolUrl: 'sqlite:', poolPrefix: 'wsmesh_', dataDir: this.#folder, secretFile: undefined,
      env: {}, node: undefined,
    }
  }

  async start({dir}, place) {
    this.#ports[place] ??= await freePort()
    const port = String(this.#ports[place])
    const args = ['serve', '--port', port, '--json', '--max-per-user', '100000']
    const child = spawn(process.execPath, [join(dir, 'bin/run.js'), ...args], {
      env: this.#env, stdio: ['ignore', 'pipe', 'pipe'],
    })
    let [out, log] = ['', '']
    child.stdout.on('data', (data) => (out += data))
    child.stderr.on('data', (data) => (log += data))
    const exit = new Promise((resolve) => child.once('exit', resolve))
    const line = await until(() => out.includes('\n') && out.split('\n')[0], 'a node', 60_000)
      .catch((error) => {
        throw new Error(`${error.message}; it said:\n${log}`)
      })
    const ready = JSON.parse(line)
    if (ready.type !== 'ready') throw new Error(`A node did not start: ${line}`)
    this.nodes[place] = {child, exit, ready}
    const secret = await loadSecret({env: {}, dataDir: this.#folder})
    this.token ??= await signToken({user: '42', groups: [], ttlMs: 3_600_000}, secret)
  }

  /** As an operator has it: the commands of this build. */
  async command(...args) {
    const command = [join(ROOT, 'bin/run.js'), ...args]
    try {
      const {stdout} = await run(process.execPath, command, {env: this.#env})
      return JSON.parse(stdout)
    } catch (error) {
      const said = error.stdout === undefined || error.stdout === '' ? error.stderr : error.stdout
      const read = said?.startsWith('{') ? JSON.parse(said) : undefined
      if (read === undefined) throw error
      return read
    }
  }

  /** `pool list --expect N` has exit status 3 until then; and each is a copy. */
  wholeAgain(size) {
    return until(async () => {
      const stats = await Promise.all(this.nodes.map(async ({ready}) =>
        (await fetch(`${ready.httpUrl}/stats`)).json()).map((each) => each.catch(() => undefined)))
      return stats.some((each) => each?.role === 'master' && each.view.length === size)
    }, 'the mesh to be whole again', 60_000)
  }

  async roles() {
    return Promise.all(this.nodes.map(async ({ready}) =>
      (await (await fetch(`${ready.httpUrl}/stats`)).json()).role))
  }

  /** Places, the master's last, so that mastership moves once. */
  async followersFirst() {
    const roles = await this.roles()
    return roles.map((_, place) => place)
      .toSorted((a, b) => Number(roles[a] === 'master') - Number(roles[b] === 'master'))
  }

  async end() {
    for (const {child} of this.nodes) child.kill('SIGKILL')
    await Promise.all(this.nodes.map(({exit}) => exit))
    rmSync(this.#folder, {recursive: true, force: true})
  }
}

/** The node of a place leaves in order; its process has ended then. */
export async function leadOut(mesh, place) {
  const {child, exit, ready: {node, httpUrl}} = mesh.nodes[place]
  const {role, connections: clients} = await (await fetch(`${httpUrl}/stats`)).json()
  const startMs = performance.now()
  const said = await mesh.command('node', 'drain', node, '--timeout', '30s', '--json')
  const isTooOld = said.error?.code === 'PROTOCOL_VERSION_UNSUPPORTED'
  if (isTooOld) child.kill('SIGTERM')
  else if (said.error !== undefined) throw new Error(`drain of ${node}: ${said.error.message}`)
  const status = await exit
  if (status !== 0) throw new Error(`${node} ended with status ${status}`)
  const by = isTooOld ? 'SIGTERM (too old to be asked)' : 'wsmesh node drain'
  return {node, role, clients, by, ms: Math.round(said.ms ?? performance.now() - startMs)}
}

/** What was sent, and what each client got of it. */
export class Ledger {
  sent = 0
  #receipts = 0
  #refused = []
  #clients = []

  send() {
    this.sent += 1
    return this.sent
  }

  receipt() {
    this.#receipts += 1
  }

  refused(n, error) {
    this.#refused.push(`${n}: ${error.message}`)
  }

  listen(mesh) {
    const client = {mesh, got: [], atMs: [], notRecovered: 0}
    mesh.on('n', (n) => {
      client.got.push(n)
      client.atMs.push(performance.now())
    })
    mesh.onRecovered((isRecovered) => (client.notRecovered += Number(!isRecovered)))
    this.#clients.push(client)
  }

  allOpen() {
    return until(() => this.#clients.every(({mesh}) => mesh.state.type === 'open'), 'all clients')
  }

  /** All that was sent has its receipt and came, or does not come any more. */
  async settled() {
    const isAnswered = () => this.#receipts + this.#refused.length === this.sent
    await until(isAnswered, 'the last receipt', 30_000)
    const hasAll = () => this.#clients.every(({got}) => got.at(-1) === this.sent)
    await until(hasAll, 'the last number', 20_000).catch(() => undefined)
  }

  /** The longest that any client waited for its next number. */
  longestGapMs(sinceMs = 0) {
    let most = 0
    for (const {atMs} of this.#clients) {
      for (let i = 1; i < atMs.length; i += 1) {
        if (atMs[i] >= sinceMs) most = Math.max(most, atMs[i] - atMs[i - 1])
      }
    }
    return Math.round(most)
  }

  verdict() {
    const total = {lost: 0, duplicated: 0, reordered: 0, notRecovered: 0}
    for (const {got, notRecovered} of this.#clients) {
      const distinct = new Set(got)
      total.lost += this.sent - distinct.size
      total.duplicated += got.length - distinct.size
      total.reordered += got.filter((n, i) => i > 0 && n < got[i - 1]).length
      total.notRecovered += notRecovered
    }
    const refused = this.#refused.length
    const isGood = refused === 0 && Object.values(total).every((count) => count === 0)
      && this.sent > 0 && this.#receipts === this.sent
    return {
      isGood, sent: this.sent, receipts: this.#receipts, refused, why: this.#refused.slice(0, 3),
      ...total, longestGapMs: this.longestGapMs(),
    }
  }

  end() {
    for (const {mesh} of this.#clients) mesh.close()
  }
}
