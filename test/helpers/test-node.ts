/** Real nodes in this process, on an embedded pool of their own: `await using mesh = …`. */
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {MeshSecret} from '../../src/lib/auth/mesh-secret.js'
import {signToken} from '../../src/lib/auth/token.js'
import {defaultMeshConfig} from '../../src/lib/mesh/config.js'
import {OPEN_DOOR} from '../../src/lib/node/client-door.js'
import {createNode} from '../../src/lib/node/create-node.js'
import type {MeshNode} from '../../src/lib/node/create-node.js'
import {defaultNodeLimits} from '../../src/lib/node/limits.js'
import {silentLog} from '../../src/lib/node/log.js'
import type {NatsRelayConfig} from '../../src/lib/node/nats/nats-relay.js'
import type {NodeConfig, NodeServices} from '../../src/lib/node/node-config.js'
import {NO_WEBHOOKS} from '../../src/lib/node/webhooks/webhook-options.js'
import {openPoolStore} from '../../src/lib/pool/open-pool-store.js'
import {nodeId} from '../../src/lib/util/brand.js'
import {seededRandom} from '../../src/lib/util/random.js'
import {within} from './eventually.js'
import {natsRelayOf, uniqueMesh} from './nats.js'
import {connectTestClient} from './test-client.js'
import type {TestClient} from './test-client.js'

export interface TestMesh extends AsyncDisposable {
  readonly nodes: MeshNode[]
  readonly secret: MeshSecret
  readonly folder: string
  start(config?: Partial<NodeConfig>, services?: Partial<NodeServices>): Promise<MeshNode>
  token(user: string, claims?: {groups?: string[]; session?: string}): Promise<string>
  /** A client that is known, as this user. */
  client(node: MeshNode, user: string, options?: TestClientOptions): Promise<TestClient>
}

export interface TestClientOptions {
  readonly groups?: string[]
  readonly session?: string
  readonly language?: string
  readonly isV1?: boolean
  readonly resume?: string
}

let lastSeed = 0

function relayFromEnvironment(): NatsRelayConfig | undefined {
  const url = process.env['WSMESH_TEST_RELAY']
  if (url === undefined) return undefined
  return natsRelayOf([url.replace('nats://', '')], {mesh: uniqueMesh()})
}

/** With WSMESH_TEST_RELAY=nats://… each mesh has a stream of its own there: any test, on NATS. */
export async function startTestMesh(
  size: number, config: Partial<NodeConfig> = {},
): Promise<TestMesh> {
  const relay = config.relay ?? relayFromEnvironment()
  const folder = await mkdtemp(join(tmpdir(), 'wsmesh-test-'))
  const secret = new MeshSecret('a secret for tests only', 'test')
  const clients: TestClient[] = []
  const mesh: TestMesh = {
    nodes: [],
    secret,
    folder,
    async start(config = {}, services = {}) {
      lastSeed += 1
      const node = await createNode(
        {...testConfig(lastSeed), relay, ...config},
        {...(await testServices(folder, secret)), ...services},
      )
      mesh.nodes.push(node)
      return node
    },
    token: (user, claims = {}) => signToken({user, ttlMs: 60_000, ...claims}, secret),
    async client(node, user, {isV1 = false, language, resume, ...claims} = {}) {
      const protocols = isV1 ? ['wsmesh.v1'] : []
      const client = await connectTestClient(node.addresses.clientUrl, protocols)
      clients.push(client)
      const proof = {token: await mesh.token(user, claims), language, resume}
      client.send({action: 'Client/authentication', details: [proof]})
      const answer = (await client.next()) as {action: string; details: unknown[]}
      if (answer.details[0] !== 'ok') throw new Error(`Not let in: ${JSON.stringify(answer)}`)
      return client
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.ws.terminate()
      await Promise.all(mesh.nodes.map((node) => node.close()))
      await rm(folder, {recursive: true, force: true})
    },
  }
  for (let n = 0; n < size; n += 1) {
    const node = await mesh.start(config)
    await within(node.ready, `node ${n + 1} to be linked`)
  }
  return mesh
}

function testConfig(seed: number): NodeConfig {
  return {
    ...defaultNodeLimits(),
    id: nodeId(`test-${seed}`),
    version: '0.0.0-test',
    host: '127.0.0.1',
    port: 0,
    path: '/WebSockets',
    nodeUrl: undefined,
    nodeListen: undefined,
    publicUrl: undefined,
    guests: 'deny',
    compression: false,
    isTraced: false,
    door: OPEN_DOOR,
    recheckMs: 0,
    actions: [],
    webhooks: NO_WEBHOOKS,
    clientsMax: 1000,
    unknownClientsMax: 100,
    leadAwayMs: 5000,
    mesh: defaultMeshConfig,
  }
}

async function testServices(folder: string, secret: MeshSecret): Promise<NodeServices> {
  return {
    store: await openPoolStore({url: 'sqlite:', dataDir: folder}),
    secret,
    log: silentLog,
    random: seededRandom(lastSeed),
    now: () => performance.now(),
    wallClock: () => Date.now(),
  }
}
