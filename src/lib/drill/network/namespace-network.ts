/**
 * A network namespace for each node, and one in the middle that routes between them. What is cut is
 * dropped there in silence, in one direction if only one is cut, as on a broken cable: by rules
 * that say `blackhole`. This process and its servers are reached by a way of their own.
 *
 *     here, .1 ──── middle, .254 ──┬── node 1, .11
 *                                  └── node 2, .12 …
 */
import {assert} from '../../util/assert.js'
import {WsmeshError} from '../../util/errors.js'
import {markOf} from '../../process/process-mark.js'
import type {ProcessMark} from '../../process/process-mark.js'
import type {Direction, DrillNetwork, NodeRoom} from './drill-network.js'
import {MIDDLE, linkOf, namespaceOf, removeNamespace} from './namespace-names.js'
import {runIp} from './run-ip.js'

/** 198.18.0.0/15 is for benchmarks and in nobody's network: a drill takes the first free /24. */
const SUBNETS = 512
const FIRST_NODE = 11

export class NamespaceNetwork implements DrillNetwork {
  readonly type = 'namespaces'
  readonly #mark: ProcessMark
  readonly #places: readonly string[]
  #subnet = ''
  #rules: readonly string[] = []

  private constructor(places: readonly string[]) {
    const mark = markOf(process.pid)
    assert(mark !== undefined, 'This process is there')
    this.#mark = mark
    this.#places = places
  }

  /** Rejects with NODE_FAILED where the system does not let us. */
  static async open(places: readonly string[]): Promise<NamespaceNetwork> {
    const network = new NamespaceNetwork(places)
    try {
      await network.#make()
      return network
    } catch (error) {
      await network.close()
      throw error
    }
  }

  get ownHost(): string {
    return `${this.#subnet}.1`
  }

  async room(name: string): Promise<NodeRoom> {
    return {
      prefix: ['ip', 'netns', 'exec', this.#namespace(name)],
      flags: ['--host', this.#addressOf(name)],
      opened() {},
      async close() {},
    }
  }

  async cut(directions: readonly Direction[]): Promise<void> {
    const rules = directions.map(({from, to}) =>
      `from ${this.#addressOf(from)} to ${this.#addressOf(to)} blackhole`,
    )
    const batch = [
      ...this.#rules.map((rule) => `rule delete ${rule}`),
      ...rules.map((rule) => `rule add ${rule}`),
    ]
    this.#rules = rules
    if (batch.length > 0) await runIp(['-n', this.#namespace(MIDDLE)], batch)
  }

  async close(): Promise<void> {
    // With its other end, at once; the kernel takes its time for the rest of a namespace.
    await runIp(['link', 'delete', linkOf(this.#mark)]).catch(() => {})
    for (const place of [MIDDLE, ...this.#places]) {
      await removeNamespace(this.#namespace(place)).catch(() => {})
    }
  }

  async #make(): Promise<void> {
    const link = linkOf(this.#mark)
    const middle = this.#namespace(MIDDLE)
    await runIp([], [MIDDLE, ...this.#places].map((place) => `netns add ${this.#namespace(place)}`))
    await runIp(['link', 'add', link, 'type', 'veth', 'peer', 'name', 'here', 'netns', middle])
    await runIp(['link', 'set', link, 'up'])
    this.#subnet = await takeSubnet(link)
    const hub = `${this.#subnet}.254`
    await runIp([], [
      `address add ${this.ownHost}/32 dev ${link}`,
      `route replace ${this.#subnet}.0/24 via ${hub} dev ${link} onlink src ${this.ownHost}`,
    ])
    await runIp(['-n', middle], [
      'link set lo up', 'link set here up', `address add ${hub}/32 dev here`,
      `route add ${this.ownHost}/32 dev here`,
      ...this.#places.flatMap((place) => [
        `link add n${place} type veth peer name eth0 netns ${this.#namespace(place)}`,
        `link set n${place} up`, `route add ${this.#addressOf(place)}/32 dev n${place}`,
      ]),
    ])
    await inNamespace(middle, 'echo 1 > /proc/sys/net/ipv4/ip_forward')
    await Promise.all(this.#places.map((place) => runIp(['-n', this.#namespace(place)], [
      'link set lo up', 'link set eth0 up', `address add ${this.#addressOf(place)}/32 dev eth0`,
      `route add default via ${hub} dev eth0 onlink`,
    ])))
    await this.#tryOut(middle)
  }

  /** A kernel may do without rules: better known now than in the middle of a drill. */
  async #tryOut(middle: string): Promise<void> {
    const rule = `from ${this.ownHost} to ${this.#subnet}.253 blackhole`
    await runIp(['-n', middle], [`rule add ${rule}`, `rule delete ${rule}`])
  }

  #namespace(place: string): string {
    return namespaceOf(this.#mark, place)
  }

  #addressOf(place: string): string {
    return `${this.#subnet}.${FIRST_NODE + this.#places.indexOf(place)}`
  }
}

/** Whoever adds the route first has the subnet. */
async function takeSubnet(link: string): Promise<string> {
  for (let turn = 0; turn < SUBNETS; turn += 1) {
    const subnet = `198.${18 + (turn >> 8)}.${turn & 0xff}`
    const isTaken = await runIp(['route', 'add', `${subnet}.0/24`, 'dev', link])
      .then(() => false, () => true)
    if (!isTaken) return subnet
  }
  throw new WsmeshError('NODE_FAILED', 'No subnet of 198.18.0.0/15 is free', {
    suggestions: ['ip route | grep 198.1', 'wsmesh drill NAME --network proxies'],
  })
}

async function inNamespace(name: string, script: string): Promise<void> {
  await runIp(['netns', 'exec', name, 'sh', '-c', script])
}
