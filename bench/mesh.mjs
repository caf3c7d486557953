/** What benches share: real nodes of their own in a folder of their own, and waiting. */
import {spawn} from 'node:child_process'
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {loadSecret} from '../dist/lib/auth/secret.js'
import {signToken} from '../dist/lib/auth/token.js'

const BIN = join(import.meta.dirname, '..', 'bin', 'run.js')

/** The user for whom all messages of a bench are. */
export const USER = '42'

/** The first value of `check` that is true; throws when there is none for long. */
export async function until(check, what, timeoutMs = 20_000) {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const value = await check()
    if (value) return value
    if (performance.now() > deadline) throw new Error(`in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** "p50 12 p99 40 max 61": percentiles of values, in whole numbers. */
export function spreadOf(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (p) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? 0
  return `p50 ${at(0.5).toFixed(0)} p99 ${at(0.99).toFixed(0)} max ${at(1).toFixed(0)}`
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

export async function statsOf({ready}) {
  const response = await fetch(`${ready.httpUrl}/stats`)
  return response.json()
}

/** Nodes on the embedded pool, or on a database; ended with all that they made. */
export class BenchMesh {
  nodes = new Set()
  secret = undefined
  token = undefined
  folder
  #env

  constructor(name, pool) {
    this.folder = mkdtempSync(join(tmpdir(), `wsmesh-${name}-`))
    this.#env = {
      ...process.env, WSMESH_DATA_DIR: this.folder, ...(pool && {WSMESH_POOL: pool}),
    }
  }

  /** One more node, once it is linked or master. */
  async start(...args) {
    const child = spawn(process.execPath, [BIN, 'serve', '--port', '0', '--json', ...args], {
      env: this.#env, stdio: ['ignore', 'pipe', 'ignore'],
    })
    let out = ''
    child.stdout.on('data', (data) => (out += data))
    const line = await until(() => out.includes('\n') && out.split('\n')[0], 'a node', 60_000)
    const ready = JSON.parse(line)
    if (ready.type !== 'ready') throw new Error(`a node did not start: ${line}`)
    this.secret ??= await loadSecret({env: {}, dataDir: this.folder})
    this.token ??= await signToken({user: USER, groups: [], ttlMs: 3_600_000}, this.secret)
    const node = {child, ready}
    this.nodes.add(node)
    return node
  }

  /** Waits until one leads, and as many as are wanted count as copies. */
  master(copies) {
    return until(async () => {
      for (const node of this.nodes) {
        const {role, view} = await statsOf(node)
        if (role === 'master' && view.length === copies) return node
      }
      return undefined
    }, `a master with a view of ${copies}`, 60_000)
  }

  /** kill -9. */
  kill(node) {
    this.nodes.delete(node)
    node.child.kill('SIGKILL')
  }

  end() {
    for (const {child} of this.nodes) child.kill('SIGKILL')
    rmSync(this.folder, {recursive: true, force: true})
  }
}
