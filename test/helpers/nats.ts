/** Real NATS servers on throw-away folders, and what a node needs to use them. */
import {randomBytes} from 'node:crypto'
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import type {NatsRelayConfig} from '../../src/lib/node/nats/nats-relay.js'
import {NatsProcess} from '../../src/lib/process/nats-process.js'
import {freePorts} from './free-port.js'

export interface TestNats extends AsyncDisposable {
  readonly servers: readonly NatsProcess[]
  /** What each of them has on its disk. */
  readonly stores: readonly string[]
  /** For `--relay`. */
  readonly url: string
  relay(changes?: Partial<NatsRelayConfig['stream']>): NatsRelayConfig
}

export interface TestNatsOptions {
  readonly size?: 1 | 3
  readonly config?: string
  readonly hasJetStream?: boolean
}

export async function startNats(options: TestNatsOptions = {}): Promise<TestNats> {
  const {size = 1, config = '', hasJetStream = true} = options
  const folder = await mkdtemp(join(tmpdir(), 'wsmesh-nats-'))
  const ports = await freePorts(size * 2)
  const own = ports.slice(0, size)
  const routes = ports.slice(size)
  const servers = await Promise.all(own.map((port, index) => {
    const cluster = {name: 'test', port: routes[index] ?? 0, ports: routes}
    return NatsProcess.start({
      folder: join(folder, `s${index}`), port, config, hasJetStream, ...(size > 1 && {cluster}),
    })
  }))
  const addresses = servers.map(({address}) => address)
  return {
    servers,
    stores: servers.map((_, index) => join(folder, `s${index}`, 'store')),
    url: `nats://${addresses.join(',')}`,
    relay: (changes = {}) => natsRelayOf(addresses, {replicas: size, ...changes}),
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map((server) => server.end('SIGKILL')))
      await rm(folder, {recursive: true, force: true})
    },
  }
}

/** Several meshes of tests share a server. */
export function uniqueMesh(): string {
  return `t-${randomBytes(6).toString('hex')}`
}

/** What a node is told of it. */
export function natsRelayOf(
  servers: readonly string[], changes: Partial<NatsRelayConfig['stream']> = {},
): NatsRelayConfig {
  return {
    nats: {
      servers, user: undefined, password: undefined, token: undefined,
      credsFile: undefined, nkeyFile: undefined, tls: undefined, name: 'test',
    },
    stream: {
      mesh: 'test', slots: 1024, replicas: 1, historyMs: 60_000, maxBytes: 64 * 1024 * 1024,
      ...changes,
    },
  }
}
