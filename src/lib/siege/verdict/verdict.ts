/** What a run comes to, in one word, with its exit status and its reasons. Pure. */
import {EXIT} from '../../cli/exit-code.js'
import type {
  FaultReport, GeneratorHealth, LeakSection, RunVerdict, ThresholdResult,
} from '../run-report.js'

export interface VerdictFacts {
  readonly thresholds: readonly ThresholdResult[]
  readonly faults: readonly FaultReport[]
  readonly leak: LeakSection | null
  readonly generator: Pick<GeneratorHealth, 'isValid' | 'why'>
  readonly isInterrupted: boolean
  readonly isStrict: boolean
  /** Nothing was delivered though something should have been, and similar. */
  readonly doubts: readonly string[]
}

export interface Judgement {
  readonly verdict: RunVerdict
  readonly exit: number
  readonly reasons: readonly string[]
}

/** A failed threshold wins over all else, since it is what was asked for in so many words. */
export function judge(facts: VerdictFacts): Judgement {
  const {thresholds, faults, leak, generator, isInterrupted, isStrict, doubts} = facts
  const failed = thresholds.filter(({ok}) => !ok)
  const broken = faults.flatMap(({name, broken: all}) => all.map((what) => `${name}: ${what}`))
  const isLeak = leak?.verdict === 'leak'
  const isLeakUnclear = leak?.verdict === 'inconclusive' || leak?.verdict === 'invalid'
  const reasons = [
    ...failed.map(({text, valueText}) => `${text} does not hold: ${valueText}`),
    ...(isLeak ? [leak.summary] : []),
    ...broken,
    ...(isInterrupted ? ['it was ended before its time'] : []),
    ...generator.why,
    ...(isLeakUnclear ? [leak.summary] : []),
    ...doubts,
  ]
  const of = (verdict: RunVerdict, exit: number): Judgement => ({verdict, exit, reasons})
  const unclear = isStrict ? EXIT.inconclusive.code : EXIT.ok.code
  if (failed.length > 0) return of('fail', EXIT.thresholdFailed.code)
  if (isLeak) return of('leak', EXIT.promiseBroken.code)
  if (broken.length > 0) return of('promise-broken', EXIT.promiseBroken.code)
  if (isInterrupted) return of('interrupted', EXIT.interrupted.code)
  if (!generator.isValid || leak?.verdict === 'invalid') return of('invalid', unclear)
  if (leak?.verdict === 'inconclusive' || doubts.length > 0) return of('inconclusive', unclear)
  return of('pass', EXIT.ok.code)
}
