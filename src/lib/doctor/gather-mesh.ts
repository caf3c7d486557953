import type {MeshAccess} from '../operator/mesh-access.js'
import {type SurveyedNode, surveyPool} from '../operator/pool-survey.js'
import type {MeshFacts, SecretFacts} from './facts.js'
import {probeHttp} from './http-probe.js'
import {tried} from './told.js'

export interface MeshPlace {
  readonly access: MeshAccess
  readonly secret: SecretFacts
  /** PEM of who signs the nodes' certificates. */
  readonly ca: string | undefined
}

const CLOCK_TIMEOUT_MS = 1000

export async function gatherMesh({access, secret, ca}: MeshPlace): Promise<MeshFacts> {
  if (secret.type === 'bad') {
    return {type: 'not asked', why: 'without the mesh secret no node answers'}
  }
  const asked = await tried(() => surveyPool(access, {remembers: false}))
  if (!asked.ok) return {type: 'failed', told: asked.told}
  const clocks = await Promise.all(asked.value.nodes
    .filter(({stats}) => stats !== undefined)
    .map(async (node) => ({id: node.id, aheadMs: await clockOf(node, ca)})))
  return {
    type: 'asked',
    survey: asked.value,
    clocksAheadMs: Object.fromEntries(clocks.flatMap(({id, aheadMs}) =>
      aheadMs === undefined ? [] : [[id, aheadMs]])),
  }
}

/** By the Date of an answer, which is whole seconds: 0 within one. Undefined: not told. */
async function clockOf({url}: SurveyedNode, ca: string | undefined): Promise<number | undefined> {
  if (!/^wss?:/.test(url)) return undefined
  const page = new URL('/healthz', url.replace(/^ws/, 'http'))
  const sentMs = Date.now()
  const answer = await probeHttp(page.href, {timeoutMs: CLOCK_TIMEOUT_MS, ca})
  const theirsMs = Date.parse(answer.type === 'answered' ? String(answer.headers['date']) : '')
  return Number.isNaN(theirsMs) ? undefined : aheadMs(theirsMs, sentMs, Date.now())
}

/** How far a clock is ahead at least that showed this second some time between the two. */
export function aheadMs(theirsMs: number, sentMs: number, receivedMs: number): number {
  const least = theirsMs - receivedMs
  const most = theirsMs + 1000 - sentMs
  if (least > 0) return least
  return most < 0 ? most : 0
}
