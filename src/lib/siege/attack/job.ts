/** What one process of a siege is to do, and what it tells; plain values, since they may travel. */
import type {SentStream} from '../ledger/sent-book.js'
import type {OpenOutboxOptions} from '../../pool/outbox/open-outbox-store.js'
import type {AudienceOptions} from '../plan/audience.js'
import type {Stretch} from '../plan/schedule.js'
import type {ConnectionReport, CountedClose, CountedError} from '../run-report.js'

/** A node, or any WebSocket server. */
export interface AttackTarget {
  readonly name: string
  /** Where clients connect. */
  readonly clientUrl: string
  /** ws://…/mesh; undefined for a server that is no node. */
  readonly operatorUrl: string | undefined
  /** http://host:port */
  readonly httpUrl: string | undefined
}

/** How clients prove who they are. */
export type Proofs =
  /** Tokens are made here, with the secret of the mesh, which each process reads itself. */
  | {readonly type: 'secret'; readonly dataDir: string; readonly secretFile: string | undefined}
  /** Of somebody else's making, one a user. */
  | {readonly type: 'tokens'; readonly users: readonly ForeignUser[]}
  | {readonly type: 'none'}

export interface ForeignUser {
  readonly user: string
  readonly token: string
}

export interface AttackJob {
  /** This is part 0 to parts - 1. */
  readonly part: number
  readonly parts: number
  /** So that other sieges' messages are told apart. */
  readonly run: number
  readonly protocol: 'wsmesh' | 'plain'
  readonly audience: AudienceOptions
  readonly targets: readonly AttackTarget[]
  readonly proofs: Proofs
  /** Of the messages. */
  readonly action: string
  readonly from: 'socket' | 'http' | 'outbox'
  /** Where rows are left, with `from: outbox`. */
  readonly outbox: OpenOutboxOptions | undefined
  readonly connectPerS: number
  readonly stretches: readonly Stretch[]
  readonly detailsBytes: number
  readonly churnPerMinute: number
  readonly slowReadersPercent: number
  /** What has no receipt when its node goes away is sent again under its id. */
  readonly resends: boolean
  readonly localAddresses: readonly string[]
  readonly timeoutMs: number
  readonly drainMs: number
}

/** Counts since the beginning, of one process. */
export interface Tally {
  connectsTried: number
  connectsFailed: number
  connected: number
  connecting: number
  reconnects: number
  closedByServer: number
  slowClosed: number
  sent: number
  accepted: number
  refused: number
  unanswered: number
  dropped: number
  delivered: number
  duplicated: number
  reordered: number
  misdelivered: number
  corrupted: number
  missing: number
  notRecovered: number
  foreign: number
  bytesSent: number
  bytesReceived: number
  errors: number
}

export const TALLY_NAMES: readonly (keyof Tally)[] = [
  'connectsTried', 'connectsFailed', 'connected', 'connecting', 'reconnects', 'closedByServer',
  'slowClosed', 'sent', 'accepted', 'refused', 'unanswered', 'dropped', 'delivered', 'duplicated',
  'reordered', 'misdelivered', 'corrupted', 'missing', 'notRecovered', 'foreign', 'bytesSent',
  'bytesReceived', 'errors',
]

export function emptyTally(): Tally {
  return {
    connectsTried: 0, connectsFailed: 0, connected: 0, connecting: 0, reconnects: 0,
    closedByServer: 0, slowClosed: 0, sent: 0, accepted: 0, refused: 0, unanswered: 0, dropped: 0,
    delivered: 0, duplicated: 0, reordered: 0, misdelivered: 0, corrupted: 0, missing: 0,
    notRecovered: 0, foreign: 0, bytesSent: 0, bytesReceived: 0, errors: 0,
  }
}

/** One second of one process: the tally so far, and what was measured in this second alone. */
export interface PartSecond {
  /** Ends at, since the load began; before that, since connections were opened. */
  readonly atS: number
  readonly isLoad: boolean
  readonly tally: Readonly<Tally>
  /** Deliveries of this second, encoded. */
  readonly histogram: string
  /** Deliveries in each hundredth of it. */
  readonly bins: readonly number[]
  readonly cpuPercent: number
  readonly loopDelayMs: number
  readonly rssBytes: number
}

/** Once all is sent and answered. */
export interface PartSent {
  readonly streams: readonly SentStream[]
}

export interface PartHealth {
  readonly cpuPercent: number
  readonly utilization: number
  readonly loopDelayP99Ms: number
  readonly loopDelayMaxMs: number
  readonly rssBytes: number
  readonly clockFloorUs: number
}

export type Meter =
  | 'service' | 'local' | 'relayed' | 'elsewhere' | 'user' | 'accept' | 'connect' | 'late'
  | 'own'

export function eachMeter<T>(make: (meter: Meter) => T): Readonly<Record<Meter, T>> {
  return {
    service: make('service'), local: make('local'), relayed: make('relayed'),
    elsewhere: make('elsewhere'), user: make('user'), accept: make('accept'),
    connect: make('connect'), late: make('late'), own: make('own'),
  }
}

/** What the fastest message to one connection took. */
export interface FastestMessage {
  readonly connection: number
  readonly us: number
}

export interface PartFinal {
  readonly tally: Readonly<Tally>
  readonly lost: number
  readonly expected: number
  readonly histograms: Readonly<Record<Meter, string>>
  /** Deliveries of messages of each stretch, from their intended sending. */
  readonly stretches: readonly string[]
  readonly errors: readonly CountedError[]
  readonly closes: readonly CountedClose[]
  /** Those with most wrong. */
  readonly connections: readonly ConnectionReport[]
  readonly fastest: readonly FastestMessage[]
  readonly health: PartHealth
}

export interface OpenResult {
  readonly wanted: number
  readonly open: number
  /** Why the others are not, the most frequent first. */
  readonly errors: readonly CountedError[]
}

/** One process of a siege, wherever it runs. Methods are called in this order, each once. */
export interface Attack {
  /** Opens its connections; resolves when all are in or have had their time. */
  open(): Promise<OpenResult>
  /** Load from then on, by `nowUs`; resolves when all is sent, and answered or given up. */
  load(startUs: number): Promise<PartSent>
  /** Waits for what is due, at most the job's drainMs. */
  settle(streams: readonly SentStream[]): Promise<void>
  finish(): Promise<PartFinal>
  /** Nodes have other addresses than the job says; in the same order. */
  retarget(targets: readonly AttackTarget[]): void
  /** The load ends now; what was sent is still waited for. */
  stop(): void
  /** At once. */
  destroy(): void
}

export type OnSecond = (second: PartSecond) => void
