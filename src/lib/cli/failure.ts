import type {ChalkInstance} from 'chalk'

import {AssertionFailed} from '../util/assert.js'
import {type ErrorCode, WsmeshError} from '../util/errors.js'
import {EXIT, exitCodeOf} from './exit-code.js'
import {mostSimilar} from './similar.js'

/** An error as a command reports it: what happened, why, what to try, and the exit status. */
export interface Failure {
  readonly code: ErrorCode | 'BUG'
  readonly message: string
  readonly reasons: readonly string[]
  readonly suggestions: readonly string[]
  readonly exit: number
}

/** The error object under --json: `{"error": …}`. Its fields are an API. */
export interface FailureJson {
  readonly code: string
  readonly message: string
  /** What it came of. */
  readonly why: string | null
  readonly hint: string | null
  readonly exit: number
}

const REASONS_MAX = 10

/** `command`: how it was called ("wsmesh send"), for the hint at its help. */
export function failureOf(error: unknown, command: string): Failure {
  if (error instanceof WsmeshError) {
    return {
      code: error.code,
      message: withoutParser(error.message),
      reasons: reasonsOf(error),
      suggestions: error.suggestions.length > 0
        ? error.suggestions : [`wsmesh errors lookup ${error.code}`],
      exit: exitCodeOf(error.code),
    }
  }
  if (isUsageError(error)) return usageFailure(error, command)
  return {
    code: 'BUG',
    message: `This is a bug in wsmesh: ${error instanceof Error ? error.message : String(error)}`,
    reasons: error instanceof AssertionFailed ? ['an invariant does not hold'] : reasonsOf(error),
    suggestions: [
      `WSMESH_DEBUG=1 ${command} …   (prints where it happened)`,
      'report it with that output: npm bugs wsmesh',
    ],
    exit: EXIT.bug.code,
  }
}

export function failureJson(failure: Failure): FailureJson {
  const {code, message, reasons, suggestions, exit} = failure
  return {code, message, why: reasons[0] ?? null, hint: suggestions[0] ?? null, exit}
}

/** Lines for stderr. The word "Error" says it, colour only stresses it. */
export function renderFailure(failure: Failure, colours: ChalkInstance): string {
  const lines = [
    `${colours.red.bold('Error')}: ${failure.message} ${colours.dim(`[${failure.code}]`)}`,
    ...failure.reasons.map((reason, index) => `${index === 0 ? '  why: ' : '       '}${reason}`),
    ...failure.suggestions.map(
      (suggestion, index) => `${index === 0 ? '  try: ' : '       '}${suggestion}`,
    ),
  ]
  return `${lines.join('\n')}\n`
}

const SEE_MORE = /\n?See more help with --help/

/** oclif wraps the message of what the parser of a flag throws; ours names the flag itself. */
function withoutParser(message: string): string {
  return message.replace(/^Parsing \S+ \n\t/, '').replace(SEE_MORE, '')
}

interface UsageError extends Error {
  readonly oclif: {readonly exit?: number | false}
  /** The flags that do not exist, as they were typed. */
  readonly flags?: readonly string[]
  /** What the command knows. */
  readonly parse?: {readonly input?: {readonly flags?: object}}
}

/** What oclif throws for a wrong flag or argument. */
function isUsageError(error: unknown): error is UsageError {
  return error instanceof Error && 'oclif' in error
}

function usageFailure(error: UsageError, command: string): Failure {
  const [first = '', ...rest] = error.message
    .replace(SEE_MORE, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const flag = /^Parsing (\S+)$/.exec(first)?.[1]
  const isHeadless = flag !== undefined || first.endsWith('occurred:')
  const [only] = rest
  const message =
    isHeadless && only !== undefined && rest.length === 1
      ? `${flag === undefined ? '' : `${flag}: `}${only}`
      : first.replace(/^Nonexistent flags?:/, 'There is no flag')
  return {
    code: 'USAGE',
    message,
    reasons: rest.length === 1 && isHeadless ? [] : rest,
    suggestions: [...flagsMeant(error), `${command} --help`],
    exit: typeof error.oclif.exit === 'number' ? error.oclif.exit : EXIT.usage.code,
  }
}

/** For each flag that does not exist the one that was probably meant. */
function flagsMeant({message, flags, parse}: UsageError): readonly string[] {
  if (!message.startsWith('Nonexistent flag') || !Array.isArray(flags)) return []
  const known = Object.keys(parse?.input?.flags ?? {}).map((name) => `--${name}`)
  return flags.flatMap((flag) => mostSimilar(flag.replace(/=.*/, ''), known) ?? [])
}

/** Each once: drivers wrap an error in another of the same text. */
function reasonsOf(error: unknown): readonly string[] {
  const reasons = new Set<string>()
  let cause = error instanceof Error ? error.cause : undefined
  while (cause instanceof Error && reasons.size < REASONS_MAX) {
    for (const line of cause.message.split('\n')) if (line !== '') reasons.add(line)
    cause = cause.cause
  }
  return [...reasons]
}
