import type {Poll, PolledNode} from '../operator/poll-pool.js'
import type {ConnectionFinding, ExplainResult, MessageFinding} from '../protocol/explain-frame.js'
import {parsePosition} from '../protocol/position.js'
import type {TargetJson} from '../protocol/target.js'
import {EXIT} from './exit-code.js'

/** What `explain --json` prints; an API. */
export interface ExplainJson {
  /** Newest first. */
  readonly messages: readonly MessageJson[]
  /** False: a node that may be alive did not answer; what it did with the messages is not known. */
  readonly complete: boolean
  readonly nodes: readonly ExplainNodeJson[]
  readonly warnings: readonly string[]
}

/**
 * queued: to a connection at least (of the user, where one is asked about). nobody: delivered, and
 * nobody got it. underway: ordered, and not delivered everywhere yet. waiting: in the outbox of its
 * origin. expired: older than the history of the nodes. unknown: no node has heard of it.
 */
export type Verdict = 'queued' | 'nobody' | 'underway' | 'waiting' | 'expired' | 'unknown'

export interface MessageJson {
  readonly id: string
  readonly verdict: Verdict
  /** Null where no node has the message any more. */
  readonly origin: string | null
  readonly position: string | null
  readonly term: number | null
  readonly ageMs: number | null
  readonly action: string | null
  readonly bytes: number | null
  readonly target: TargetJson | null
  /** Connections that it was queued to: all, or the user's where one is asked about. */
  readonly connections: number
  readonly byNode: readonly MessageAtNode[]
}

/**
 * behind: the node has not got so far. not-here: it has no connection that the message could be
 * for. gone: its process is gone. silent: it did not answer. The others: as its finding says.
 */
export type StateAtNode =
  | MessageFinding['state']
  | 'behind'
  | 'not-here'
  | 'expired'
  | 'unknown'
  | 'gone'
  | 'silent'

export interface MessageAtNode {
  readonly node: string
  readonly state: StateAtNode
  /** As the receipt counts: whoever's they are. */
  readonly queued: number | null
  /** Of the connections that are asked about and remembered. */
  readonly reached: number
  readonly connections: readonly ConnectionFinding[]
  /** Connections that are not named. */
  readonly more: number
}

export interface ExplainNodeJson {
  readonly id: string
  readonly state: PolledNode<unknown>['state']
  readonly delivered: string | null
  readonly why: string | null
}

/** A message, a user, or both. */
export interface Asked {
  readonly message?: string
  readonly user?: string
  readonly limit: number
}

type Answer = PolledNode<ExplainResult>

/** What all nodes said of the same messages, side by side. */
export function explainJson({nodes, warnings}: Poll<ExplainResult>, asked: Asked): ExplainJson {
  const ids = new Set(nodes.flatMap(({answer}) => answer?.messages.map(({id}) => id) ?? []))
  if (asked.message !== undefined && ids.size === 0) ids.add(asked.message)
  const messages = [...ids].map((id) => messageJson(id, nodes, asked)).toSorted(newestFirst)
  return {
    messages: messages.slice(0, asked.limit),
    complete: nodes.every(({state}) => state !== 'unreachable'),
    nodes: nodes.map(({id, state, answer, why}) => ({
      id, state, delivered: answer?.delivered ?? null, why: why ?? null,
    })),
    warnings: [...warnings, ...nodes.flatMap(warningOf)],
  }
}

/** 5 where nobody got what is asked about, 3 where a node that did not answer may know better. */
export function exitOfExplain({messages, complete}: ExplainJson): number {
  if (messages.some(({verdict}) => verdict === 'queued')) return EXIT.ok.code
  return complete ? EXIT.notDelivered.code : EXIT.unreachable.code
}

function messageJson(id: string, nodes: readonly Answer[], {user}: Asked): MessageJson {
  const findings = nodes.flatMap(
    ({answer}) => answer?.messages.filter((item) => item.id === id) ?? [],
  )
  const first = findings.find(({position}) => position !== null) ?? findings[0]
  const position = first?.position ?? null
  const byNode = nodes.map((node) => atNode(node, id, position))
  const connections = byNode.reduce((sum, at) => sum + reachedAt(at, user), 0)
  return {
    id,
    verdict: verdictOf(byNode, connections),
    origin: first?.origin ?? null,
    position,
    term: position === null ? null : (parsePosition(position)?.term ?? null),
    ageMs: findings.length === 0 ? null : Math.max(...findings.map(({ageMs}) => ageMs)),
    action: first?.action ?? null,
    bytes: first?.bytes ?? null,
    target: first?.target ?? null,
    connections,
    byNode,
  }
}

function atNode(
  {id: node, state, answer}: Answer,
  id: string,
  position: string | null,
): MessageAtNode {
  const nothing = {node, queued: null, reached: 0, connections: [], more: 0}
  if (answer === undefined) return {...nothing, state: state === 'stale' ? 'gone' : 'silent'}
  const finding = answer.messages.find((item) => item.id === id)
  if (finding === undefined) return {...nothing, state: absence(answer, position)}
  const {state: stage, queued, reached, connections, more} = finding
  return {node, state: stage, queued, reached, connections, more}
}

/** Why a node does not speak of a message that another node has. */
function absence({absent, after, delivered}: ExplainResult, position: string | null): StateAtNode {
  const seq = position === null ? undefined : parsePosition(position)?.seq
  if (seq === undefined) return absent ?? 'unknown'
  if (seq > (parsePosition(delivered)?.seq ?? 0)) return 'behind'
  return seq <= (parsePosition(after)?.seq ?? 0) ? 'expired' : 'not-here'
}

/** Connections there that count for what is asked. */
export function reachedAt({queued, reached}: MessageAtNode, user: string | undefined): number {
  return user === undefined ? Math.max(queued ?? 0, reached) : reached
}

function verdictOf(byNode: readonly MessageAtNode[], connections: number): Verdict {
  const has = (...states: StateAtNode[]) => byNode.some(({state}) => states.includes(state))
  if (connections > 0) return 'queued'
  if (has('held', 'committed', 'behind')) return 'underway'
  if (has('delivered', 'not-here')) return 'nobody'
  if (has('waiting')) return 'waiting'
  return has('expired') ? 'expired' : 'unknown'
}

/** By position; what has none yet is the newest. */
function newestFirst(a: MessageJson, b: MessageJson): number {
  if (a.position === null || b.position === null) {
    return Number(b.position === null) - Number(a.position === null)
  }
  const [one, two] = [parsePosition(a.position), parsePosition(b.position)]
  return (two?.seq ?? 0) - (one?.seq ?? 0)
}

function warningOf({id, state, why}: Answer): string[] {
  switch (state) {
    case 'up':
      return []
    case 'stale':
      return [`${id} is in the pool, but it is gone, and what it knew with it: ${why}`]
    case 'unreachable':
      return [`incomplete: ${id} does not answer, what it did is not known: ${why}`]
    default:
      return state satisfies never
  }
}
