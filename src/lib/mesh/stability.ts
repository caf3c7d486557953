/**
 * When a message is stable, and the receipts that follow. The master waits for every member that
 * lives: linked and acknowledging within dropMs, or lately linked and not proved gone (P2).
 */
import type {NodeId} from '../util/brand.js'
import type {NodeCount, Stability} from '../protocol/node-frame.js'
import type {Slot} from './log.js'
import type {Mastering, MasterMember} from './role.js'
import {isInView} from './quorum.js'
import {closeLink, count, log, send, type MeshState} from './state.js'
import {settle} from './publishing.js'

/** Messages in one stable frame: with a hundred nodes each, still far from the frame's limit. */
const STABLE_MAX = 1000
const NOBODY: readonly NodeCount[] = []

/** Takes a member's connection counts, each once. */
export function takeCounts(
  state: MeshState, member: MasterMember, countsAfter: number, connections: readonly number[],
): void {
  if (countsAfter > member.counted) member.counted = countsAfter
  for (let seq = member.counted + 1; seq <= countsAfter + connections.length; seq++) {
    const number = connections[seq - countsAfter - 1] ?? 0
    const slot = number > 0 ? state.log.at(seq) : undefined
    // A list that grows has room for many: of most messages, one node has connections.
    if (slot?.byNode) noteCount(slot.byNode, member.address.id, number)
    else if (slot) slot.byNode = [{node: member.address.id, connections: number}]
    member.counted = seq
  }
}

/**
 * No longer waits for a member. Messages that did are told whom they miss: whose clients may have
 * got them, or live and have not. A process that is gone and never followed this term had none of
 * the messages that came to stand in it, and has no clients any more: it is missing from older ones
 * alone.
 */
export function giveUpMember(
  state: MeshState, role: Mastering, member: MasterMember, isGone: boolean,
): void {
  const node = member.address.id
  if (!isInView(role.view, node)) {
    closeLink(state, member.probe, 'given up')
    role.members.delete(node)
  }
  if (!member.isWaitedFor) return
  member.isWaitedFor = false
  count(state, 'membersDropped')
  const reason = isGone ? 'gone' : 'silent'
  log(state, member.isLeaving ? 'info' : 'warn', 'member dropped', {node, reason})
  const through = isGone && !member.hasFollowed ? role.openSeq - 1 : state.log.last.seq
  if (member.isLeaving || member.delivered >= through) return
  role.missing.push({node, after: member.delivered, through})
}

/** Moves the stable mark and tells the origins. */
export function advanceStable(state: MeshState, role: Mastering): void {
  let stable = Math.min(state.committed, state.queued)
  for (const member of role.members.values()) {
    if (member.isWaitedFor) stable = Math.min(stable, member.delivered)
  }
  if (stable <= state.stable) return
  const ready = new Map<NodeId, Stability[]>()
  for (const slot of state.log.slice(state.stable, stable)) {
    if (!slot.envelope) continue
    const {origin} = slot.envelope
    const list = ready.get(origin) ?? []
    list.push(stabilityOf(state, role, slot))
    ready.set(origin, list)
  }
  state.stable = stable
  role.missing = role.missing.filter((missing) => missing.through > stable)
  for (const [origin, messages] of ready) tellStable(state, role, origin, messages)
}

/** Answers an origin that sends again what is stable already. */
export function repeatStable(
  state: MeshState, role: Mastering, origin: NodeId, counters: ReadonlySet<number>,
): void {
  const found = new Map<number, Stability>()
  const from = state.log.after.seq
  for (const slot of state.log.slice(from, state.stable)) {
    const {envelope} = slot
    if (envelope?.origin !== origin || !counters.has(envelope.counter)) continue
    found.set(envelope.counter, stabilityOf(state, role, slot))
  }
  const waiting = new Set<number>()
  for (const slot of state.log.slice(Math.max(from, state.stable), state.log.last.seq)) {
    if (slot.envelope?.origin === origin) waiting.add(slot.envelope.counter)
  }
  const messages: Stability[] = []
  for (const counter of counters) {
    if (waiting.has(counter)) continue
    messages.push(found.get(counter) ?? {counter, place: undefined, byNode: [], missing: []})
  }
  if (messages.length > 0) tellStable(state, role, origin, messages)
}

function tellStable(
  state: MeshState, role: Mastering, origin: NodeId, messages: readonly Stability[],
): void {
  if (origin === state.self.id) {
    settle(state, role.epoch, messages)
    return
  }
  const link = role.members.get(origin)?.link
  if (link === undefined) return
  for (let from = 0; from < messages.length; from += STABLE_MAX) {
    const part = messages.slice(from, from + STABLE_MAX)
    send(state, link, {type: 'stable', term: role.term, messages: part})
  }
}

function stabilityOf(state: MeshState, role: Mastering, slot: Slot): Stability {
  const {term, seq} = slot.repeatOf ?? slot
  const byNode = countsOf(state, slot)
  const missing = role.missing.length === 0 ? [] : missingOf(role, slot)
  return {counter: slot.envelope?.counter ?? 0, place: {term, seq}, byNode, missing}
}

function missingOf(role: Mastering, {seq}: Slot): NodeId[] {
  return role.missing
    .filter(({after, through}) => seq > after && seq <= through)
    .map(({node}) => node)
}

/** A repeat's receipt is its message's, with those nodes that counted it and are gone since. */
function countsOf(state: MeshState, slot: Slot): readonly NodeCount[] {
  const {connections = 0, repeatOf, byNode = NOBODY} = slot
  return connections === 0 && repeatOf === undefined ? byNode : allCountsOf(state, slot)
}

function allCountsOf(state: MeshState, slot: Slot): NodeCount[] {
  const original = slot.repeatOf && state.log.at(slot.repeatOf.seq)
  const counts = original === undefined ? [] : allCountsOf(state, original)
  if (slot.connections !== undefined && slot.connections > 0) {
    noteCount(counts, state.self.id, slot.connections)
  }
  for (const {node, connections} of slot.byNode ?? []) noteCount(counts, node, connections)
  return counts
}

function noteCount(counts: NodeCount[], node: NodeId, connections: number): void {
  const known = counts.findIndex((count) => count.node === node)
  if (known === -1) counts.push({node, connections})
  else counts[known] = {node, connections}
}
