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
  const counts = countFindings(rowsOf(processes).map((row) =>
    row.tier === 'gauge' ? row : {...row, values: withoutCaches(row, caches)}), work)
  const bytes = (name: Bytes['name'], values: readonly number[]) =>
    bytesFinding({name, values, work, caches})
  const heap = bytes('heap', processes.map(({heapBytes}) => heapBytes))
  const external = bytes('external memory', processes.map(({externalBytes}) => externalBytes))
  const filling = fillingCaches(caches, rise(connections))
  const inBytes = [...heap.findings, ...external.findings]
  const masters = upheavals(caches, measured.map(({leads}) => leads))
  const isDoubtful = filling.length > 0 || masters > 0
  const findings = [...counts, ...inBytes].map((finding) =>
    isSum(finding) ? doubted(finding, isDoubtful) : finding)
  const isClean = findings.every(({verdict}) => verdict !== 'leak')
  const native = nativeFinding(processes.map(({rssBytes}) => rssBytes), work)
  if (isClean && native !== undefined) findings.push(native)
  const limit = heap.detectionLimitBytes
  return sentence(findings.slice(0, FINDINGS_MAX), {filling, masters, limit, options})
}

/** Counts of one thing are told without the caches' own; bytes and sums of all things cannot be. */
function isSum({tier, name}: LeakFinding): boolean {
  return tier === 'bytes' || (tier === 'objects' && !name.startsWith('class '))
}

function doubted(finding: LeakFinding, isDoubtful: boolean): LeakFinding {
  return isDoubtful && finding.verdict === 'leak' ? {...finding, verdict: 'inconclusive'} : finding
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

function countFindings(
  rows: readonly Row[], work: readonly Readonly<Record<string, number>>[],
): LeakFinding[] {
  const connections = work.map(({connection = 0}) => connection)
  const found = rows.flatMap((row) => {
    const trend = row.kind === 'exact'
      ? trendOfCounts(row.values, connections, COUNT_RULE[row.tier])
      : trendOfNoisyCounts(row.values, connections, COUNT_RULE[row.tier].perUnitMin)
    const finding = findingOf(row, trend, work)
    return finding === undefined ? [] : [{row, finding}]
  })
  return found
    .toSorted((a, b) => weight(b.finding, b.row) - weight(a.finding, a.row))
    .map(({finding}) => finding)
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
