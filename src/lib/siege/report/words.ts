/** What a run means in words: the terminal, the page and JUnit say the same. Pure. */
import {bytes, grouped, plural} from '../../cli/plural.js'
import type {
  FaultReport, LatencyKind, LeakVerdict, RunConfig, RunReport, RunVerdict,
} from '../run-report.js'
import {atText, gapText, latencyText, percentText, rateText, secondsText} from './units.js'

/** How grave: decides the colour, which only stresses the word. */
export type Tone = 'good' | 'bad' | 'unsure'

export interface VerdictWord {
  readonly word: string
  readonly tone: Tone
}

const VERDICTS: Readonly<Record<RunVerdict, VerdictWord>> = {
  pass: {word: 'PASS', tone: 'good'},
  fail: {word: 'FAIL', tone: 'bad'},
  leak: {word: 'LEAK', tone: 'bad'},
  'promise-broken': {word: 'PROMISE BROKEN', tone: 'bad'},
  invalid: {word: 'INVALID', tone: 'unsure'},
  inconclusive: {word: 'INCONCLUSIVE', tone: 'unsure'},
  interrupted: {word: 'INTERRUPTED', tone: 'unsure'},
  unreachable: {word: 'UNREACHABLE', tone: 'bad'},
}

export function verdictWord(verdict: RunVerdict): VerdictWord {
  return VERDICTS[verdict]
}

const LEAK_VERDICTS: Readonly<Record<LeakVerdict, VerdictWord>> = {
  pass: {word: 'PASS', tone: 'good'},
  'pass-plateau': {word: 'PASS (plateau)', tone: 'good'},
  'pass-step': {word: 'PASS (step)', tone: 'good'},
  leak: {word: 'LEAK', tone: 'bad'},
  'warn-native': {word: 'WARN (native)', tone: 'unsure'},
  inconclusive: {word: 'INCONCLUSIVE', tone: 'unsure'},
  invalid: {word: 'INVALID', tone: 'unsure'},
}

export function leakWord(verdict: LeakVerdict): VerdictWord {
  return LEAK_VERDICTS[verdict]
}

/** One sentence behind the verdict's word: the gravest reason, or what passed. */
export function verdictSentence(report: RunReport): string {
  const [first, ...more] = report.reasons
  if (first === undefined) return inShort(report)
  return more.length === 0 ? first : `${first} (and ${more.length} more)`
}

/** Whether the run only churned to see what stays: then there are no deliveries to speak of. */
export function isSoakAlone({leak, latency, seconds}: RunReport): boolean {
  return leak !== null && latency.message === null && seconds.length === 0
}

/** "120 000 deliveries: none lost, doubled or misdelivered; p99 4.62 ms". */
export function inShort(report: RunReport): string {
  const {counts, latency, leak} = report
  if (leak !== null && isSoakAlone(report)) return leak.summary
  const p99 = latency.message === null ? '' : `; p99 ${latencyText(latency.message.p99Us)}`
  return `${counted(counts.delivered, 'delivery', 'deliveries')}: ${wrongsText(counts)}${p99}`
}

/** For nouns that take more than an s. */
export function counted(count: number, one: string, many: string): string {
  return `${grouped(count)} ${count === 1 ? one : many}`
}

function wrongsText(counts: RunReport['counts']): string {
  const {lost, duplicated, misdelivered, corrupted} = counts
  const all = lost + duplicated + misdelivered + corrupted
  if (all === 0) return 'none lost, doubled or misdelivered'
  const wrongs = [
    [lost, 'lost'], [duplicated, 'doubled'], [misdelivered, 'misdelivered'],
    ...(corrupted > 0 ? [[corrupted, 'corrupted']] as const : []),
  ] as const
  return wrongs.map(([count, word]) => `${grouped(count)} ${word}`).join(', ')
}

const TARGETS: Readonly<Record<RunConfig['target'], string>> = {
  user: 'to single users',
  group: 'to groups',
  everyone: 'to everyone',
  echo: 'echoed to their sender',
  mix: 'to users, groups and everyone',
}

const WAYS: Readonly<Record<RunConfig['from'], string>> = {
  socket: '', http: ' by HTTP', outbox: ' by the outbox',
}

/** What was done, as one sentence with the numbers that decide. */
export function setUpSentence(report: RunReport): string {
  const {config, durationS, leak} = report
  const {connections, users, targets, protocol, ratePerS, detailsBytes, target, from} = config
  const ofUsers = protocol === 'plain' ? '' : ` of ${plural(users, 'user')}`
  const to = plural(targets.length, protocol === 'plain' ? 'server' : 'node')
  if (leak !== null && isSoakAlone(report)) {
    return `${plural(leak.cycles, 'cycle')} of ${plural(leak.connectionsPerCycle, 'connection')} `
      + `that come and go at ${to}, for ${secondsText(durationS)}`
  }
  const load = ratePerS === null
    ? 'no messages'
    : `${ratesText(report, ratePerS)} messages/s of ${bytes(detailsBytes)} `
      + `${TARGETS[target]}${WAYS[from]}`
  return `${plural(connections, 'connection')}${ofUsers} at ${to}, ${load}, `
    + `for ${secondsText(durationS)}`
}

/** "2 000", or "200 to 5 126" where the rate changed. */
function ratesText({phases}: RunReport, ratePerS: number): string {
  const rates = [...phases.flatMap((phase) => phase.ratePerS ?? []), ratePerS]
  const [least, most] = [Math.min(...rates), Math.max(...rates)]
  return least === most ? grouped(ratePerS) : `${rateText(least)} to ${rateText(most)}`
}

/** What each kind of latency is, for who reads only the table. */
export const LATENCY_WORDS: Readonly<Record<LatencyKind, string>> = {
  message: 'each delivery, from when its message was due',
  service: 'from when it was really sent',
  local: 'published at the node of its receiver',
  relayed: 'published at another node',
  user: 'for one user',
  accept: 'until the publisher had its receipt',
  connect: 'from when a connection was due until it was let in',
  own: 'what of it is the siege\'s own, at most',
}

/** "no delivery for 152 ms; back at 90 % of the rate after 240 ms; healed after 2.59 s". */
export function faultSentence(fault: FaultReport): string {
  const {atS, healedAtS, gapMs, recoveredAfterMs} = fault
  if (atS === null) return `never happened (planned at ${atText(fault.plannedAtS)})`
  const parts = [
    gapMs === null ? 'the gap was not measured' : `no delivery for ${gapText(gapMs)}`,
    recoveredAfterMs === null
      ? 'never back at 90 % of the rate'
      : `back at 90 % of the rate after ${gapText(recoveredAfterMs)}`,
    ...(healedAtS === null ? [] : [`healed after ${gapText((healedAtS - atS) * 1000)}`]),
  ]
  return parts.join('; ')
}

/** What the load itself cost, and how much of the latencies may be its own: two sentences. */
export function generatorSentences({generator}: RunReport): readonly [string, string] {
  const {cpuPercent, cpuUsPerMessage, nodesCpuPercent, processes} = generator
  const {loopDelayP99Ms, loopDelayMaxMs, lateP99Us, rssBytes, clockSkewUs} = generator
  const nodes = nodesCpuPercent === null || nodesCpuPercent === 0
    ? ''
    : `, ${(cpuPercent / nodesCpuPercent).toFixed(2)} times what the nodes used `
      + `(${percentText(nodesCpuPercent)})`
  const skew = processes > 1 ? `; their clocks agree to ${latencyText(clockSkewUs)}` : ''
  return [
    `${percentText(cpuPercent)} of a core${nodes}; `
      + `${rateText(cpuUsPerMessage)} µs of CPU a message`,
    `loop delay p99 ${delayText(loopDelayP99Ms)}, most ${delayText(loopDelayMaxMs)}; `
      + `messages left ${latencyText(lateP99Us)} late at p99; `
      + `${counted(processes, 'process', 'processes')}, ${bytes(rssBytes)}${skew}`,
  ]
}

function delayText(ms: number): string {
  return latencyText(ms * 1000)
}
