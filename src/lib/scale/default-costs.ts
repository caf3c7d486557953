/** Written by `node bench/scale.mjs --ship`, of what it measured. */
import {COSTS_SCHEMA, type MeasuredCosts} from './costs.js'

export const DEFAULT_COSTS: MeasuredCosts = {
  schema: COSTS_SCHEMA,
  measured: '2026-11-23',
  machine: '2 cores (AMD EPYC), 24 GiB, Debian GNU/Linux 12 (bookworm), Linux 6.18.44',
  wsmesh: '0.1.0 (06b1379)',
  by: 'node bench/scale.mjs',
  costs: {
    idleUs: 17100,
    turnUs: 12.3,
    wakeUs: 64.1,
    publishUs: 14,
    orderUs: 0.136,
    exchangeUs: 12,
    copyUs: 0.239,
    receiveUs: 10.9,
    deliverUs: 19.9,
    writeUs: 7.34,
    moreUs: 0.175,
    natsWakeUs: 151,
    natsPublishUs: 26.2,
    natsArriveUs: 14,
    natsReportUs: 11.2,
    serverWakeUs: 225,
    serverStoreUs: 22.3,
    serverCopyUs: 10.8,
    serverReplicaUs: 18.5,
    serverFollowUs: 31.8,
    arriveUs: 205,
    tlsUs: 738,
    tlsAgainUs: 501,
    pingUs: 25.4,
    connectionBytes: 12100,
    tlsBytes: 26000,
    nodeBytes: 93500000,
    beatUs: 96.3,
    beatRowUs: 0.269,
    nodeRowUs: 0.466,
    historyBytes: 731,
    neighbourBytes: 205,
    subjectBytes: 1320,
    serverSubjectBytes: 734,
    serverPassUs: 1.95,
    newsUs: 7.14,
  },
}

/** Runs that the costs are not taken from: processor time a second, in microseconds. */
export interface CheckRun {
  readonly relay: 'master' | 'nats'
  readonly nodes: number
  readonly ratePerS: number
  readonly everyone: number
  readonly users: number
  readonly nodeUs: number
  readonly masterUs: number | undefined
  readonly serverUs: number | undefined
}

export const CHECK_RUNS: readonly CheckRun[] = [
  {
    relay: 'master', nodes: 2, ratePerS: 1611, everyone: 0, users: 240,
    nodeUs: 102809, masterUs: 110132, serverUs: undefined,
  },
  {
    relay: 'master', nodes: 2, ratePerS: 215, everyone: 0, users: 240,
    nodeUs: 22554, masterUs: 41524, serverUs: undefined,
  },
  {
    relay: 'master', nodes: 2, ratePerS: 194, everyone: 0.1, users: 240,
    nodeUs: 54276, masterUs: 57481, serverUs: undefined,
  },
  {
    relay: 'master', nodes: 4, ratePerS: 971, everyone: 0, users: 240,
    nodeUs: 92229, masterUs: 157123, serverUs: undefined,
  },
  {
    relay: 'master', nodes: 4, ratePerS: 109, everyone: 0, users: 240,
    nodeUs: 15952, masterUs: 30352, serverUs: undefined,
  },
  {
    relay: 'master', nodes: 4, ratePerS: 95, everyone: 0.1, users: 240,
    nodeUs: 31561, masterUs: 46673, serverUs: undefined,
  },
  {
    relay: 'master', nodes: 8, ratePerS: 417, everyone: 0, users: 240,
    nodeUs: 61264, masterUs: 157004, serverUs: undefined,
  },
  {
    relay: 'master', nodes: 8, ratePerS: 82, everyone: 0, users: 240,
    nodeUs: 25897, masterUs: 60587, serverUs: undefined,
  },
  {
    relay: 'master', nodes: 8, ratePerS: 81, everyone: 0.1, users: 240,
    nodeUs: 27289, masterUs: 58371, serverUs: undefined,
  },
  {
    relay: 'nats', nodes: 2, ratePerS: 1626, everyone: 0, users: 240,
    nodeUs: 173399, masterUs: undefined, serverUs: 138832,
  },
  {
    relay: 'nats', nodes: 2, ratePerS: 194, everyone: 0, users: 240,
    nodeUs: 53477, masterUs: undefined, serverUs: 53224,
  },
  {
    relay: 'nats', nodes: 2, ratePerS: 201, everyone: 0.1, users: 240,
    nodeUs: 79606, masterUs: undefined, serverUs: 58548,
  },
  {
    relay: 'nats', nodes: 4, ratePerS: 983, everyone: 0, users: 240,
    nodeUs: 109620, masterUs: undefined, serverUs: 147908,
  },
  {
    relay: 'nats', nodes: 4, ratePerS: 96, everyone: 0, users: 240,
    nodeUs: 25545, masterUs: undefined, serverUs: 31808,
  },
  {
    relay: 'nats', nodes: 4, ratePerS: 100, everyone: 0.1, users: 240,
    nodeUs: 26878, masterUs: undefined, serverUs: 30729,
  },
  {
    relay: 'nats', nodes: 8, ratePerS: 407, everyone: 0, users: 240,
    nodeUs: 64595, masterUs: undefined, serverUs: 101812,
  },
  {
    relay: 'nats', nodes: 8, ratePerS: 83, everyone: 0, users: 240,
    nodeUs: 11722, masterUs: undefined, serverUs: 24124,
  },
  {
    relay: 'nats', nodes: 8, ratePerS: 81, everyone: 0.1, users: 240,
    nodeUs: 16766, masterUs: undefined, serverUs: 24616,
  },
]
