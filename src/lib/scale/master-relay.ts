/**
 * A mesh with a master: each message goes to the master, which puts it in order and sends it to
 * every node; every node reads every message.
 */
import type {Costs} from './costs.js'
import {
  clientBitsPerS, deliveryUs, historyS, placeParts, processPart, returnPart, steadyUs, storePart,
} from './node-work.js'
import {amount, type Part, partOf} from './part.js'
import {PACKET_BYTES, type Question, shapeOf} from './question.js'
import {gatheredUs, type Loop, turnCostUs, turnsOf} from './turns.js'

/** Up to three nodes a follower may deliver at once; else it is told when enough hold a message. */
const VIEW_OF_ONE_ROUND = 3
/** In one the master sends what came in, in another it takes the answers. */
const TURNS_A_ROUND = 2
/** A link is never quiet for longer than a quarter of a second. */
const BEATS_PER_S = 4

export function roundsOf(nodes: number): number {
  return nodes <= VIEW_OF_ONE_ROUND ? 1 : 2
}

export interface MasterLoops {
  readonly master: Loop
  readonly node: Loop
}

/** The master as a relay: it has clients of its own as well, unless told. */
export function masterLoops(question: Question, costs: Costs): MasterLoops {
  const {nodes, ratePerS} = question
  const shape = shapeOf(question)
  const followers = nodes - 1
  const steady = steadyUs(question, shape, costs)
  const own = ratePerS / nodes
  const orderedUs = ratePerS * (costs.orderUs + followers * costs.copyUs)
  const beatsUs = followers * BEATS_PER_S * costs.exchangeUs
  const publishedUs = own * costs.publishUs
  const master: Loop = {
    triggersPerS: ratePerS * roundsOf(nodes),
    workUs: (turnsPerS) =>
      turnCostUs(turnsPerS * TURNS_A_ROUND, costs.turnUs, costs.wakeUs)
      + turnsPerS * followers * costs.exchangeUs + orderedUs + publishedUs
      + deliveryUs(question, shape, costs, turnsPerS),
    steadyUs: steady + beatsUs,
  }
  const relayed = turnsOf(master).perS
  const node: Loop = {
    // Frames of the master, publishers' frames, and what makes their receipts.
    triggersPerS: relayed + 2 * own,
    workUs: (turnsPerS) =>
      turnCostUs(turnsPerS, costs.turnUs, costs.wakeUs) + publishedUs + ratePerS * costs.receiveUs
      + deliveryUs(question, shape, costs, turnsPerS),
    steadyUs: steady + BEATS_PER_S * costs.turnUs,
  }
  return {master, node}
}

export function masterParts(question: Question, costs: Costs): readonly Part[] {
  const {nodes, ratePerS, networkBitsPerS} = question
  const shape = shapeOf(question)
  const {master, node} = masterLoops(question, costs)
  const {perS} = turnsOf(master)
  const reachS = historyS(question, shape, ratePerS)
  const busyUs = gatheredUs(node)
  const toFollowers = (nodes - 1) * (ratePerS * shape.linkBytes + perS * PACKET_BYTES) * 8
  const bitsPerS = toFollowers + clientBitsPerS(question, shape)
  return [
    ...placeParts(question, shape, costs, {historyEntriesPerS: ratePerS, moreBytes: 0}),
    ...(nodes > 1 ? [processPart('node', 'each follower', node)] : []),
    processPart('master', 'the master', master),
    partOf('network', 'the master', amount(bitsPerS, 'bits/s'), amount(networkBitsPerS, 'bits/s')),
    ...returnPart(question, shape, costs, {busyUs, reachS}),
    storePart(question, costs),
  ]
}
