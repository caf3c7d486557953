/** A node in numbers, as /stats and the operators' commands show it. */
import type {MeterReading} from '../protocol/meter-frame.js'
import type {NodeStats} from '../protocol/operator-frame.js'
import {formatPosition} from '../protocol/position.js'
import type {NodeId} from '../util/brand.js'
import type {ClientRegistry} from './client-registry.js'
import type {Clients} from './clients.js'
import type {Counters, Rate} from './counters.js'
import type {LoopDelay} from './loop-delay.js'
import type {Meter} from './metrics/meter.js'
import type {NodeStatus} from './node-status.js'
import type {Operators} from './operators.js'
import type {OutboxDrain} from './outbox/outbox-drain.js'
import type {Relay} from './relay.js'

export interface StatsParts {
  readonly id: NodeId
  readonly version: string
  readonly apiUrl: string
  readonly startedMs: number
  readonly now: () => number
  readonly relay: Relay
  readonly meter: Meter
  readonly status: NodeStatus
  readonly registry: ClientRegistry
  readonly clients: Clients
  readonly operators: Operators
  readonly counters: Counters
  readonly inRate: Rate
  readonly outRate: Rate
  readonly loopDelay: LoopDelay
  readonly outbox: OutboxDrain | undefined
}

export function nodeStats(
  parts: StatsParts,
): NodeStats & {readonly meter: MeterReading} {
  const core = parts.relay.stats()
  const memory = process.memoryUsage()
  return {
    node: parts.id,
    version: parts.version,
    pid: process.pid,
    apiUrl: parts.apiUrl,
    role: parts.status.role,
    ...(core.relay !== undefined && {relay: core.relay}),
    term: core.term,
    epoch: core.epoch,
    master: core.master ?? null,
    position: formatPosition(core.position),
    uptimeS: Math.round((parts.now() - parts.startedMs) / 1000),
    rssBytes: memory.rss,
    heapBytes: memory.heapUsed,
    loopDelayMs: parts.loopDelay.longestMs,
    connections: parts.registry.size,
    users: parts.registry.users,
    guests: parts.registry.guests,
    operators: parts.operators.count,
    links: parts.relay.links.count,
    timers: countTimers(),
    queueBytes: parts.clients.queueBytes(),
    outboxMessages: core.outboxMessages,
    historyMessages: core.historyMessages,
    historyBytes: core.historyBytes,
    view: core.view,
    inPerS: parts.inRate.perS,
    outPerS: parts.outRate.perS,
    ...outboxStats(parts.outbox),
    counters: {...core.counters, ...parts.counters.all()},
    meter: readMeter(parts, core.leaseAgeMs),
  }
}

/** What changes with time is looked at. Expected about every second or more often. */
export function sampleStats(parts: StatsParts, nowMs: number): void {
  const {inRate, outRate, loopDelay, outbox, meter, relay} = parts
  for (const each of [inRate, outRate, loopDelay, outbox, meter, relay]) each?.sample(nowMs)
}

function readMeter(
  {relay, meter, status, outbox}: StatsParts, leaseAgeMs: number,
): MeterReading {
  const outboxLagMs = outbox?.lagMs
  return {
    isDraining: status.isDraining,
    cpuShare: meter.cpuShare,
    leaseAgeMs: Math.round(leaseAgeMs),
    latency: meter.latencies(),
    links: relay.readLinks(),
    ...(outboxLagMs !== undefined && {outboxLagMs: Math.round(outboxLagMs)}),
  }
}

function outboxStats(outbox: OutboxDrain | undefined): Pick<NodeStats, 'outboxRowsPerS'> {
  const rowsPerS = outbox?.rowsPerS
  return rowsPerS === undefined ? {} : {outboxRowsPerS: rowsPerS}
}

/** Timers of the whole process, whoever set them: a leak shows wherever it is. */
function countTimers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
}
