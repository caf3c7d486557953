/**
 * A mesh on NATS: each message is stored by a stream, and passed on to those nodes that need its
 * subject, which report it to who published it. Nobody reads what his clients do not need.
 */
import type {Costs} from './costs.js'
import {
  clientBitsPerS, deliveryUs, placeParts, processPart, returnPart, steadyUs, storePart,
} from './node-work.js'
import {amount, type Part, partOf} from './part.js'
import {PACKET_BYTES, type Question, shapeOf, somewhere} from './question.js'
import {CORE_SHARE_MAX, GATHER_MS, gatheredUs, type Loop, turnCostUs, turnsOf} from './turns.js'

/** All nodes together beat no more often than this. */
const BEATS_PER_S_MAX = 100
/** A publisher's message makes three turns: its frame, the stream's answer, a report. */
const PUBLISHER_TURNS = 3

export interface Spread {
  /** Nodes that a message reaches, on average. */
  readonly nodes: number
  /** Subjects that a node has for its users. */
  readonly subjectsHere: number
  /** Subjects that become needed a second, at each node, by who comes; they are told one by one. */
  readonly newSubjectsPerS: number
}

/** How far messages spread, since users share the subjects that they are hashed into. */
export function spreadOf(question: Question): Spread {
  const {nodes, users, tabs, mix, groupUsers, slots} = question
  const shape = shapeOf(question)
  const others = users / slots
  const toUser = nodes * somewhere(nodes, tabs * (1 + others))
  const members = Math.min(groupUsers, users) * tabs
  const groups = users / Math.max(1, groupUsers)
  const toGroup = nodes * somewhere(nodes, members * (1 + groups / slots))
  const subjectsHere = slots * somewhere(slots, shape.usersHere)
  return {
    nodes: mix.user * toUser + mix.group * toGroup + mix.everyone * nodes,
    subjectsHere,
    newSubjectsPerS: shape.arrivalsPerS * (1 - subjectsHere / slots),
  }
}

export interface NatsLoops {
  readonly node: Loop
  /** That which leads the stream; what others pass on is not its work. */
  readonly stream: Loop
}

export function natsLoops(question: Question, costs: Costs): NatsLoops {
  const {nodes, ratePerS, replicas} = question
  const shape = shapeOf(question)
  const spread = spreadOf(question)
  const own = ratePerS / nodes
  const arrivals = (ratePerS * spread.nodes) / nodes
  const heardPerS = Math.min(nodes, BEATS_PER_S_MAX) + (nodes - 1) * spread.newSubjectsPerS
  const node: Loop = {
    triggersPerS: PUBLISHER_TURNS * own + arrivals,
    workUs: (turnsPerS) =>
      turnCostUs(turnsPerS, 0, costs.natsWakeUs)
      + own * (costs.natsPublishUs + spread.nodes * costs.natsReportUs)
      + arrivals * costs.natsArriveUs
      + deliveryUs(question, shape, costs, turnsPerS),
    steadyUs: steadyUs(question, shape, costs) + heardPerS * costs.newsUs,
  }
  const stream: Loop = {
    triggersPerS: ratePerS * (1 + spread.nodes),
    workUs: (turnsPerS) => turnCostUs(turnsPerS, 0, costs.serverWakeUs)
      + ratePerS * (costs.serverStoreUs + (replicas - 1) * costs.serverReplicaUs),
    steadyUs: 0,
  }
  return {node, stream}
}

/** The one server where there is one, as `top` shows it: with as many turns as it then has. */
export function serverBusyUs(question: Question, costs: Costs): number {
  const {stream} = natsLoops({...question, replicas: 1}, costs)
  const copies = question.ratePerS * spreadOf(question).nodes
  return turnsOf(stream).busy * 1e6 + copies * costs.serverCopyUs
}

/** A message in all copies of the stream. */
export function storedUs({replicas}: Question, costs: Costs): number {
  const copyUs = costs.serverReplicaUs + costs.serverFollowUs
  return costs.serverStoreUs + (replicas - 1) * copyUs
}

/** Of all NATS servers together: storing, copies, passing on, news. */
export function serversUs(question: Question, costs: Costs): number {
  const {nodes, ratePerS, replicas} = question
  const spread = spreadOf(question)
  const news = Math.min(nodes, BEATS_PER_S_MAX) + nodes * spread.newSubjectsPerS
  const turns = Math.min(ratePerS, 1000 / GATHER_MS) * replicas
  return turnCostUs(turns, 0, costs.serverWakeUs)
    + ratePerS * (storedUs(question, costs) + spread.nodes * costs.serverCopyUs)
    + news * nodes * costs.serverPassUs
}

export function natsParts(question: Question, costs: Costs): readonly Part[] {
  const {nodes, ratePerS, networkBitsPerS, replicas, serverCores} = question
  const shape = shapeOf(question)
  const spread = spreadOf(question)
  const {node, stream} = natsLoops(question, costs)
  const arrivals = (ratePerS * spread.nodes) / nodes
  const subjectBytes =
    spread.subjectsHere * (costs.subjectBytes + (nodes - 1) * costs.neighbourBytes)
  // What a node has not in memory is read from the stream, which keeps it for as long as is said.
  const reachS = question.historyMs / 1000
  const copies = ratePerS * (spread.nodes + replicas)
  const serverBits = (copies * (shape.parcelBytes + PACKET_BYTES) * 8) / replicas
  const serverBytes = (nodes * spread.subjectsHere * costs.serverSubjectBytes) / replicas
  return [
    ...placeParts(question, shape, costs, {
      historyEntriesPerS: arrivals, moreBytes: subjectBytes,
    }),
    processPart('node', 'each node', node),
    ...returnPart(question, shape, costs, {busyUs: gatheredUs(node), reachS}),
    {...processPart('node', 'the NATS server that leads', stream), name: 'stream'},
    partOf('servers', 'all NATS servers', amount(serversUs(question, costs) / 1e6, 'core'),
      amount(replicas * serverCores * CORE_SHARE_MAX, 'core')),
    partOf('server-memory', 'each NATS server', amount(serverBytes, 'bytes'),
      amount(question.memoryBytes, 'bytes')),
    partOf('network', 'each NATS server',
      amount(serverBits, 'bits/s'), amount(networkBitsPerS, 'bits/s')),
    partOf('network', 'each node',
      amount(clientBitsPerS(question, shape), 'bits/s'), amount(networkBitsPerS, 'bits/s')),
    storePart(question, costs),
  ]
}

