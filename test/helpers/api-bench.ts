/** A mesh in this process whose HTTP API has keys, and requests to it. */
import {ApiKeys, hashOfApiKey, makeApiKey, type ApiKeyEntry} from '../../src/lib/auth/api-keys.js'
import {viewMesh} from '../../src/lib/cli/view-mesh.js'
import type {MeshNode} from '../../src/lib/node/create-node.js'
import type {NodeConfig, NodeServices} from '../../src/lib/node/node-config.js'
import {openPoolStore} from '../../src/lib/pool/open-pool-store.js'
import {within} from './eventually.js'
import {startTestMesh, type TestMesh} from './test-node.js'

export const HELLO = {action: 'hello', details: ['Hi'], target: {user: '42'}}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  /** Undefined for none. */
  readonly body: unknown
}

export interface ApiBench extends AsyncDisposable {
  readonly mesh: TestMesh
  readonly node: MeshNode
  readonly keys: ApiKeys
  /** Makes a key; what it may do is everything unless said. */
  key(about?: Partial<ApiKeyEntry>): string
  get(path: string, headers?: Record<string, string>): Promise<Answer>
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>
}

export interface ApiBenchOptions {
  readonly size?: number
  readonly config?: Partial<NodeConfig>
  readonly services?: Partial<NodeServices>
}

export async function startApi(options: ApiBenchOptions = {}): Promise<ApiBench> {
  const {size = 1, config = {}, services = {}} = options
  const mesh = await startTestMesh(0)
  const keys = new ApiKeys([])
  for (let n = 0; n < size; n += 1) {
    const store = await openPoolStore({url: 'sqlite:', dataDir: mesh.folder})
    const parts = {store, secret: mesh.secret, apiKeys: keys, ...services}
    const view = viewMesh({...parts, ...CLOCKS})
    const node = await mesh.start(config, {...parts, view}).catch(async (error: unknown) => {
      await mesh[Symbol.asyncDispose]()
      throw error
    })
    await within(node.ready, `node ${n + 1} to be linked`)
  }
  const [node] = mesh.nodes
  if (node === undefined) throw new Error('no node')
  const key = (about: Partial<ApiKeyEntry> = {}): string => {
    const made = makeApiKey()
    const name = `key-${keys.entries.length}`
    const allow = ['publish', 'who', 'kick', 'nodes'] as const
    const entry = {name, allow, ...about, sha256: hashOfApiKey(made)}
    keys.replace(new ApiKeys([...keys.entries, entry]))
    return made
  }
  const own = key({name: 'bench'})
  const ask = (path: string, headers: Record<string, string>, init: RequestInit) =>
    answerOf(fetch(node.addresses.apiUrl + path, {
      ...init, headers: {authorization: `Bearer ${own}`, ...headers},
    }))
  return {
    mesh, node, keys, key,
    get: (path, headers = {}) => ask(path, headers, {}),
    post: (path, body, headers = {}) => ask(path, {'content-type': 'application/json', ...headers}, {
      method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body),
    }),
    [Symbol.asyncDispose]: () => mesh[Symbol.asyncDispose](),
  }
}

export async function answerOf(fetched: Promise<Response>): Promise<Answer> {
  const {status, headers, ...rest} = await fetched.then(async (response) => ({
    status: response.status, headers: response.headers, text: await response.text(),
  }))
  return {status, headers, body: rest.text === '' ? undefined : JSON.parse(rest.text)}
}

const CLOCKS = {
  random: {next: () => 0.5},
  now: () => performance.now(),
  wallClock: () => Date.now(),
  log: {debug() {}, info() {}, warn() {}, error() {}},
}
