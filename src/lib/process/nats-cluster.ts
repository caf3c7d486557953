/** NATS servers of one's own, of which any one may be killed: for drills and benches. */
import {once} from 'node:events'
import {createServer} from 'node:net'
import {join} from 'node:path'
import {NatsProcess} from './nats-process.js'

export class NatsCluster {
  readonly servers: readonly NatsProcess[]

  private constructor(servers: readonly NatsProcess[]) {
    this.servers = servers
  }

  /** Rejects with NODE_FAILED where nats-server is not installed. */
  static async start(folder: string, size: 1 | 3): Promise<NatsCluster> {
    const ports = await freePorts(size * 2)
    const routes = ports.slice(size)
    const servers = await Promise.all(ports.slice(0, size).map((port, index) => {
      const cluster = {name: 'wsmesh', port: routes[index] ?? 0, ports: routes}
      const own = join(folder, `nats-${index + 1}`)
      return NatsProcess.start({folder: own, port, ...(size > 1 && {cluster})})
    }))
    return new NatsCluster(servers)
  }

  /** Their addresses, as a node is told them. */
  get addresses(): readonly string[] {
    return this.servers.map(({address}) => address)
  }

  async end(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.end('SIGKILL')))
  }
}

/** All are held until each is known, so that they differ. */
async function freePorts(count: number): Promise<readonly number[]> {
  const probes = Array.from({length: count}, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(probes.map((probe) => once(probe, 'listening')))
  const ports = probes.map((probe) => {
    const address = probe.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  })
  await Promise.all(probes.map((probe) => once(probe.close(), 'close')))
  return ports
}
