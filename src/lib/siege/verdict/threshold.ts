/** `metric[.stat] op value[unit]`, such as latency.p99<50ms: parsed, and measured. */
import {WsmeshError} from '../../util/errors.js'
import type {ThresholdResult} from '../run-report.js'
import {METRIC_NAMES, METRICS_IN_SHORT, metricNamed} from './metrics.js'
import type {MeasuredRun, Metric, Unit} from './metrics.js'
import {inWords} from './in-words.js'

export interface Threshold {
  /** As it was typed. */
  readonly text: string
  readonly name: string
  readonly metric: Metric
  readonly operator: Operator
  /** In the metric's own unit. */
  readonly limit: number
  readonly isBuiltIn: boolean
}

const OPERATORS = {
  '<=': (value, limit) => value <= limit,
  '>=': (value, limit) => value >= limit,
  '==': (value, limit) => value === limit,
  '!=': (value, limit) => value !== limit,
  '<': (value, limit) => value < limit,
  '>': (value, limit) => value > limit,
} as const satisfies Record<string, (value: number, limit: number) => boolean>
type Operator = keyof typeof OPERATORS

/** What a unit is, in the unit of the metric. */
const FACTORS: Readonly<Record<Unit, Readonly<Record<string, number>>>> = {
  us: {us: 1, µs: 1, ms: 1000, s: 1e6},
  ms: {us: 0.001, µs: 0.001, ms: 1, s: 1000},
  count: {'': 1},
  percent: {'%': 1},
  perS: {'': 1, '/s': 1},
  bytes: {'': 1, B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, kB: 1e3, MB: 1e6, GB: 1e9},
}

const GRAMMAR = /^\s*([a-z]+(?:\.[a-z0-9.]+)?)\s*(<=|>=|==|!=|<|>)\s*(\d+(?:\.\d+)?)\s*(\S*)\s*$/i

/** Throws USAGE. */
export function parseThreshold(text: string, isBuiltIn = false): Threshold {
  const match = GRAMMAR.exec(text)
  if (match === null) {
    throw wrong(text, 'it has the form METRIC OPERATOR VALUE', ["--threshold 'latency.p99<50ms'"])
  }
  const [, name = '', operator = '', value = '', unit = ''] = match
  const metric = metricNamed(name.toLowerCase())
  if (metric === undefined) throw wrong(text, `there is no metric ${name}`, similar(name))
  const factor = FACTORS[metric.unit][unit]
  if (factor === undefined || !isOperator(operator)) throw wrong(text, unitsOf(name, metric), [])
  return {
    text: text.replaceAll(/\s+/g, ''), name: name.toLowerCase(), metric, operator, isBuiltIn,
    limit: Number(value) * factor,
  }
}

export function measure(threshold: Threshold, run: MeasuredRun): ThresholdResult {
  const {text, isBuiltIn, metric, operator, limit} = threshold
  const value = metric.value(run)
  if (value === null) return {text, isBuiltIn, ok: false, value, valueText: 'nothing was measured'}
  const ok = OPERATORS[operator](value, limit)
  return {text, isBuiltIn, ok, value, valueText: inWords(value, metric.unit)}
}

/**
 * What must hold without being asked for. Under a fault connections may be closed: that the
 * messages reach them all the same is what counts.
 */
export function builtInThresholds(options: {
  readonly hasFaults: boolean
  /** Pages are asked, and no messages sent. */
  readonly isHttpGet?: boolean
  readonly asked: readonly Threshold[]
}): readonly Threshold[] {
  const asked = new Set(options.asked.map(({name}) => name))
  const texts = options.isHttpGet === true ? ['refused==0', 'unanswered==0'] : [
    'lost==0', 'duplicated==0', 'misdelivered==0', 'corrupted==0', 'reordered==0',
    'unconnected==0',
    ...(options.hasFaults ? [] : ['closed==0']),
  ]
  return texts
    .map((text) => parseThreshold(text, true))
    .filter(({name}) => !asked.has(name))
}

function isOperator(text: string): text is Operator {
  return text in OPERATORS
}

function unitsOf(name: string, {unit}: Metric): string {
  const units = Object.keys(FACTORS[unit]).filter((text) => text !== '')
  return units.length === 0 ? `${name} has no unit` : `units of ${name} are ${units.join(', ')}`
}

function similar(name: string): readonly string[] {
  const [head = ''] = name.split('.')
  const near = METRIC_NAMES.filter((known) => known.startsWith(head.toLowerCase())).slice(0, 12)
  return near.length > 0 ? [`metrics: ${near.join(', ')}`] : METRICS_IN_SHORT
}

function wrong(text: string, why: string, suggestions: readonly string[]): WsmeshError {
  return new WsmeshError('USAGE', `No threshold: ${JSON.stringify(text)}`, {
    cause: new Error(why), suggestions,
  })
}
