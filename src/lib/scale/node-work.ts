/** What a node has to do for its own clients, whatever carries the messages. */
import type {Costs} from './costs.js'
import {amount, partOf, type Part} from './part.js'
import {PACKET_BYTES, type Question, type Shape} from './question.js'
import {CORE_SHARE_MAX, fullness, type Loop, turnsOf} from './turns.js'

/** Between pings, and between two positions of quiet clients. */
const PING_S = 25
const POSITION_S = 20
/** Clients come back within so long of a close: the first wait of full jitter, and a second try. */
const JITTER_S = 1.5

/** Pings, positions, who comes and goes, the pool's rows: whatever is published. */
export function steadyUs({nodes, isTls}: Question, shape: Shape, costs: Costs): number {
  const {clients, arrivalsPerS} = shape
  const arrivalUs = costs.arriveUs + (isTls ? costs.tlsUs : 0)
  return costs.idleUs + clients * (costs.pingUs / PING_S + costs.deliverUs / POSITION_S)
    + arrivalsPerS * arrivalUs + nodes * costs.nodeRowUs
}

/**
 * Writing to clients, a second: what is for some is a write each; what is for everyone, and comes
 * within one turn, shares one.
 */
export function deliveryUs(
  {ratePerS, mix}: Question, {clients, someHere}: Shape, costs: Costs, turnsPerS: number,
): number {
  const {deliverUs, writeUs, moreUs} = costs
  const someUs = ratePerS * someHere * deliverUs
  const broadcastsPerS = ratePerS * mix.everyone
  if (broadcastsPerS === 0 || turnsPerS === 0) return someUs
  const turnsWithOne = turnsPerS * (1 - Math.exp(-broadcastsPerS / turnsPerS))
  const more = Math.max(0, broadcastsPerS - turnsWithOne)
  return someUs + clients * (turnsWithOne * writeUs + more * moreUs)
}

/** A node or the master, as a part that can be full. */
export function processPart(name: 'node' | 'master', at: string, loop: Loop): Part {
  const load = fullness(loop)
  const {busy} = turnsOf(loop)
  const now = amount(load * CORE_SHARE_MAX, 'core')
  return {name, at, load, now, limit: amount(CORE_SHARE_MAX, 'core'), busy}
}

/** `historyEntriesPerS`: messages that a node keeps; `more`: what else it holds. */
export function placeParts(
  question: Question, shape: Shape, costs: Costs,
  held: {readonly historyEntriesPerS: number; readonly moreBytes: number},
): readonly Part[] {
  const {clients} = shape
  const perClient = costs.connectionBytes + (question.isTls ? costs.tlsBytes : 0)
  const entries = held.historyEntriesPerS * historyS(question, shape, held.historyEntriesPerS)
  const history = entries * (costs.historyBytes + question.textBytes)
  const bytes = costs.nodeBytes + clients * perClient + history + held.moreBytes
  return [
    partOf('clients', 'each node', amount(clients, 'connections'),
      amount(question.clientsMax, 'connections')),
    partOf('memory', 'each node', amount(bytes, 'bytes'), amount(question.memoryBytes, 'bytes')),
  ]
}

/** How far the history reaches back. */
export function historyS({historyBytes, historyMs}: Question, shape: Shape, perS: number): number {
  const bytesPerS = perS * shape.historyEntryBytes
  return Math.min(historyMs / 1000, bytesPerS > 0 ? historyBytes / bytesPerS : Infinity)
}

/**
 * A node dies, and its clients go to the others: those take as many a second as they are allowed to
 * and have processor time for. They must be back while the history still has what they missed.
 */
export function returnPart(
  question: Question, shape: Shape, costs: Costs,
  {busyUs, reachS}: {readonly busyUs: number; readonly reachS: number},
): readonly Part[] {
  const {nodes, connectsPerS, isTls} = question
  if (nodes < 2) return []
  const each = shape.clients / (nodes - 1)
  const arrivalUs = costs.arriveUs + (isTls ? costs.tlsAgainUs : 0)
  const freeUs = Math.max(1, 1e6 - busyUs)
  const pace = Math.min(connectsPerS > 0 ? connectsPerS : Infinity, freeUs / arrivalUs)
  const backS = JITTER_S + each / pace
  return [partOf('return', "a dead node's clients", amount(backS, 's'), amount(reachS, 's'))]
}

/** What clients are sent, at each node. */
export function clientBitsPerS(question: Question, shape: Shape): number {
  const {ratePerS, mix} = question
  const perS = ratePerS * (shape.someHere + mix.everyone * shape.clients)
  return perS * (shape.clientBytes + PACKET_BYTES) * 8
}

/** Every node beats and reads all rows once a second. One core: statements of one table. */
export function storePart({nodes}: Question, costs: Costs): Part {
  const us = nodes * (costs.beatUs + nodes * costs.beatRowUs)
  const now = amount(us / 1e6, 'core')
  return partOf('store', 'MySQL', now, amount(1, 'core'))
}
