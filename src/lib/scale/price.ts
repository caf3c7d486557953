/** What a mesh of some size has to do, which of its parts is full first, and where it ends. */
import type {Costs} from './costs.js'
import {masterParts} from './master-relay.js'
import {messagePrice, type Step} from './message-price.js'
import {natsParts, spreadOf} from './nats-relay.js'
import type {Part, PartName} from './part.js'
import type {Question} from './question.js'
import {unreachable} from '../util/assert.js'

export interface Price {
  readonly question: Question
  /** The fullest first. */
  readonly parts: readonly Part[]
  /** How many nodes are sent a message, on average: with a master all. */
  readonly nodesReached: number
  /** What one message costs, at this rate. */
  readonly message: readonly Step[]
  /** Whether no part is full. */
  readonly fits: boolean
  /** So many messages a second are possible, all else as it is; 0: not even none. */
  readonly ratePerSMax: number
  /** The part that is full then. */
  readonly ratePart: Part
}

export const RATE_MAX = 1e8
export const NODES_MAX = 100_000
/** Of what is searched for, within. */
const EXACT = 1.001

export function partsOf(question: Question, costs: Costs): readonly Part[] {
  switch (question.relay) {
    case 'master':
      return masterParts(question, costs)
    case 'nats':
      return natsParts(question, costs)
    default:
      return unreachable(question.relay)
  }
}

export function priceOf(question: Question, costs: Costs): Price {
  const parts = partsOf(question, costs).toSorted((a, b) => b.load - a.load)
  const ratePerSMax = mostPerS(question, costs)
  const there = {...question, ratePerS: Math.max(ratePerSMax, 1e-6) * EXACT}
  return {
    question, parts, ratePerSMax,
    nodesReached: question.relay === 'master' ? question.nodes : spreadOf(question).nodes,
    message: messagePrice(question, costs),
    fits: parts.every(({load}) => load <= 1),
    ratePart: fullest(partsOf(there, costs)),
  }
}

export function fits(question: Question, costs: Costs): boolean {
  return partsOf(question, costs).every(({load}) => load <= 1)
}

export function fullest(parts: readonly Part[]): Part {
  return parts.reduce((full, part) => (part.load > full.load ? part : full))
}

/** The most messages a second that fit; nothing that is full empties when more is sent. */
function mostPerS(question: Question, costs: Costs): number {
  const holds = (ratePerS: number) => fits({...question, ratePerS}, costs)
  if (!holds(0)) return 0
  let [low, high] = [0.01, RATE_MAX]
  if (!holds(low)) return 0
  while (high / low > EXACT) {
    const middle = Math.sqrt(low * high)
    if (holds(middle)) low = middle
    else high = middle
  }
  return low
}

/** Processor time of all nodes and NATS servers, in cores: gathered, as `load` is. MySQL's not. */
export function coresOf(question: Question, costs: Costs): number {
  const of = (name: PartName) =>
    partsOf(question, costs).find((part) => part.name === name)?.now.value ?? 0
  const {nodes, relay} = question
  return relay === 'master'
    ? (nodes - 1) * of('node') + of('master') : nodes * of('node') + of('servers')
}

/** The least number of nodes with which NATS takes fewer cores in all; undefined: none does. */
export function natsPaysFrom(question: Question, costs: Costs): number | undefined {
  const pays = (nodes: number) => coresOf({...question, nodes, relay: 'nats'}, costs)
    < coresOf({...question, nodes, relay: 'master'}, costs)
  const some = logSteps(1, NODES_MAX, 16).find(pays)
  return some === undefined ? undefined : edge(some, 1, pays)
}

export interface NodesRange {
  readonly from: number
  readonly to: number
  /** What is full with one more; undefined where the search ended. */
  readonly partAtEnd: Part | undefined
  /** And with one less. */
  readonly partAtStart: Part | undefined
}

/**
 * How many nodes there may be, all else as it is: with few, each has too many clients; with many,
 * the relay has too much to do. Undefined: no number fits.
 */
export function nodesThatFit(question: Question, costs: Costs): NodesRange | undefined {
  const holds = (nodes: number) => fits({...question, nodes}, costs)
  const some = logSteps(1, NODES_MAX, 16).find(holds)
  if (some === undefined) return undefined
  const from = edge(some, 1, holds)
  const beyond = logSteps(some, NODES_MAX, 16).find((nodes) => !holds(nodes))
  const to = beyond === undefined ? NODES_MAX : edge(some, beyond, holds)
  const at = (nodes: number) => fullest(partsOf({...question, nodes}, costs))
  return {
    from, to,
    partAtStart: from > 1 ? at(from - 1) : undefined,
    partAtEnd: to < NODES_MAX ? at(to + 1) : undefined,
  }
}

/** The last whole number that holds on the way from one that does to `toward`. */
function edge(good: number, toward: number, holds: (nodes: number) => boolean): number {
  if (holds(toward)) return toward
  let [holding, failing] = [good, toward]
  while (Math.abs(holding - failing) > 1) {
    const middle = Math.floor((holding + failing) / 2)
    if (holds(middle)) holding = middle
    else failing = middle
  }
  return holding
}

/** Whole numbers from the one to the other, `perDecade` to each power of ten. */
export function logSteps(from: number, to: number, perDecade: number): readonly number[] {
  const steps = new Set([from])
  const first = Math.ceil(Math.log10(from) * perDecade)
  for (let step = first; 10 ** (step / perDecade) < to; step += 1) {
    const value = Math.round(10 ** (step / perDecade))
    if (value > from) steps.add(value)
  }
  return [...steps.add(to)]
}
