/** The NATS servers of a drill: three, with three copies of the stream. */
import {awaitStream} from '../nats/await-stream.js'
import {connectNats} from '../nats/nats-client.js'
import {JetStream, streamName, type StreamSettings} from '../nats/stream.js'
import {NatsCluster} from '../process/nats-cluster.js'
import type {NatsProcess} from '../process/nats-process.js'
import {WsmeshError} from '../util/errors.js'

const REPLICAS = 3
const STREAM: StreamSettings = {
  mesh: 'drill', slots: 65_536, replicas: REPLICAS, historyMs: 60_000, maxBytes: 256 * 1024 * 1024,
}

export class DrillNats {
  readonly #cluster: NatsCluster

  private constructor(cluster: NatsCluster) {
    this.#cluster = cluster
  }

  /** Resolves once the stream is there: three servers need some seconds to find each other. */
  static async open(
    folder: string, onStarted: (pid: number | undefined) => Promise<void>,
  ): Promise<DrillNats> {
    const nats = new DrillNats(await NatsCluster.start(folder, REPLICAS))
    for (const {pid} of nats.servers) await onStarted(pid)
    await nats.#made()
    return nats
  }

  get servers(): readonly NatsProcess[] {
    return this.#cluster.servers
  }

  /** What its nodes are told. */
  get env(): Readonly<Record<string, string>> {
    return {
      WSMESH_RELAY: `nats://${this.#cluster.addresses.join(',')}`,
      WSMESH_RELAY_MESH: STREAM.mesh,
      WSMESH_RELAY_REPLICAS: String(REPLICAS),
      WSMESH_RELAY_BYTES: String(STREAM.maxBytes),
    }
  }

  /** Whose copy of the stream orders messages. */
  async leader(): Promise<NatsProcess> {
    const client = await this.#connect()
    try {
      const {leader} = await new JetStream(client, STREAM).state()
      const found = this.servers.find(({name}) => name === leader)
      if (found !== undefined) return found
      throw new WsmeshError('NODE_FAILED', `No server leads the stream ${streamName(STREAM)}`)
    } finally {
      await client.close()
    }
  }

  async close(): Promise<void> {
    await this.#cluster.end()
  }

  async #made(): Promise<void> {
    const client = await this.#connect()
    try {
      await awaitStream(client, STREAM, () => {})
    } finally {
      await client.close()
    }
  }

  #connect() {
    return connectNats({
      servers: this.#cluster.addresses, user: undefined, password: undefined, token: undefined,
      credsFile: undefined, nkeyFile: undefined, tls: undefined, name: 'drill',
    }, () => {})
  }
}
