/** The NATS servers of a drill: three, with three copies of the stream. */
import {awaitStream} from '../nats/await-stream.js'
import {connectNats} from '../nats/nats-client.js'
import {JetStream, streamName, type StreamSettings} from '../nats/stream.js'
import {NatsCluster} from '../process/nats-cluster.js'
import type {NatsProcess} from '../process/nats-process.js'
import {WsmeshError} from '../util/errors.js'
import {TcpCut} from './network/tcp-cut.js'

const REPLICAS = 3
const STREAM: StreamSettings = {
  mesh: 'drill', slots: 65_536, replicas: REPLICAS, historyMs: 60_000, maxBytes: 256 * 1024 * 1024,
}

export class DrillNats {
  readonly #cluster: NatsCluster
  /** By place: what stands between its node and each of the servers. */
  readonly #lines = new Map<string, readonly TcpCut[]>()

  private constructor(cluster: NatsCluster) {
    this.#cluster = cluster
  }

  /**
   * Resolves once the stream is there: three servers need some seconds to find each other. Nodes of
   * these places can be cut off.
   */
  static async open(
    folder: string, onStarted: (pid: number | undefined) => Promise<void>,
    places: readonly string[],
  ): Promise<DrillNats> {
    const nats = new DrillNats(await NatsCluster.start(folder, REPLICAS))
    for (const {pid} of nats.servers) await onStarted(pid)
    for (const place of places) {
      nats.#lines.set(place, await Promise.all(nats.servers.map(({port}) => TcpCut.to(port))))
    }
    await nats.#made()
    return nats
  }

  get servers(): readonly NatsProcess[] {
    return this.#cluster.servers
  }

  /** What the node of that place is told. */
  envOf(place: string): Readonly<Record<string, string>> {
    const lines = this.#lines.get(place)
    const addresses = lines?.map(({address}) => address) ?? this.#cluster.addresses
    return {
      WSMESH_RELAY: `nats://${addresses.join(',')}`,
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

  /** The node of that place and NATS hear nothing of each other; no connection is closed. */
  cut(place: string): void {
    for (const line of this.#lines.get(place) ?? []) line.cut()
  }

  heal(place: string): void {
    for (const line of this.#lines.get(place) ?? []) line.heal()
  }

  async close(): Promise<void> {
    await Promise.all([...this.#lines.values()].flat().map((line) => line[Symbol.asyncDispose]()))
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
