import {isIP} from 'node:net'

import {OriginList} from '../auth/origins.js'
import {WsmeshError} from '../util/errors.js'
import {type Check, error, NOT_USED, type Problem, type Verdict, warning} from './check.js'
import type {Facts, Settings} from './facts.js'

export const SETTINGS_CHECKS: readonly Check[] = [
  {
    id: 'environment',
    title: 'every WSMESH_ variable of the environment is a setting',
    judge: ({settings}) => settings.strayVariables.map(({name, meant}) => warning(
      `${name} is set, and is no setting of wsmesh`,
      'it does nothing, whoever set it meant something',
      ...(meant === undefined ? [] : [`${meant}   (is that what was meant?)`]),
      'wsmesh help environment   (all that there are)',
    )),
  },
  {
    id: 'node-url',
    title: 'other nodes can dial what --node-url says',
    judge: judgeNodeUrl,
  },
  {
    id: 'public-url',
    title: 'clients reach --public-url by TLS',
    judge: ({settings}) => judgePublicUrl(settings.publicUrl),
  },
  {
    id: 'origins',
    title: 'pages of the site are among --origin',
    judge: ({settings}) => judgeOrigins(settings),
  },
  {
    id: 'trusted-proxies',
    title: 'the proxy is named by --trust-proxy, and nobody else',
    judge: judgeProxies,
  },
]

function judgeNodeUrl(facts: Facts): Verdict {
  const byName = judgeNodeName(facts)
  return byName === undefined ? judgeNodeAddress(facts) : [byName]
}

function judgeNodeName({settings: {host, hasNodeListener}, machine}: Facts): Problem | undefined {
  const {nodeName} = machine
  if (nodeName === undefined) return undefined
  const {name, addresses, code} = nodeName
  if (addresses.length === 0) {
    return error(
      `--node-url names ${name}, for which this machine knows no address (${code})`,
      'other nodes dial it, and find no address either unless they ask somebody else',
      `getent hosts ${name}`, '--node-url ws://10.0.0.5:8080   (an address of this machine)',
    )
  }
  const listensBy4 = isIP(host) === 4 && !hasNodeListener
  if (!listensBy4 || addresses.some((address) => isIP(address) === 4)) return undefined
  return error(
    `--node-url names ${name}, which has IPv6 addresses alone (${addresses.join(', ')}); `
      + `--host ${host} listens for IPv4`,
    'other nodes dial an address at which nobody listens',
    '--host ::   (IPv6, and IPv4 where the system maps it)', '--node-url with an IPv4 address',
  )
}

function judgeNodeAddress({settings, mesh}: Facts): Verdict {
  const {nodeUrl, host, pool} = settings
  const others = mesh.type === 'asked' ? mesh.survey.nodes.map(({url}) => url) : []
  const own = nodeUrl ?? `ws://${host.includes(':') ? `[${host}]` : host}:${settings.port}/mesh`
  if (pool.type === 'sqlite') {
    if (nodeUrl === undefined || isLoopbackUrl(nodeUrl)) return []
    return [warning(
      `--node-url is ${nodeUrl}, and the pool is a file of this machine`,
      'nodes on other servers never find it: each server would be a mesh of its own',
      '--pool mysql://…   (the same on every server)',
    )]
  }
  if (!isLoopbackUrl(own) || settings.hasNodeListener) return []
  const far = others.find((url) => !isLoopbackUrl(url))
  if (far === undefined && isLocalDatabase(pool)) return []
  return [error(
    `other servers cannot dial this node: it would write ${own} into the pool`,
    far === undefined
      ? 'on another server that address is that server itself'
      : `the pool has nodes on other servers already, such as ${far}`,
    '--host 0.0.0.0 --node-url ws://10.0.0.5:8080   (an address of this machine)',
  )]
}

function isLocalDatabase(pool: {readonly host: string; readonly socketPath: string | undefined}) {
  return pool.socketPath !== undefined || isLoopbackHost(pool.host)
}

function judgePublicUrl(publicUrl: string | undefined): Verdict {
  if (publicUrl === undefined) return NOT_USED
  if (!publicUrl.startsWith('ws:')) return []
  const {hostname} = new URL(publicUrl)
  if (isPrivateHost(hostname)) return []
  return [warning(
    `clients dial ${publicUrl} without TLS`,
    'tokens and sessions can be read on the way, pages of https cannot connect at all, and '
      + 'some networks break WebSockets that they can read',
    `--public-url ${publicUrl.replace('ws:', 'wss:')}, and a certificate at the proxy `
      + '(docs/OPERATIONS.md, nginx in front)',
  )]
}

function judgeOrigins({origins, publicUrl, pages}: Settings): Verdict {
  let list: OriginList
  try {
    list = new OriginList(origins)
  } catch (thrown) {
    if (!(thrown instanceof WsmeshError)) throw thrown
    return [error(thrown.message, 'a node does not start', ...thrown.suggestions)]
  }
  if (list.isEmpty) return NOT_USED
  const refused = pages.filter((page) => !list.allows(page))
  const problems: Problem[] = refused.map((page) => error(
    `pages of ${page} may not connect: --origin has ${origins.join(', ')}`,
    'their browsers are answered 403',
    `--origin ${page}`,
  ))
  return pages.length > 0 ? problems : judgeSite(origins, publicUrl)
}

/** Pages are mostly of the same site as the address that they connect to. */
function judgeSite(origins: readonly string[], publicUrl: string | undefined): Verdict {
  const host = publicUrl === undefined ? undefined : new URL(publicUrl).hostname
  if (host === undefined || publicUrl === undefined || isIP(host) !== 0) return []
  const ofSite = origins.filter((origin) => siteOf(origin) === siteOf(`x://${host}`))
  const scheme = publicUrl.startsWith('wss:') ? 'https:' : 'http:'
  if (ofSite.length === 0) {
    return [warning(
      `none of --origin (${origins.join(', ')}) is of the site of ${publicUrl}`,
      'if that is a slip of the pen, every page is answered 403',
      `--origin ${scheme}//${host}`,
      `wsmesh doctor --page https://…   (checks that this page is let in)`,
    )]
  }
  if (scheme === 'http:' || ofSite.some((origin) => origin.startsWith('https:'))) return []
  return [warning(
    `--origin has ${ofSite.join(', ')}, and clients connect to ${publicUrl}`,
    'a page of https has another origin: it is answered 403',
    `--origin ${ofSite[0]?.replace('http:', 'https:')}`,
  )]
}

/** The last two labels: near enough for telling a slip from a site. */
function siteOf(origin: string): string {
  const host = /^[^:]+:\/\/([^/:]+)/.exec(origin)?.[1] ?? ''
  return host.toLowerCase().split('.').slice(-2).join('.')
}

function judgeProxies({settings, front}: Facts): Verdict {
  const {trustedProxies, publicUrl} = settings
  const all = trustedProxies.find((block) => /^(0\.0\.0\.0|::)\/0$/.test(block))
  if (all !== undefined) {
    return [error(
      `--trust-proxy ${all} believes everybody`,
      'a client can write any address into X-Forwarded-For, and so be beyond every limit',
      '--trust-proxy 10.0.0.2   (the address of the proxy)',
    )]
  }
  const url = front?.url ?? publicUrl
  if (trustedProxies.length > 0 || url === undefined || portOf(url) === settings.port) return []
  return [warning(
    `clients come through ${url}, and --trust-proxy names no proxy`,
    'all of them have the address of the proxy: --max-per-address holds for all together, and '
      + 'logs name nobody',
    '--trust-proxy 10.0.0.2   (the address of the proxy), which sets X-Forwarded-For',
  )]
}

/** A node's own port means that nothing is before it, whatever the name. */
function portOf(url: string): number {
  const {port, protocol} = new URL(url)
  if (port !== '') return Number(port)
  return protocol === 'wss:' ? 443 : 80
}

function isLoopbackUrl(url: string): boolean {
  return url.startsWith('ws+unix:') || (URL.canParse(url) && isLoopbackHost(new URL(url).hostname))
}

export function isLoopbackHost(host: string): boolean {
  return /^(127\.|localhost$|\[?::1\]?$)/.test(host)
}

function isPrivateHost(host: string): boolean {
  if (isLoopbackHost(host) || !host.includes('.')) return true
  return /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|\[f[cde])/.test(host)
    || /\.(local|internal|lan|test)$/.test(host)
}
