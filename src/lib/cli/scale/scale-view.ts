/** What `wsmesh simulate --relay … --json` prints. */
import type {MeasuredCosts} from '../../scale/costs.js'
import type {Step} from '../../scale/message-price.js'
import type {Part, PartName} from '../../scale/part.js'
import {
  logSteps, natsPaysFrom, nodesThatFit, priceOf, type NodesRange, type Price,
} from '../../scale/price.js'
import type {Question, RelayKind} from '../../scale/question.js'
import {EXIT} from '../exit-code.js'
import type {NodesAsked} from './scale-flags.js'

/** Fields may be added; a change of any other kind raises the number. */
export const SCALE_SCHEMA = 'wsmesh.scale/1'

/** The same flags and costs, the same JSON. */
export interface ScaleJson {
  readonly schema: typeof SCALE_SCHEMA
  readonly version: string
  readonly exit: number
  /** Whether one of the sizes that were asked for does what is asked. */
  readonly fits: boolean
  readonly config: Omit<Question, 'nodes'> & {readonly nodes: NodesAsked}
  readonly costs: Omit<MeasuredCosts, 'costs' | 'schema'> & {readonly file: string | null}
  readonly sizes: readonly SizeJson[]
  /** With which numbers of nodes each relay does what is asked; null: with none. */
  readonly ends: Readonly<Record<RelayKind, EndJson | null>>
  /** With so many nodes and more NATS takes fewer cores in all; null: never. */
  readonly natsPaysFrom: number | null
}

export interface SizeJson {
  readonly nodes: number
  readonly fits: boolean
  readonly clientsPerNode: number
  /** Messages a second, all else as it is, until `fullAtMost` is full. */
  readonly ratePerSMax: number
  readonly fullAtMost: PartName
  /** Nodes that are sent a message, on average. */
  readonly nodesReached: number
  /** What a message costs, step by step, in microseconds of processor time. */
  readonly message: readonly Step[]
  /** The fullest first. `load` 1 is full. */
  readonly parts: readonly Part[]
}

export interface EndJson {
  readonly nodesFrom: number
  readonly nodesTo: number
  /** What is full with one node less, and with one more; null where there is no such end. */
  readonly fullBefore: PartName | null
  readonly fullAfter: PartName | null
}

const STEPS_PER_DECADE = 4

export function scaleJson(
  question: Omit<Question, 'nodes'>, nodes: NodesAsked, measured: MeasuredCosts,
  {version, file}: {readonly version: string; readonly file: string | undefined},
): ScaleJson {
  const {costs, schema: _, ...about} = measured
  const sizes = logSteps(nodes.from, nodes.to, STEPS_PER_DECADE)
    .map((count) => sizeJson(priceOf({...question, nodes: count}, costs)))
  const endOf = (relay: RelayKind) => endJson(nodesThatFit({...question, relay, nodes: 1}, costs))
  const isFit = sizes.some((size) => size.fits)
  return {
    schema: SCALE_SCHEMA,
    version,
    exit: isFit ? EXIT.ok.code : EXIT.thresholdFailed.code,
    fits: isFit,
    config: {...question, nodes},
    costs: {...about, file: file ?? null},
    sizes,
    ends: {master: endOf('master'), nats: endOf('nats')},
    natsPaysFrom: natsPaysFrom({...question, nodes: 1}, costs) ?? null,
  }
}

function sizeJson(price: Price): SizeJson {
  const {question, fits, nodesReached, message, parts, ratePerSMax, ratePart} = price
  const {nodes, users, tabs} = question
  return {
    nodes, fits, clientsPerNode: (users * tabs) / nodes, ratePerSMax, fullAtMost: ratePart.name,
    nodesReached, message, parts,
  }
}

function endJson(range: NodesRange | undefined): EndJson | null {
  if (range === undefined) return null
  return {
    nodesFrom: range.from, nodesTo: range.to,
    fullBefore: range.partAtStart?.name ?? null, fullAfter: range.partAtEnd?.name ?? null,
  }
}
