/** What became of messages at this node: its history beside who was connected when. */
import type {Inspected, InspectQuery, Inspection} from '../mesh/inspect.js'
import {messageId, type Envelope} from '../protocol/envelope.js'
import {
  isGot,
  type ConnectionFinding,
  type ExplainRequest,
  type ExplainResult,
  type MessageFinding,
} from '../protocol/explain-frame.js'
import {LIMITS} from '../protocol/limits.js'
import {mismatchOf} from '../protocol/mismatch.js'
import {formatPosition, type Place} from '../protocol/position.js'
import {matchesTarget, targetToJson, type Target, type TargetJson} from '../protocol/target.js'
import type {ClientRegistry} from './client-registry.js'
import {presentVisit, type Visit} from './visits.js'

export interface ExplainSource {
  readonly core: {inspect(query: InspectQuery): Inspection}
  readonly registry: Pick<ClientRegistry, 'all' | 'ofUser' | 'visits'>
  readonly nowMs: number
}

type Query = Omit<ExplainRequest, 'id' | 'op'>

export function answerExplain({message, user, limit}: Query, source: ExplainSource): ExplainResult {
  const {core, registry, nowMs} = source
  const visits = visitsOf(registry, user)
  const query: InspectQuery =
    message === undefined
      ? {type: 'last', isWanted: (envelope) => isFor(envelope, user, visits), limit}
      : {type: 'id', id: message}
  const {found, absent, epoch, after, delivered} = core.inspect(query)
  const connectionsMax =
    message === undefined ? LIMITS.explainConnectionsEach : LIMITS.explainConnections
  const at = (place: Place): string => formatPosition({...place, epoch})
  const {forgottenAtMs} = registry.visits
  const context = {epoch, visits, user, nowMs, connectionsMax}
  return {
    messages: found.map((item) => messageFinding(item, context)),
    absent: absent ?? null,
    after: at(after),
    delivered: at(delivered),
    forgottenMs: forgottenAtMs === undefined ? null : Math.round(nowMs - forgottenAtMs),
  }
}

/** Visits of one user, or all, those that ended first. */
function visitsOf(registry: ExplainSource['registry'], user: string | undefined): Visit[] {
  const visits: Visit[] = []
  for (const visit of registry.visits.past()) {
    if (user === undefined || visit.identity.user === user) visits.push(visit)
  }
  for (const connection of user === undefined ? registry.all() : registry.ofUser(user)) {
    const visit = presentVisit(connection)
    if (visit !== undefined) visits.push(visit)
  }
  return visits
}

/** Whether a message was for a user, as far as this node can know what groups he is in. */
function isFor({target}: Envelope, user: string | undefined, visits: readonly Visit[]): boolean {
  if (user === undefined || target.kind === 'everyone' || target.kind === 'registered') return true
  if (target.kind === 'user') return target.ids.includes(user)
  return visits.some(({identity}) => matchesTarget(target, identity))
}

interface Context {
  readonly epoch: string
  readonly visits: readonly Visit[]
  readonly user: string | undefined
  readonly nowMs: number
  readonly connectionsMax: number
}

function messageFinding(item: Inspected, context: Context): MessageFinding {
  const {envelope, state, place, at, connections: queued} = item
  const {target, payload, origin} = envelope
  const isOut = state === 'delivered' && place !== undefined
  const found = isOut ? connectionFindings(item, place, context) : []
  return {
    id: messageId(envelope),
    origin,
    position: place === undefined ? null : formatPosition({...place, epoch: context.epoch}),
    state,
    ageMs: Math.round(context.nowMs - at),
    action: payload.action,
    bytes: payload.details.byteLength,
    target: shortTarget(target),
    queued: queued ?? null,
    reached: found.filter(isGot).length,
    connections: found.slice(0, context.connectionsMax),
    more: Math.max(0, found.length - context.connectionsMax),
  }
}

/** Who got it, then who would have, or is asked about, and did not. */
function connectionFindings(
  {envelope: {target}, at}: Inspected,
  place: Place,
  {epoch, visits, user}: Context,
): ConnectionFinding[] {
  const got: ConnectionFinding[] = []
  const others: ConnectionFinding[] = []
  for (const visit of visits) {
    const why = mismatchOf(target, visit.identity)
    if (why !== undefined && user === undefined) continue
    const presence = presenceOf(visit, epoch, place.seq)
    const isThere = presence === 'queued' || presence === 'recovered'
    const outcome = isThere && why !== undefined ? 'not-meant' : presence
    const finding = connectionFinding(visit, at, outcome, why)
    if (isGot(finding)) got.push(finding)
    else others.push(finding)
  }
  // The latest to come or go are the ones that an operator wonders about.
  return [...got, ...others.toReversed()]
}

type Presence = Exclude<ConnectionFinding['outcome'], 'not-meant'>

/** Of a visit that is meant; two that differ in epoch: the log was replaced, all left then. */
function presenceOf({start, end}: Visit, epoch: string, seq: number): Presence {
  const isComparable = start.epoch === epoch || start.epoch === ''
  if (!isComparable) return end === undefined ? 'queued' : 'earlier'
  if (seq <= start.afterSeq) return seq > start.recoveredAfterSeq ? 'recovered' : 'later'
  if (end === undefined || seq <= end.throughSeq) return 'queued'
  return end.refusedSeq === seq ? 'too-slow' : 'earlier'
}

function connectionFinding(
  {connection, identity, start, end, queueBytes}: Visit,
  at: number,
  outcome: ConnectionFinding['outcome'],
  why: string | undefined,
): ConnectionFinding {
  return {
    connection,
    user: identity.user ?? null,
    session: identity.session ?? null,
    outcome,
    why: outcome === 'not-meant' ? (why ?? null) : null,
    sinceMs: Math.round(start.sinceMs - at),
    ended: end
      ? {code: end.code, reason: end.reason, afterMs: Math.round(end.atMs - at)}
      : null,
    queueBytes,
  }
}

function shortTarget(target: Target): TargetJson {
  switch (target.kind) {
    case 'user':
    case 'group':
    case 'session':
      return targetToJson({kind: target.kind, ids: target.ids.slice(0, LIMITS.explainIds)})
    default:
      return targetToJson(target)
  }
}
