/** From one role to another: what is closed and forgotten. What a role does is its own file's. */
import type {NodeAddress} from '../protocol/node-frame.js'
import type {NodeId} from '../util/brand.js'
import {unreachable} from '../util/assert.js'
import {withdraw} from './publishing.js'
import type {AskRound, LostMaster, Peer, Role, Seeking} from './role.js'
import {closeLink, count, log, type MeshState} from './state.js'

export interface SeekingOptions {
  /** Who is master, if that was said. */
  readonly hint?: {readonly master: NodeAddress; readonly term: number}
  readonly isInvited?: boolean
  /** A link to leave open: its sender is about to be answered on it. */
  readonly keepLink?: number
}

/** No master any more, whatever the role was. Tries to find one at once. */
export function becomeSeeking(
  state: MeshState, reason: string, options: SeekingOptions = {},
): Seeking {
  const {role} = state
  if (role.type === 'mastering') {
    count(state, 'stepDowns')
    log(state, 'warn', 'stepped down', {term: role.term, reason})
  } else if (role.type === 'following') {
    log(state, 'info', 'left the master', {master: role.master.id, term: role.term, reason})
  }
  leaveRole(state, reason, options.keepLink)
  const isReplaced = role.type !== 'seeking'
  const next: Seeking = {
    type: 'seeking',
    since: isReplaced ? state.now : role.since,
    freshSince: state.now,
    lost: lostMaster(role),
    attempt: undefined,
    retryAt: state.now,
    round: undefined,
    roundAt: state.now,
    redirects: 0,
    isInvited: options.isInvited ?? false,
  }
  if (options.hint) state.hint = options.hint
  state.role = next
  // What the store says now decides who may lead: do not wait for the next heartbeat.
  state.pool.askedAt = -Infinity
  return next
}

function lostMaster(role: Role): LostMaster | undefined {
  if (role.type === 'following') return {node: role.master.id, heardAt: role.heardAt}
  return role.type === 'seeking' || role.type === 'claimed' ? role.lost : undefined
}

export function becomeDrained(state: MeshState): void {
  leaveRole(state, 'drained')
  for (const link of state.links.keys()) closeLink(state, link, 'drained')
  state.role = {type: 'drained'}
}

/** Closes what belonged to the role. Accepted links of askers stay: they are theirs. */
export function leaveRole(state: MeshState, reason: string, keepLink?: number): void {
  const {role} = state
  const close = (link: number | undefined): void => {
    if (link !== keepLink) closeLink(state, link, reason)
  }
  switch (role.type) {
    case 'seeking':
      close(role.attempt?.link)
      endRound(state, role.round, keepLink)
      return
    case 'claimed':
      closePeers(state, role.peers, keepLink)
      for (const link of role.waiting.keys()) close(link)
      return
    case 'following':
      close(role.link)
      return
    case 'mastering':
      withdraw(state)
      for (const member of role.members.values()) close(member.link)
      for (const link of state.links.values()) {
        if (link.use === 'probe' || link.use === 'ask') close(link.id)
      }
      return
    case 'drained':
      return
    default:
      unreachable(role)
  }
}

export function endRound(state: MeshState, round: AskRound | undefined, keepLink?: number): void {
  if (round) closePeers(state, round.peers, keepLink)
}

export function closePeers(
  state: MeshState, peers: ReadonlyMap<NodeId, Peer>, keepLink?: number,
): void {
  for (const peer of peers.values()) {
    if (peer.link !== keepLink) closeLink(state, peer.link, 'answered')
  }
}
