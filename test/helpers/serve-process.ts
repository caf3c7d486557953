/** Real `wsmesh serve` processes that share a pool, and clients of theirs. */
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {signToken} from '../../src/lib/auth/token.js'
import {loadSecret} from '../../src/lib/auth/secret.js'
import {poolJson} from '../../src/lib/cli/pool-view.js'
import {MeshAccess} from '../../src/lib/operator/mesh-access.js'
import {surveyPool} from '../../src/lib/operator/pool-survey.js'
import type {NodeStats} from '../../src/lib/protocol/operator-frame.js'
import {runCli, startCli, type CliResult, type RunningCli} from './cli.js'
import {eventually} from './eventually.js'
import {uniqueMesh} from './nats.js'
import {connectTestClient, type TestClient} from './test-client.js'

export interface Ready {
  readonly type: 'ready'
  readonly node: string
  readonly role: 'master' | 'follower'
  readonly term: number
  readonly clientUrl: string
  readonly nodeUrl: string
  readonly httpUrl: string
  readonly apiUrl: string
  readonly pool: string
  readonly pid: number
}

export interface ServeProcess {
  readonly cli: RunningCli
  readonly ready: Ready
  stats(): Promise<NodeStats>
}

export interface PoolListJson {
  readonly master: string | null
  readonly term: number
  readonly nodes: readonly {id: string; role: string; state: string; clients: number}[]
}

/** See startTestMesh. */
function relayFromEnvironment(): Readonly<Record<string, string>> {
  const url = process.env['WSMESH_TEST_RELAY']
  return url === undefined ? {} : {WSMESH_RELAY: url, WSMESH_RELAY_MESH: uniqueMesh()}
}

/** A data folder, a pool, and what runs on them; all of it ends with the disposal. */
export class ServeMesh implements AsyncDisposable {
  readonly nodes: ServeProcess[] = []
  readonly #clients: TestClient[] = []

  private constructor(
    readonly folder: string,
    readonly env: Readonly<Record<string, string>>,
  ) {}

  /** Without a pool: the embedded one of the folder. */
  static async open(pool?: string, more: Readonly<Record<string, string>> = {}): Promise<ServeMesh> {
    const folder = await mkdtemp(join(tmpdir(), 'wsmesh-mesh-'))
    const own = {WSMESH_DATA_DIR: folder, ...(pool === undefined ? {} : {WSMESH_POOL: pool})}
    const env = {...own, ...relayFromEnvironment(), ...more}
    return new ServeMesh(folder, env)
  }

  /** Starts a node and waits until it is linked. */
  start(...args: string[]): Promise<ServeProcess> {
    return this.startFrom(undefined, ...args)
  }

  /** The same, of another wsmesh than that of the other nodes. */
  async startFrom(bin: string | undefined, ...args: string[]): Promise<ServeProcess> {
    // What a node writes into the system's temporary folder goes with the mesh.
    const env = {TMPDIR: this.folder, ...this.env}
    const port = args.includes('--port') ? [] : ['--port', '0']
    const cli = startCli(['serve', ...port, '--json', ...args],
      {env, ...(bin === undefined ? {} : {bin})})
    const line = await eventually(
      () => cli.stdout().includes('\n') && cli.stdout().split('\n')[0],
      {what: () => `a node to be ready; it said: ${cli.stderr()}`, timeoutMs: 20_000},
    ).catch(async (error: unknown) => {
      await cli[Symbol.asyncDispose]()
      throw error
    })
    const ready = JSON.parse(line) as Ready
    if (ready.type !== 'ready') throw new Error(`Not a node that is ready: ${line}`)
    const stats = async (): Promise<NodeStats> => {
      const answer = await fetch(`${ready.httpUrl}/stats`)
      return (await answer.json()) as NodeStats
    }
    const node = {cli, ready, stats}
    this.nodes.push(node)
    return node
  }

  /** kill -9, and it is no longer one of ours. */
  async kill(node: ServeProcess): Promise<void> {
    node.cli.child.kill('SIGKILL')
    await node.cli.exit
    this.nodes.splice(this.nodes.indexOf(node), 1)
  }

  async connect(node: ServeProcess, user: string): Promise<TestClient> {
    const secret = await loadSecret({env: {}, dataDir: this.folder})
    const token = await signToken({user, groups: [], ttlMs: 600_000}, secret)
    const client = await connectTestClient(node.ready.clientUrl)
    client.send({action: 'Client/authentication', details: [{token}]})
    await client.next()
    client.texts.length = 0
    this.#clients.push(client)
    return client
  }

  run(...args: string[]): Promise<CliResult> {
    return runCli(args, {env: this.env})
  }

  /** As `run`, with something piped in. */
  stdin(input: string, ...args: string[]): Promise<CliResult> {
    return runCli(args, {env: this.env, input})
  }

  /** As `wsmesh pool list --json`, at a tenth of what another process costs. */
  async poolList(): Promise<PoolListJson> {
    const access = new MeshAccess({
      poolUrl: this.env['WSMESH_POOL'] ?? 'sqlite:', poolPrefix: 'wsmesh_', dataDir: this.folder,
      secretFile: undefined, env: {}, node: undefined, timeoutMs: 10_000,
    })
    try {
      return poolJson(await surveyPool(access)) as PoolListJson
    } finally {
      access.close()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.ws.terminate()
    await Promise.all(this.nodes.map(({cli}) => cli[Symbol.asyncDispose]()))
    await rm(this.folder, {recursive: true, force: true})
  }
}
