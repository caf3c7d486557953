/**
 * What things cost on one machine, as `node bench/scale.mjs` measures it there: the only figures
 * that the model of this folder takes from outside. Processor time is of one core.
 */

/** In the order in which a message meets them. */
export const COSTS = {
  idleUs: cost('µs', 'a node that does nothing, a second'),
  turnUs: cost('µs', 'a turn of a node: it reads a frame, and writes one'),
  wakeUs: cost('µs', 'and more, after a long sleep; half as much after 2.5 ms'),
  publishUs: cost('µs', 'a message that is published at a node, its receipt included'),
  orderUs: cost('µs', 'the master: a message gets its place, history and receipt'),
  exchangeUs: cost('µs', 'the master: a frame to one follower and its acknowledgement'),
  copyUs: cost('µs', 'the master: a message in such a frame, and its count in the answer'),
  receiveUs: cost('µs', 'a node: a message that it is relayed, for whomever it is'),
  deliverUs: cost('µs', 'a node: a message to one connection, alone'),
  writeUs: cost('µs', 'a node: a message to one of many connections, one after another'),
  moreUs: cost('µs', 'a node: another message in such a write'),
  natsPublishUs: cost('µs', 'NATS: a node publishes a message and is told that it is stored'),
  natsArriveUs: cost('µs', 'NATS: a node gets a message and reports it'),
  natsReportUs: cost('µs', 'NATS: the publisher hears such a report'),
  natsWakeUs: cost('µs', 'NATS: a node is woken after a long sleep'),
  serverWakeUs: cost('µs', 'NATS server: it is woken after a long sleep'),
  serverStoreUs: cost('µs', 'NATS server: a message is taken, stored and confirmed'),
  serverCopyUs: cost('µs', 'NATS server: it is passed on to a node, whose report is passed back'),
  serverPassUs: cost('µs', 'NATS server: what is not stored is passed on to one node'),
  serverReplicaUs: cost('µs', 'NATS server that leads the stream: a copy at another server'),
  serverFollowUs: cost('µs', 'NATS server: a message that another one leads is stored'),
  newsUs: cost('µs', 'NATS: a node hears that another one needs a subject'),
  pingUs: cost('µs', 'a ping to a client and its pong'),
  arriveUs: cost('µs', 'a client comes in: WebSocket, token, answer'),
  tlsUs: cost('µs', 'and its TLS handshake (ECDSA P-256), in full'),
  tlsAgainUs: cost('µs', 'and one that goes on with an earlier TLS session'),
  beatUs: cost('µs', 'MySQL: a heartbeat of a node, a read of pool and lease'),
  beatRowUs: cost('µs', 'MySQL: each row of the pool in such a read'),
  nodeRowUs: cost('µs', 'a node: each row of the pool that it reads, once a second'),
  nodeBytes: cost('bytes', 'a node that does nothing'),
  connectionBytes: cost('bytes', 'a node: an idle connection'),
  tlsBytes: cost('bytes', 'a node: an idle connection, more if it is encrypted by the node'),
  historyBytes: cost('bytes', 'a node: a message in the history, without its text'),
  subjectBytes: cost('bytes', 'NATS: a subject that a node has'),
  serverSubjectBytes: cost('bytes', 'NATS server: the same'),
  neighbourBytes: cost('bytes', 'NATS: a subject that another node has'),
} as const satisfies Readonly<Record<string, CostMeaning>>

export interface CostMeaning {
  readonly unit: 'µs' | 'bytes'
  readonly what: string
}

export type CostName = keyof typeof COSTS

export type Costs = Readonly<Record<CostName, number>>

/** What was measured, where. */
export interface MeasuredCosts {
  readonly schema: typeof COSTS_SCHEMA
  /** The day, ISO 8601. */
  readonly measured: string
  readonly machine: string
  readonly wsmesh: string
  /** The command that did it. */
  readonly by: string
  readonly costs: Costs
}

export const COSTS_SCHEMA = 'wsmesh.costs/1'

export const COST_NAMES = Object.keys(COSTS).filter(isCostName)

/** Of any value: what was measured, or what is wrong with it, for people. */
export function readCosts(value: unknown): MeasuredCosts | string {
  if (!isRecord(value)) return 'it is no JSON object'
  if (value['schema'] !== COSTS_SCHEMA) return `its "schema" is not "${COSTS_SCHEMA}"`
  const {measured, machine, wsmesh, by, costs} = value
  const texts = {measured, machine, wsmesh, by}
  for (const [name, text] of Object.entries(texts)) {
    if (typeof text !== 'string' || text === '' || text.length > TEXT_MAX) {
      return `its ${JSON.stringify(name)} is no text of 1 to ${TEXT_MAX} characters`
    }
  }
  if (!isRecord(costs)) return 'its "costs" is no object'
  const strange = Object.keys(costs).find((name) => !isCostName(name))
  if (strange !== undefined) return `there is no cost ${JSON.stringify(strange)}`
  for (const name of COST_NAMES) {
    const number = costs[name]
    if (typeof number !== 'number' || !(number >= 0) || number > COST_MAX) {
      return `its cost "${name}" (${COSTS[name].what}) is no number from 0 to ${COST_MAX}`
    }
  }
  return {
    schema: COSTS_SCHEMA, measured: String(measured), machine: String(machine),
    wsmesh: String(wsmesh), by: String(by),
    costs: numbersOf(costs),
  }
}

const TEXT_MAX = 200
/** A second of processor time, or a gigabyte: more is a mistake. */
const COST_MAX = 1e9

/** Every one is there: that was looked at. */
function numbersOf(costs: Readonly<Record<string, unknown>>): Costs {
  const numbers: Partial<Record<CostName, number>> = {}
  for (const name of COST_NAMES) numbers[name] = Number(costs[name])
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every name was just given one
  return numbers as Costs
}

function cost(unit: CostMeaning['unit'], what: string): CostMeaning {
  return {unit, what}
}

function isCostName(name: string): name is CostName {
  return Object.hasOwn(COSTS, name)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
