import type {MeshSecret} from '../auth/mesh-secret.js'
import type {TlsParts} from '../transport/transport.js'
import {SUBPROTOCOL} from '../protocol/version.js'
import type {FrontFacts, FrontSession, MeshFacts, Settings} from './facts.js'
import {probeHttp, probeUpgrade, type ProbeOptions} from './http-probe.js'
import {probeIdle} from './idle-probe.js'
import {isLoopbackHost} from './settings-checks.js'

export interface FrontPlace {
  readonly url: string
  readonly settings: Settings
  readonly mesh: MeshFacts
  readonly secret: MeshSecret | undefined
  readonly tls: TlsParts | undefined
  readonly timeoutMs: number
  /** Why no connection is watched until it is pinged; undefined: it is. */
  readonly notWatched: string | undefined
  readonly onWait: (waitMs: number) => void
}

/** No page has this origin: RFC 2606. */
const STRANGER = 'https://wsmesh-doctor.invalid'

export async function gatherFront(place: FrontPlace): Promise<FrontFacts> {
  const {url, settings, mesh} = place
  const options: ProbeOptions = {timeoutMs: place.timeoutMs, ca: place.tls?.ca}
  // A page that is let in: without an origin the probe may be refused.
  const origin = firstOrigin(settings) ?? settings.pages[0]
  const own = originHeader(origin)
  const {answer, certificateToMs} = await probeUpgrade(url, {...options, headers: own})
  const isUp = answer.type === 'upgraded'
  return {
    url,
    upgrade: answer,
    certificateToMs,
    nowMs: Date.now(),
    session: isUp ? await session(place, origin)
      : {type: 'not tried', why: 'there is no connection'},
    origins: await Promise.all(settings.pages.map(async (origin) => ({
      origin,
      answer: (await probeUpgrade(url, {...options, headers: originHeader(origin)})).answer,
    }))),
    stranger: settings.sessionCookie === undefined ? undefined
      : (await probeUpgrade(url, {...options, headers: originHeader(STRANGER)})).answer,
    exposed: isNode(url, mesh) || !isUp ? undefined : await exposed(url, options),
  }
}

function originHeader(origin: string | undefined): Readonly<Record<string, string>> {
  return origin === undefined ? {} : {origin}
}

/** One without a star, as a page would say it. */
function firstOrigin({origins}: Settings): string | undefined {
  return origins.find((origin) => !origin.includes('*'))
}

async function session(
  place: FrontPlace, origin: string | undefined,
): Promise<FrontSession> {
  const {secret, notWatched, url, tls, timeoutMs, onWait} = place
  if (notWatched !== undefined) return {type: 'not tried', why: notWatched}
  if (secret === undefined) return {type: 'not tried', why: 'there is no mesh secret to prove with'}
  return probeIdle({url, secret, tls, timeoutMs, origin, onWait})
}

/** Whether a node itself is there, with nothing before it. */
function isNode(url: string, mesh: MeshFacts): boolean {
  if (mesh.type !== 'asked') return false
  const {host, hostname, port} = new URL(url)
  return mesh.survey.nodes.some((node) => {
    if (!URL.canParse(node.url)) return false
    const at = new URL(node.url)
    const isSameMachine = isLoopbackHost(hostname) && isLoopbackHost(at.hostname)
    return at.host === host || (isSameMachine && at.port === port)
  })
}

/** Paths of nodes that are not for clients, and are answered by a node. */
async function exposed(url: string, options: ProbeOptions): Promise<readonly string[]> {
  const mesh = await probeUpgrade(new URL('/mesh', url).href, {
    ...options, headers: {'sec-websocket-protocol': SUBPROTOCOL.operator},
  })
  const publish = await probeHttp(new URL('/publish', url).href, {
    ...options, method: 'POST', headers: {'content-length': '0'},
  })
  // Without a key a node answers 401; whoever has no such page answers 404 or 405.
  const isApi = publish.type === 'answered' && publish.status === 401
  return [
    ...(mesh.answer.type === 'upgraded' ? ['/mesh'] : []),
    ...(isApi ? ['/publish'] : []),
  ]
}
