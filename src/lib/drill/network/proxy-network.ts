/** Where namespaces cannot be made: a proxy before each node's door holds back what is cut. */
import type {ReadyLine} from '../../process/child-line.js'
import type {Direction, DrillNetwork, NodeRoom} from './drill-network.js'
import {LinkProxy} from './link-proxy.js'
import type {LinkCuts} from './link-proxy.js'
import {LOOPBACK} from './loopback-network.js'

export class ProxyNetwork implements DrillNetwork {
  readonly type = 'proxies'
  readonly ownHost = LOOPBACK
  readonly #proxies = new Set<LinkProxy>()
  /** By the ids that they prove to each other. */
  readonly #nameOf = new Map<string, string>()
  #cut: readonly Direction[] = []

  async room(name: string): Promise<NodeRoom> {
    const proxy = await LinkProxy.open((dialer) => this.#cutsOf(dialer, name))
    this.#proxies.add(proxy)
    return {
      prefix: [],
      flags: ['--host', LOOPBACK, '--node-url', `ws://${LOOPBACK}:${proxy.port}`],
      opened: ({node, httpUrl}: ReadyLine) => {
        this.#nameOf.set(node, name)
        proxy.lead(Number(new URL(httpUrl).port))
      },
      // A dead node's port refuses: so must its proxy's.
      close: async () => {
        this.#proxies.delete(proxy)
        await proxy.close()
      },
    }
  }

  async cut(directions: readonly Direction[]): Promise<void> {
    this.#cut = directions
    for (const proxy of this.#proxies) proxy.apply()
  }

  async close(): Promise<void> {
    await Promise.all([...this.#proxies].map((proxy) => proxy.close()))
  }

  /** Which directions between the node of that id, which dialled, and the place are cut. */
  #cutsOf(dialer: string, place: string): LinkCuts {
    const other = this.#nameOf.get(dialer)
    return {
      up: this.#cut.some(({from, to}) => from === other && to === place),
      down: this.#cut.some(({from, to}) => from === place && to === other),
    }
  }
}
