/** The client library on real sockets, against real nodes in this process. */
import {join} from 'node:path'
import {WebSocket} from 'ws'
import {connect} from '../../src/lib/client/connect.js'
import type {AnyActions, ConnectOptions, Mesh, MeshState} from '../../src/lib/client/types.js'
import type {MeshNode} from '../../src/lib/node/create-node.js'
import type {NodeConfig} from '../../src/lib/node/node-config.js'
import {eventually} from './eventually.js'
import {startTestMesh, type TestMesh} from './test-node.js'

/** A client, and all that it was told. */
export interface Watched {
  readonly mesh: Mesh
  readonly states: MeshState[]
  readonly recovered: boolean[]
  /** Details of the messages of action `n`. */
  readonly got: unknown[]
  /** Resolves with the first state from now on, or the present one, that is of this type. */
  readonly is: <T extends MeshState['type']>(type: T) => Promise<Extract<MeshState, {type: T}>>
}

export class ClientMesh implements AsyncDisposable {
  readonly #clients: Mesh[] = []

  private constructor(readonly mesh: TestMesh) {}

  static async open(nodes: number, config?: Partial<NodeConfig>): Promise<ClientMesh> {
    const actions = [join(import.meta.dirname, 'client-actions.mjs')]
    return new ClientMesh(await startTestMesh(nodes, {actions, ...config}))
  }

  get nodes(): readonly MeshNode[] {
    return this.mesh.nodes
  }

  get urls(): readonly string[] {
    return this.nodes.map(({addresses}) => addresses.clientUrl)
  }

  /** An open one. */
  async open(options: ConnectOptions = {}): Promise<Watched> {
    const client = await this.connect(options)
    await client.is('open')
    return client
  }

  /** As user 42, to all nodes, unless the options say else. */
  async connect(options: ConnectOptions = {}, url?: string | readonly string[]): Promise<Watched> {
    const hasProof = options.getToken !== undefined || options.session !== undefined
    const token = hasProof ? undefined : await this.mesh.token('42')
    return this.watch(connect(url ?? this.urls, {token, WebSocket, ...options}))
  }

  watch(mesh: Mesh): Watched {
    this.#clients.push(mesh)
    const states: MeshState[] = []
    const recovered: boolean[] = []
    const got: unknown[] = []
    mesh.onState((state) => states.push(state))
    mesh.onRecovered((isRecovered) => recovered.push(isRecovered))
    mesh.on('n', (number) => got.push(number))
    return {
      mesh, states, recovered, got,
      async is(type) {
        const what = `${type}, after ${JSON.stringify(states)}`
        // It may be another one again before anybody looks.
        const before = states.length
        const since = () => [mesh.state, ...states.slice(before)]
        return eventually(() => since().find((state) => state.type === type), {what}) as never
      },
    }
  }

  /** To user 42. */
  async say(...details: AnyActions[string]): Promise<void> {
    await this.nodes[0]?.publish('n', details, {user: '42'})
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close()
    await this.mesh[Symbol.asyncDispose]()
  }
}
