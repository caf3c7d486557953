/**
 * The verdict on one process: exact counts first, then bytes where counts are blind, never the
 * resident set alone. Pure. The rules, and what they were measured on: docs/SIEGE.md, "Soak".
 */
import type {LeakFinding, LeakOfNode, LeakVerdict} from '../run-report.js'
import {bytesFinding, nativeFinding} from './judge-bytes.js'
import type {Bytes} from './judge-bytes.js'
import {cachesOf, fillingCaches, rowsOf, upheavals, withoutCaches} from './sample-rows.js'
import type {Row} from './sample-rows.js'
import type {CycleSample} from './soak-samples.js'
import {withoutPart} from './statistics.js'
import {rise, trendOfCounts, trendOfNoisyCounts} from './trend.js'
import type {Trend} from './trend.js'
import {bestWork} from './which-work.js'

/** Fewer measured cycles tell nothing. */
export const CYCLES_MIN = 12

export interface JudgeOptions {
  /** Growth of the heap below it may be missed: more is INCONCLUSIVE. */
  readonly detectionLimitBytes: number
}

export interface Judged extends Pick<LeakOfNode, 'verdict' | 'summary' | 'findings'> {
  readonly detectionLimitBytes: number | null
  /** Classes whose objects a snapshot should follow, the likeliest first. */
  readonly suspects: readonly string[]
}

/** Of a process: what stopped in it is one of its parts. */
const SUM_OF_ALL = 'live objects'
/** Half an object for a thousand connections, and not by fewer than can be chance. */
const COUNT_RULE = {
  gauge: {byMin: 3, perUnitMin: 0.0005}, objects: {byMin: 8, perUnitMin: 0.0005},
} as const
/** Objects that came once and stayed are told from so many on: code is loaded when first used. */
const TOLD_FROM = 500
/** Findings that are shown; the likeliest first. */
const FINDINGS_MAX = 20

export function judgeServer(
  samples: readonly CycleSample[], lost: string | undefined, options: JudgeOptions,
): Judged {
  const measured = samples.filter(({isWarmUp}) => !isWarmUp)
  const why = whyInvalid(samples, measured.length, lost)
  if (why !== undefined) return verdictOf('invalid', why, [], null)
  const work = measured.map((sample) => sample.work)
  const connections = work.map(({connection = 0}) => connection)
  const processes = measured.map(({sample}) => sample)
  const caches = cachesOf(processes)
  const {found, limit} = findingsOf(measured)
  const filling = fillingCaches(caches, rise(connections))
  const masters = upheavals(caches, measured.map(({leads}) => leads))
  const isSure = filling.length > 0 ? nothing : masters > 0 ? leaksInOnePart(measured) : anything
  const findings = found.map((one) => isSum(one) && !isSure(one.name) ? doubted(one) : one)
  const isClean = findings.every(({verdict}) => verdict !== 'leak')
  const native = nativeFinding(processes.map(({rssBytes}) => rssBytes), work)
  if (isClean && native !== undefined) findings.push(native)
  return sentence(findings.slice(0, FINDINGS_MAX), {filling, masters, limit, options})
}

/** What grows in these samples, and what growth of the heap would have been seen. */
function findingsOf(
  samples: readonly CycleSample[],
): {readonly found: readonly LeakFinding[]; readonly limit: number | null} {
  const work = samples.map((sample) => sample.work)
  const processes = samples.map(({sample}) => sample)
  const caches = cachesOf(processes)
  const connections = work.map(({connection = 0}) => connection)
  const rows = rowsOf(processes).map((row) =>
    row.tier === 'gauge' ? row : {...row, values: withoutCaches(row, caches)})
  const exact = countFindings(rows.filter(({kind}) => kind === 'exact'), work)
  const totals = rows.filter(({kind}) => kind === 'total')
  const sums = totals.flatMap((row) => {
    const {values, isMostly} = without(stoppedAmong(exact, rows), row.values, connections)
    return countFindings([{...row, values}], work)
      .map(({finding}) => ({row, finding: isMostly ? doubted(finding) : finding}))
  })
  const counts = byWeight([...exact, ...sums])
  const stopped = stoppedAmong(counts, rows)
  const bytes = (name: Bytes['name'], all: readonly number[]) => {
    const {values, isMostly} = without(stopped, all, connections)
    const {findings, ...told} = bytesFinding({name, values, work, caches})
    const entries = stopped === undefined ? 0 : rise(stopped.values)
    const mayBeTheirs = isMostly || (name === 'heap' && rise(all) < ENTRY_BYTES * entries)
    return {...told, findings: mayBeTheirs ? findings.map(doubted) : findings}
  }
  const heap = bytes('heap', processes.map(({heapBytes}) => heapBytes))
  const external = bytes('external memory', processes.map(({externalBytes}) => externalBytes))
  const found = [...counts.map(({finding}) => finding), ...heap.findings, ...external.findings]
  return {found, limit: heap.detectionLimitBytes}
}

/** Of what stopped to grow, or may have, what grew most. Steps are told in sums, too. */
function stoppedAmong(found: readonly Found[], rows: readonly Row[]): Row | undefined {
  const names = new Set(found.flatMap(({finding: {verdict, name}}) =>
    verdict === 'leak' || verdict === 'pass-step' || name === SUM_OF_ALL ? [] : [name]))
  return rows.filter(({name}) => names.has(name))
    .toSorted((a, b) => rise(b.values) - rise(a.values))[0]
}

/** What one entry of a cache may well weigh. */
const ENTRY_BYTES = 200
/** Growth that is left beside what stopped is sure when it is at least this part of all. */
const LEFT_SURE = 0.5

/** What stopped to grow is in sums and bytes too, where noise would hide that it stopped. */
function without(
  stopped: Row | undefined, all: readonly number[], connections: readonly number[],
): {readonly values: readonly number[]; readonly isMostly: boolean} {
  if (stopped === undefined) return {values: all, isMostly: false}
  const values = withoutPart(connections, all, stopped.values)
  return {values, isMostly: rise(values) < LEFT_SURE * rise(all)}
}

/** Fewer samples in one part of the mesh do not tell whether a sum goes on to grow. */
const ONE_PART_MIN = 8

/** What leaks while the process was always master, or never, for as long as that lasted. */
function leaksInOnePart(samples: readonly CycleSample[]): (name: string) => boolean {
  const parts: CycleSample[][] = []
  for (const sample of samples) {
    const last = parts.at(-1)
    if (last?.[0]?.leads === sample.leads) last?.push(sample)
    else parts.push([sample])
  }
  const [longest = []] = parts.toSorted((a, b) => b.length - a.length)
  if (parts.length === 1 || longest.length < ONE_PART_MIN) return nothing
  const {found} = findingsOf(longest)
  const leaks = new Set(found.filter(({verdict}) => verdict === 'leak').map(({name}) => name))
  return (name) => leaks.has(name)
}

function nothing(): boolean {
  return false
}

function anything(): boolean {
  return true
}

/** Counts of one thing are told without the caches' own; bytes and sums of all things cannot be. */
function isSum({tier, name}: LeakFinding): boolean {
  return tier === 'bytes' || (tier === 'objects' && !name.startsWith('class '))
}

function doubted(finding: LeakFinding): LeakFinding {
  return finding.verdict === 'leak' ? {...finding, verdict: 'inconclusive'} : finding
}

function whyInvalid(
  samples: readonly CycleSample[], measured: number, lost: string | undefined,
): string | undefined {
  const restarted = samples.findIndex(({sample}, index) => {
    const before = samples[index - 1]?.sample
    return before !== undefined
      && (sample.pid !== before.pid || sample.uptimeMs < before.uptimeMs)
  })
  if (restarted !== -1) {
    return `its process was another one after cycle ${samples[restarted]?.cycle ?? 0}: restarted`
  }
  if (lost !== undefined) return lost
  if (measured >= CYCLES_MIN) return undefined
  return `${measured} cycles were measured, ${CYCLES_MIN} are needed`
}

interface Found {
  readonly row: Row
  readonly finding: LeakFinding
}

function countFindings(
  rows: readonly Row[], work: readonly Readonly<Record<string, number>>[],
): readonly Found[] {
  const connections = work.map(({connection = 0}) => connection)
  return byWeight(rows.flatMap((row) => {
    const trend = row.kind === 'exact'
      ? trendOfCounts(row.values, connections, COUNT_RULE[row.tier])
      : trendOfNoisyCounts(row.values, connections, COUNT_RULE[row.tier].perUnitMin)
    const finding = findingOf(row, trend, work)
    return finding === undefined ? [] : [{row, finding}]
  }))
}

function byWeight(found: readonly Found[]): readonly Found[] {
  return found.toSorted((a, b) => weight(b.finding, b.row) - weight(a.finding, a.row))
}

/** Leaks before caches, names before sums, own numbers before classes, much before little. */
function weight({verdict}: LeakFinding, {tier, kind, values, name}: Row): number {
  const grave = verdict === 'leak' ? 8 : verdict === 'inconclusive' ? 4 : 0
  const isOwn = /^class [A-Z]\w+$/.test(name) && !BUILT_IN.test(name)
  const isOfSystem = /^(?:listeners of|handles|open files)/.test(name)
  const named = tier === 'gauge' && !isOfSystem ? 4
    : isOwn ? 3 : tier === 'gauge' ? 2 : kind === 'exact' ? 1 : 0
  return grave + named + Math.min(0.9, Math.log10(1 + Math.abs(rise(values))) / 10)
}

const BUILT_IN = /^class (?:Object|Array|Map|Set|Promise|Date|Error|Uint8Array|Buffer|ArrayBuffer)$/

const VERDICTS: Readonly<Record<Exclude<Trend['type'], 'flat'>, LeakVerdict>> = {
  growth: 'leak', slowing: 'inconclusive', plateau: 'pass-plateau', step: 'pass-step',
}

function findingOf(
  {name, tier, values}: Row, trend: Trend, work: readonly Readonly<Record<string, number>>[],
): LeakFinding | undefined {
  if (trend.type === 'flat') return undefined
  const isOver = trend.type === 'step' || trend.type === 'plateau'
  if (isOver && tier === 'objects' && trend.by < TOLD_FROM) return undefined
  const best = bestWork(values, work)
  const from = Math.round(values[0] ?? 0)
  const to = Math.round(values.at(-1) ?? 0)
  const with_ = best.kind === undefined ? '' : `; it goes with the visits of kind ${best.kind}`
  return {
    verdict: VERDICTS[trend.type],
    tier,
    name,
    growth: trend.type === 'growth' || trend.type === 'slowing' ? best.growth : null,
    per: best.per,
    evidence: `${from} → ${to} over ${values.length} samples${with_}`,
  }
}

interface Circumstances {
  readonly filling: readonly string[]
  /** Changes of the master, if they matter. */
  readonly masters: number
  readonly limit: number | null
  readonly options: JudgeOptions
}

function sentence(
  findings: readonly LeakFinding[], {filling, masters, limit, options}: Circumstances,
): Judged {
  const [leak] = findings.filter(({verdict}) => verdict === 'leak')
  const [slowing] = findings.filter(({verdict}) => verdict === 'inconclusive')
  const [native] = findings.filter(({verdict}) => verdict === 'warn-native')
  const limitText = limit === null ? 'unknown' : `${limit.toFixed(0)} B a connection`
  const isBlind = limit === null || limit > options.detectionLimitBytes
  if (leak) return verdictOf('leak', inWords(leak), findings, limit)
  if (filling.length > 0) {
    const why = `a cache was still being filled (${filling.join(', ')}): more --warm-up is needed`
    return verdictOf('inconclusive', why, findings, limit)
  }
  if (slowing) {
    const why = masters > 0 && isSum(slowing)
      ? `${inWords(slowing)}, but the master changed ${timesOf(masters)}: a machine with less to `
        + 'do tells whether it is a leak'
      : `${inWords(slowing)}, more slowly than at first: a cache that fills, or a leak`
    return verdictOf('inconclusive', why, findings, limit)
  }
  if (isBlind) {
    const why = `nothing grew, but less than ${limitText} would not have been seen`
    return verdictOf('inconclusive', why, findings, limit)
  }
  if (native) return verdictOf('warn-native', inWords(native), findings, limit)
  const rest = `; ${limitText} would have been seen`
  const [plateau] = findings.filter(({verdict}) => verdict === 'pass-plateau')
  if (plateau) {
    const why = `${plateau.name} grew and stopped (${plateau.evidence})${rest}`
    return verdictOf('pass-plateau', why, findings, limit)
  }
  const [step] = findings.filter(({verdict}) => verdict === 'pass-step')
  const why = step ? `${step.name} rose once (${step.evidence})${rest}` : `nothing grew${rest}`
  return verdictOf(step ? 'pass-step' : 'pass', why, findings, limit)
}

function timesOf(count: number): string {
  return count === 1 ? 'meanwhile' : `${count} times`
}

export function inWords({name, growth, per, evidence, tier}: LeakFinding): string {
  if (growth === null) return `${name}: ${evidence}`
  const unit = tier === 'bytes' || tier === 'native' ? ' bytes' : ''
  return `${name} grows by ${amount(growth)}${unit} for each ${per} (${evidence})`
}

function amount(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 0.095 ? 2 : 4
  return value.toFixed(digits)
}

function verdictOf(
  verdict: LeakVerdict, summary: string, findings: readonly LeakFinding[],
  detectionLimitBytes: number | null,
): Judged {
  const grave = findings.filter((finding) => finding.verdict === 'leak')
  const classes = grave.filter(({name}) => name.startsWith('class ')).map(({name}) => name.slice(6))
  const collections = grave.flatMap(({name}) => LARGEST[name] ?? [])
  const suspects = [...collections.slice(0, 2), ...classes].slice(0, 6)
  return {verdict, summary, findings, detectionLimitBytes, suspects}
}

const LARGEST: Readonly<Record<string, string>> = {
  'keys in Maps': 'largest Map',
  'members of Sets': 'largest Set',
  'items of arrays': 'largest Array',
  'properties of objects': 'largest Object',
}
