/** Whose X-Forwarded-For is believed: anybody can write that header. */
import {BlockList, isIP} from 'node:net'
import {WsmeshError} from '../util/errors.js'

export class TrustedProxies {
  readonly #list = new BlockList()
  readonly #isEmpty: boolean

  /** Addresses and CIDR blocks. Throws CONFIG_INVALID. */
  constructor(blocks: readonly string[]) {
    this.#isEmpty = blocks.length === 0
    for (const block of blocks) this.#add(block)
  }

  /**
   * Where a request comes from: the peer, unless that is a trusted proxy; then the last address of
   * the header that is none. So what a client wrote there itself, further left, never counts.
   */
  clientOf(peer: string, forwardedFor: string | readonly string[] | undefined): string {
    let address = plain(peer)
    if (this.#isEmpty || !this.#trusts(address)) return address
    const hops = String(forwardedFor ?? '').split(',')
    for (const hop of hops.toReversed()) {
      const next = plain(withoutPort(hop.trim()))
      if (isIP(next) === 0) return address
      address = next
      if (!this.#trusts(address)) return address
    }
    return address
  }

  #trusts(address: string): boolean {
    const version = isIP(address)
    return version !== 0 && this.#list.check(address, version === 6 ? 'ipv6' : 'ipv4')
  }

  #add(block: string): void {
    const [, address = '', bits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(block) ?? []
    const version = isIP(address)
    const bitsMax = version === 6 ? 128 : 32
    if (version === 0 || Number(bits ?? 0) > bitsMax) throw invalid(block)
    this.#list.addSubnet(address, Number(bits ?? bitsMax), version === 6 ? 'ipv6' : 'ipv4')
  }
}

/** IPv4 that came over an IPv6 socket, as IPv4. */
function plain(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address
}

/** Some proxies add the port: 203.0.113.9:4711, [2001:db8::1]:4711. */
function withoutPort(text: string): string {
  const [, v6] = /^\[([^\]]*)\](?::\d+)?$/.exec(text) ?? []
  return v6 ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? text
}

function invalid(block: string): WsmeshError {
  return new WsmeshError(
    'CONFIG_INVALID',
    `--trust-proxy ${JSON.stringify(block.slice(0, 100))} is no address and no CIDR block`,
    {suggestions: ['--trust-proxy 127.0.0.1', '--trust-proxy 10.0.0.0/8 --trust-proxy ::1']},
  )
}
