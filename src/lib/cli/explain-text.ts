import type {ConnectionFinding} from '../protocol/explain-frame.js'
import type {TargetJson} from '../protocol/target.js'
import {formatDuration} from '../util/duration.js'
import {reachedAt, type MessageAtNode, type MessageJson, type Verdict} from './explain-view.js'
import {bytes, plural} from './plural.js'
import {describeTarget} from './target-flags.js'

/** "queued to 3 connections on 2 nodes", "nobody got it". */
export function describeVerdict(
  {verdict, connections, byNode}: MessageJson,
  user: string | undefined,
): string {
  const isSilent = byNode.some(({state}) => state === 'silent')
  const asFarAsKnown = isSilent ? ', as far as the nodes that answered know' : ''
  switch (verdict) {
    case 'queued': {
      const nodes = byNode.filter((at) => reachedAt(at, user) > 0).length
      const whose = user === undefined ? '' : ` of user ${user}`
      return `queued to ${plural(connections, 'connection')}${whose} on ${plural(nodes, 'node')}`
    }
    case 'nobody':
      return (user === undefined ? 'nobody got it' : `user ${user} did not get it`) + asFarAsKnown
    case 'underway':
    case 'waiting':
    case 'expired':
    case 'unknown':
      return `${VERDICTS[verdict]}${asFarAsKnown}`
    default:
      return verdict satisfies never
  }
}

const VERDICTS: Readonly<Record<Exclude<Verdict, 'queued' | 'nobody'>, string>> = {
  underway: 'on its way: it has its place, and is not delivered everywhere yet',
  waiting: 'waits in the outbox of its node for a master',
  expired: 'too old: it was delivered, and is in no history any more',
  unknown: 'no node has heard of it',
}

/** What happened at a connection. */
export function describeConnection(finding: ConnectionFinding): string {
  const {outcome, sinceMs, ended, queueBytes, why} = finding
  const later = `${duration(sinceMs)} later`
  switch (outcome) {
    case 'queued':
      return `queued; ${describeAfterwards(finding)}`
    case 'recovered':
      return `recovered when it came back ${later}; ${describeAfterwards(finding)}`
    case 'too-slow':
      return `not queued: too slow, closed as ${bytes(queueBytes)} waited already`
    case 'earlier':
      return ended === null
        ? 'not there any more'
        : `not there: ended ${duration(-ended.afterMs)} before (${endOf(ended)})`
    case 'later':
      return `not there yet: connected ${later}`
    case 'not-meant':
      return `not meant: ${why ?? ''}`
    default:
      return outcome satisfies never
  }
}

/** Of a connection that it was queued to. */
export function describeAfterwards({ended, queueBytes}: ConnectionFinding): string {
  const waiting = `${bytes(queueBytes)} of its queue`
  if (ended === null) {
    return queueBytes === 0 ? 'its socket took all' : `${waiting} wait for its socket`
  }
  const end = `ended ${duration(ended.afterMs)} after (${endOf(ended)})`
  return queueBytes === 0 ? end : `${end} with ${waiting} unsent`
}

/** RFC 6455, 7.4.1: what a peer's code says without a reason. */
const CODES: Readonly<Record<number, string>> = {
  1000: 'closed by the client',
  1001: 'page left',
  1005: 'closed by the client',
  1006: 'connection lost',
}

function endOf({code, reason}: {readonly code: number; readonly reason: string}): string {
  if (code === 0) return reason
  const words = reason === '' ? (CODES[code] ?? '') : reason
  return `${code} ${words}`.trimEnd()
}

/** Why a node has no connection to show of a message for `target`, or of a user's. */
export function describeAbsence(
  {state}: MessageAtNode,
  target: TargetJson | null,
  user: string | undefined,
): string {
  switch (state) {
    case 'delivered':
    case 'not-here':
      return user === undefined ? noneOf(target) : `no connection of user ${user}`
    case 'waiting':
      return 'in its outbox, until there is a master'
    case 'held':
      return 'held, but not known to be held by a majority'
    case 'committed':
      return 'about to be delivered'
    case 'behind':
      return 'it has not come there yet'
    case 'expired':
      return 'older than its history'
    case 'unknown':
      return 'never heard of'
    case 'gone':
      return 'its process is gone'
    case 'silent':
      return 'no answer'
    default:
      return state satisfies never
  }
}

function noneOf(target: TargetJson | null): string {
  if (target === null || 'everyone' in target) return 'nobody was connected'
  if ('registered' in target) return 'nobody registered was connected'
  return `no connection of ${describeTarget(target)}`
}

/** Without blanks, so that `awk` counts columns right. */
export function ageText(ms: number): string {
  const whole = ms < 1000 ? Math.max(0, ms) : Math.floor(ms / 1000) * 1000
  return formatDuration(whole).replaceAll(' ', '')
}

function duration(ms: number): string {
  return formatDuration(Math.max(0, ms))
}
