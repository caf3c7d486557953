/**
 * What the page and the admin process say to each other, over one WebSocket: JSON text. Types
 * alone, so that the page can import them. Times `at` are milliseconds since 1970.
 */

/** A viewer sees; an operator acts. */
export type Role = 'viewer' | 'operator'

export type NodeState = 'up' | 'draining' | 'isolated' | 'stale' | 'unreachable'

/** What a node can be asked to do. */
export const NODE_ACTS = ['drain', 'restart', 'stop', 'step-down'] as const
export type NodeActName = (typeof NODE_ACTS)[number]

export interface NodeRow {
  readonly id: string
  readonly order: number | null
  readonly role: string
  readonly state: NodeState
  /** Why it does not answer. */
  readonly why: string | null
  readonly clientUrl: string | null
  readonly nodeUrl: string
  readonly version: string | null
  readonly pid: number | null
  readonly uptimeS: number | null
  readonly clients: number | null
  readonly users: number | null
  readonly inPerS: number | null
  readonly outPerS: number | null
  /** Messages of the log that came to it in the last second: what the master relays to it. */
  readonly relayedPerS: number | null
  /** How many messages of the log it is behind the master. */
  readonly behind: number | null
  /** From the admin process to the node and back. */
  readonly rttMs: number | null
  readonly loopDelayMs: number | null
  readonly rssBytes: number | null
  readonly queueBytes: number | null
  /** Clients that it closed since its start, as they read too slowly. */
  readonly slowConsumers: number | null
  readonly isCopy: boolean
  /** Its process is kept by a supervisor of this machine that this data folder knows. */
  readonly supervisorPid: number | null
}

export interface Totals {
  readonly inPerS: number
  readonly outPerS: number
  readonly relayedPerS: number
  readonly clients: number
  readonly users: number
  /** The worst of all nodes. */
  readonly loopDelayMs: number
  /** Of all nodes together. */
  readonly rssBytes: number
  readonly queueBytes: number
}

export const SERIES = [
  'inPerS', 'outPerS', 'relayedPerS', 'clients', 'users', 'loopDelayMs', 'rssBytes', 'queueBytes',
] as const
export type SeriesName = (typeof SERIES)[number]

export interface Alert {
  /** bad: messages or clients are in danger; warn: look at it by day. */
  readonly tone: 'bad' | 'warn'
  readonly text: string
  /** What to do. */
  readonly hint: string | null
}

export type EventKind =
  | 'joined' | 'left' | 'silent' | 'back' | 'master' | 'restarted'
  | 'slow-consumers' | 'errors' | 'act' | 'admin'

export interface EventRow {
  /** Counts up without gaps: a page knows what it has. */
  readonly seq: number
  readonly at: number
  readonly kind: EventKind
  readonly tone: 'bad' | 'warn' | 'good' | 'plain'
  readonly node: string | null
  readonly text: string
}

/** A supervisor that was started on this machine. */
export interface LocalNode {
  readonly supervisorPid: number
  readonly nodeId: string | null
  readonly command: string
  readonly startedAt: number
  /** starting: its node is no part of the mesh yet. */
  readonly state: 'starting' | 'running'
}

export interface SiegeSettings {
  readonly connections: number
  readonly rate: number
  readonly timeS: number
}

/** Bounds of a siege that is started with a click. */
export const SIEGE_MAX: SiegeSettings = {connections: 500, rate: 2000, timeS: 120}

export interface SiegeState {
  /** Counts the sieges of this admin process. */
  readonly run: number
  readonly state: 'running' | 'ended'
  readonly command: string
  readonly settings: SiegeSettings
  readonly startedAt: number
  readonly elapsedS: number
  readonly connected: number
  readonly sent: number
  readonly delivered: number
  readonly missing: number
  /** Connections that nodes ended, as one that is stopped does. */
  readonly closed: number
  /** Deliveries that were due; null until it has ended. */
  readonly expected: number | null
  /** Of the last second of the run, then of all of it. */
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  /** When it has ended. */
  readonly verdict: string | null
  readonly reasons: readonly string[]
  readonly lost: number | null
  readonly hasReport: boolean
}

export interface Snapshot {
  readonly type: 'snapshot'
  readonly at: number
  readonly master: string | null
  readonly term: number
  readonly expected: number | null
  readonly nodes: readonly NodeRow[]
  readonly totals: Totals
  readonly alerts: readonly Alert[]
  /** Those that this page has not been sent. */
  readonly events: readonly EventRow[]
  readonly local: readonly LocalNode[]
  readonly siege: SiegeState | null
  /** Pages that look, this one too. */
  readonly pages: number
}

export interface Hello {
  readonly type: 'hello'
  readonly role: Role
  /** What this page may ask for: it shows no button for anything else. */
  readonly may: readonly Ask['ask'][]
  /** Of the acts on nodes those that there are buttons for. */
  readonly acts: readonly NodeActName[]
  readonly version: string
  /** Without a password. */
  readonly pool: string
  /** Of the machine where the admin runs: Start starts a node there. */
  readonly host: string
  /** How commands begin here: "wsmesh" or "npx wsmesh", then come the flags of this mesh. */
  readonly command: string
  readonly commandFlags: string
  /** What Start does: "serve … --port 0". */
  readonly serve: string
}

export interface History {
  readonly node: string | null
  /** Seconds since 1970, rising. */
  readonly at: readonly number[]
  readonly series: Readonly<Record<SeriesName, readonly (number | null)[]>>
}

export interface UserRow {
  /** Null: all guests. */
  readonly user: string | null
  readonly connections: number
  readonly byNode: Readonly<Record<string, number>>
  readonly groups: readonly string[]
  readonly sessions: number
  readonly since: number
  readonly queueBytes: number
}

export interface UserTab {
  readonly node: string
  readonly connection: string
  /** Its first characters: a session's id is often all that proves it. */
  readonly session: string | null
  readonly since: number
  readonly queueBytes: number
  readonly language: string | null
  readonly userAgent: string | null
}

export interface UserPage {
  readonly users: readonly UserRow[]
  /** Of the user or session that was searched for. */
  readonly tabs: readonly UserTab[] | null
  readonly connections: number
  /** Ask again with it as `after`; null: that was the last page. */
  readonly next: string | null
  readonly warnings: readonly string[]
}

export interface SentTo {
  readonly connections: number
  readonly byNode: Readonly<Record<string, number>>
  readonly missing: readonly string[]
  readonly position: string | null
  readonly ms: number
}

export type TargetKind = 'user' | 'group' | 'session' | 'registered' | 'everyone'

/** What a page asks for; each has one answer with the same id. */
export type Ask =
  | {readonly ask: 'look'; readonly isOn: boolean}
  | {readonly ask: 'history'; readonly node: string | null; readonly span: '10m' | '6h'}
  | {
      readonly ask: 'users'
      /** user: this one, and those whose names begin so. one: this one alone, tab by tab. */
      readonly by: 'user' | 'one' | 'group' | 'session'
      readonly text: string
      readonly after: string | null
    }
  | {
      readonly ask: 'kick'
      readonly by: 'user' | 'connection'
      readonly value: string
      readonly reason: string
    }
  | {readonly ask: 'trace'; readonly user: string | null}
  | {
      readonly ask: 'send'
      readonly action: string
      /** JSON text. */
      readonly details: string
      readonly target: TargetKind
      readonly value: string
    }
  | {readonly ask: 'act'; readonly node: string; readonly act: NodeActName; readonly name: string}
  | {readonly ask: 'remove'; readonly node: string}
  | {readonly ask: 'start'}
  | ({readonly ask: 'siege'} & SiegeSettings)
  | {readonly ask: 'end-siege'}

export type Request = Ask & {readonly id: number}

/** What each question is answered with. */
export interface AnswerOf {
  readonly look: null
  readonly history: History
  readonly users: UserPage
  readonly kick: SentTo
  readonly trace: null
  readonly send: SentTo
  readonly act: {readonly text: string}
  readonly remove: {readonly text: string}
  readonly start: {readonly text: string}
  readonly siege: null
  readonly 'end-siege': null
}

export interface Failure {
  readonly code: string
  readonly message: string
  readonly hint: string | null
}

export interface TraceRow {
  readonly at: number
  readonly action: string
  readonly origin: string
  readonly position: string
  /** JSON text, cut where it gets long. */
  readonly details: string
}

export type ServerMessage =
  | Hello
  | Snapshot
  | {readonly type: 'answer'; readonly id: number; readonly ok: true; readonly result: unknown}
  | {readonly type: 'answer'; readonly id: number; readonly ok: false; readonly error: Failure}
  | {readonly type: 'trace'; readonly user: string; readonly row: TraceRow}
  /** Nobody is followed any more: the time or the count is over, or the page asked for it. */
  | {readonly type: 'trace-ended'; readonly user: string; readonly why: string}
