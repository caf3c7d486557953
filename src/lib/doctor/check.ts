import type {ErrorCode} from '../util/errors.js'
import type {Facts} from './facts.js'

/**
 * error: something does not work, or is open to who should not be let in. warning: it works, and
 * will not under load, after a fault or on some day that is known.
 */
export type Severity = 'error' | 'warning'

/** Something to put right. */
export interface Problem {
  readonly severity: Severity
  /** With the value that is wrong. */
  readonly what: string
  /** What comes of it. */
  readonly why: string
  /** What to do, ready to type where that is possible. */
  readonly todo: readonly string[]
}

/** What could not be looked at is not taken for good. */
export interface NotChecked {
  readonly notChecked: string
}

/** What is asked of something that is not used here. */
export interface NotUsed {
  readonly notUsed: true
}

export type Verdict = readonly Problem[] | NotChecked | NotUsed

export const NOT_USED: NotUsed = {notUsed: true}

/** One question, answered from facts alone: the same facts give the same verdict. */
export interface Check {
  /** Stable: an API, and documented in OPERATIONS.md. */
  readonly id: string
  /** What is well when nothing is found. */
  readonly title: string
  readonly judge: (facts: Facts) => Verdict
}

/** An error that looking met, as facts keep it. */
export interface Told {
  readonly code: ErrorCode
  readonly message: string
  readonly suggestions: readonly string[]
}

export function error(what: string, why: string, ...todo: readonly string[]): Problem {
  return {severity: 'error', what, why, todo}
}

export function warning(what: string, why: string, ...todo: readonly string[]): Problem {
  return {severity: 'warning', what, why, todo}
}

export function notChecked(why: string): NotChecked {
  return {notChecked: why}
}
