/**
 * Every limit of a node that can be set (P9): one table, from which come the flags of `serve`, the
 * settings of wsmesh.config.json, the defaults, and the test that docs/OPERATIONS.md has them all.
 * What the wire allows at most is in protocol/limits.ts.
 */
import {LIMITS} from '../protocol/limits.js'
import {assert} from '../util/assert.js'
import type {CounterName} from './counters.js'

export interface Limit {
  readonly flag: string
  readonly unit: 'bytes' | 'count' | 'per second' | 'ms'
  readonly default: number
  readonly min: number
  readonly max: number
  /** What /stats counts when it is reached. */
  readonly counter: CounterName
  /** Of the flag. */
  readonly summary: string
}

const COUNT_MAX = 1_000_000
const BYTES_MAX = 1024 ** 3

export const NODE_LIMITS = {
  clientsMax: count('max-clients', 50_000, 1, 'clientsRefusedTooMany', 'more get 503'),
  connectionsPerUser: count(
    'max-per-user', 500, 1, 'clientsRefusedUser', 'connections of one user at this node',
  ),
  connectionsPerAddress: count(
    'max-per-address', 20_000, 1, 'clientsRefusedAddress', 'and of one address: more get 429',
  ),
  connectsPerSecond: rate(
    'max-connects-per-second', 1000, 'clientsRefusedPace', 'of clients: more wait; 0: no limit',
  ),
  unknownClientsMax: count(
    'max-unauthenticated', 12_500, 1, 'clientsDroppedUnknown',
    'clients without a proof: the oldest goes for the next',
  ),
  pendingConnectionsMax: count(
    'max-pending', 5000, 1, 'connectionsDropped', 'and connections without a whole request',
  ),
  handshakeMs: {
    flag: 'handshake-timeout', unit: 'ms', default: LIMITS.handshakeMs, min: 100, max: 600_000,
    counter: 'authenticationTimeouts', summary: 'no proof within this closes',
  },
  authTimeoutMs: {
    flag: 'auth-timeout', unit: 'ms', default: 3000, min: 10, max: 60_000,
    counter: 'authenticationsUnavailable', summary: 'no answer of database or application: 503',
  },
  authAtOnce: count(
    'auth-concurrency', 32, 1, 'authenticationsUnavailable', 'questions to each of them at once',
    10_000,
  ),
  authWaitingMax: count(
    'auth-queue', 1000, 0, 'authenticationsUnavailable', 'and that wait: more get 503',
  ),
  actionsPerSecond: rate(
    'max-actions-per-second', 100, 'actionsRefused', 'of one connection: more get 429; 0: no limit',
  ),
  userActionsPerSecond: rate(
    'max-user-actions-per-second', 1000, 'userActionsRefused',
    'of one user at this node; 0: no limit',
  ),
  handlersPerClient: count(
    'max-handlers', 32, 1, 'handlersBusy', 'actions of one connection at once: more get 429',
  ),
  handlersPerNode: count(
    'max-handlers-total', 10_000, 1, 'handlersBusyTotal', 'and of all: more get 503',
  ),
  handlerTimeoutMs: {
    flag: 'handler-timeout', unit: 'ms', default: 30_000, min: 1, max: 3_600_000,
    counter: 'handlerTimeouts', summary: 'a handler that takes longer: 504',
  },
  clientFrameBytes: {
    flag: 'max-message-bytes', unit: 'bytes', default: LIMITS.clientFrameBytes, min: 256,
    max: 1024 ** 2, counter: 'framesTooBig', summary: 'one message of a client',
  },
  detailsDepth: count(
    'max-details-depth', 32, 1, 'framesTooDeep', 'nesting of its details', LIMITS.jsonDepth - 1,
  ),
  clientQueueBytes: {
    flag: 'client-queue-bytes', unit: 'bytes', default: 1024 ** 2, min: 1024, max: BYTES_MAX,
    counter: 'slowConsumers', summary: 'a client for whom more waits is closed',
  },
  headerBytes: {
    flag: 'max-header-bytes', unit: 'bytes', default: 16 * 1024, min: 1024, max: 1024 ** 2,
    counter: 'headersTooBig', summary: 'headers of one request: more get 431',
  },
  pingMs: {
    flag: 'ping-interval', unit: 'ms', default: LIMITS.pingMs, min: 100, max: 3_600_000,
    counter: 'missedPongs', summary: 'how often clients are asked whether they live',
  },
  unansweredPingsMax: count(
    'max-missed-pings', 2, 1, 'missedPongs', 'pings without an answer that close', 100,
  ),
  webhookTimeoutMs: {
    flag: 'webhook-timeout', unit: 'ms', default: 5000, min: 10, max: 300_000,
    counter: 'webhooksFailed', summary: 'no answer of the application by then: 504',
  },
  webhooksAtOnce: count(
    'webhook-concurrency', 32, 1, 'webhooksBusy', 'requests of one --webhook at once', 10_000,
  ),
  webhooksWaitingMax: count(
    'webhook-queue', 1000, 0, 'webhooksBusy', 'and that wait: more get 503',
  ),
  webhookEventsMax: count(
    'webhook-events-queue', 10_000, 1, 'webhookEventsDropped', 'events that wait: more are dropped',
  ),
} as const satisfies Readonly<Record<string, Limit>>

export type LimitName = keyof typeof NODE_LIMITS

/** The unit of each is in its name, or it is a count. */
export type NodeLimits = Readonly<Record<LimitName, number>>

export function limitEntries(): readonly (readonly [LimitName, (typeof NODE_LIMITS)[LimitName]])[] {
  return LIMIT_NAMES.map((name) => [name, NODE_LIMITS[name]])
}

const LIMIT_NAMES: readonly LimitName[] = Object.keys(NODE_LIMITS).filter(
  (name): name is LimitName => name in NODE_LIMITS,
)

/** One value for each limit, whatever it comes from. */
export function limitsFrom(valueOf: (limit: Limit) => number): NodeLimits {
  const values: Partial<Record<LimitName, number>> = {}
  for (const [name, limit] of limitEntries()) values[name] = valueOf(limit)
  assert(isWhole(values), 'A limit has no value')
  return values
}

function isWhole(values: Partial<Record<LimitName, number>>): values is NodeLimits {
  return LIMIT_NAMES.every((name) => values[name] !== undefined)
}

export function defaultNodeLimits(): NodeLimits {
  return limitsFrom((limit) => limit.default)
}

function count<const F extends string>(
  flag: F,
  value: number,
  min: number,
  counter: CounterName,
  summary: string,
  max = COUNT_MAX,
): Limit & {readonly flag: F} {
  return {flag, unit: 'count', default: value, min, max, counter, summary}
}

/** 0 is no limit. */
function rate<const F extends string>(
  flag: F,
  value: number,
  counter: CounterName,
  summary: string,
): Limit & {readonly flag: F} {
  return {flag, unit: 'per second', default: value, min: 0, max: COUNT_MAX, counter, summary}
}
