import {CLOSE, type CloseName, shouldReconnect} from '../../protocol/close-code.js'
import type {ErrorCode} from '../../util/errors.js'
import {WsmeshError} from '../../util/errors.js'
import {EXIT, exitCodeOf} from '../exit-code.js'
import {printable, truncate} from '../printable.js'
import {editDistance} from '../similar.js'
import type {Advice} from './advice.js'
import {ANSWER_ADVICE, CLIENT_ADVICE} from './answer-advice.js'
import {CLOSE_ADVICE, closeRange, WEBSOCKET_ADVICE} from './close-advice.js'
import {ERROR_ADVICE} from './error-advice.js'

/**
 * error: what commands print in brackets. close: of a WebSocket. answer: a status as of HTTP.
 * client: of `wsmesh/client`. exit: of a command.
 */
export type CodeKind = 'error' | 'close' | 'answer' | 'client' | 'exit'

/** What `errors lookup --json` and `errors list --json` print; an API. */
export interface CodeJson extends Advice {
  /** "POOL_UNREACHABLE", or a number as text: "4001". */
  readonly code: string
  readonly kind: CodeKind
  /** The reason that goes with a close code; null where there is none. */
  readonly name: string | null
  /** The exit status of a command that fails with it. */
  readonly exit: number | null
  /** Whether a client that was closed with it should connect again. */
  readonly reconnect: boolean | null
}

/** Everything that can be looked up, in the order in which lists show it. */
export function allCodes(): readonly CodeJson[] {
  return [...errorCodes(), ...closeCodes(), ...answerCodes(), ...clientCodes(), ...exitCodes()]
}

/**
 * What a code means: as it was printed, in any case, with its brackets, or the whole line with it.
 * More than one where a word stands for several. Throws USAGE that names the nearest ones.
 */
export function lookUp(text: string): readonly CodeJson[] {
  const codes = allCodes()
  const inBrackets = /\[([A-Z_]+)\]\s*$/.exec(text)?.[1]
  const wanted = plain(inBrackets ?? text)
  const isIt = (named: string | null) => named !== null && plain(named) === wanted
  const found = codes.filter(({code, name}) => isIt(code) || isIt(name))
  if (wanted !== '' && found.length > 0) return found
  const range = /^\d+$/.test(wanted) ? closeRange(Number(wanted)) : undefined
  throw new WsmeshError('USAGE', `There is no code "${truncate(printable(text), 60)}"`, {
    cause: range === undefined ? undefined : new Error(range),
    suggestions: [
      ...nearest(wanted, codes).map((code) => `wsmesh errors lookup ${code}`),
      'wsmesh errors list   (all of them)',
    ],
  })
}

const NEAREST_MAX = 3

function nearest(wanted: string, codes: readonly CodeJson[]): readonly string[] {
  const distanceMax = Math.max(2, Math.floor(wanted.length / 3))
  const named = codes.flatMap(({code, name}) => [code, ...(name === null ? [] : [name])])
  return [...new Set(named)]
    .map((code) => ({code, distance: distanceOf(wanted, plain(code))}))
    .filter(({distance}) => distance <= distanceMax)
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, NEAREST_MAX)
    .map(({code}) => code)
}

/** A part of a name is near: "pool" to POOL_DENIED. Of numbers those that are near as numbers. */
function distanceOf(wanted: string, code: string): number {
  const isNumber = /^\d+$/.test(wanted)
  if (isNumber !== /^\d+$/.test(code)) return Infinity
  if (isNumber) return Math.abs(Number(wanted) - Number(code)) / 10
  if (wanted.length >= 3 && code.includes(wanted)) return 1
  return editDistance(wanted, code)
}

/** However it is typed: slowConsumer, slow-consumer, SLOW_CONSUMER. */
function plain(text: string): string {
  return text.trim().toLowerCase().replaceAll(/[^a-z0-9]/g, '')
}

function errorCodes(): readonly CodeJson[] {
  return Object.entries(ERROR_ADVICE)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, advice]) => entry('error', code, advice, {exit: exitOf(code)}))
}

function exitOf(code: string): number {
  return isErrorCode(code) ? exitCodeOf(code) : EXIT.bug.code
}

function isErrorCode(code: string): code is ErrorCode {
  return code in ERROR_ADVICE && code !== 'BUG'
}

function closeCodes(): readonly CodeJson[] {
  const ofWebSocket = Object.entries(WEBSOCKET_ADVICE).map(([code, {name, ...advice}]) =>
    entry('close', code, advice, {name, reconnect: true}),
  )
  const own = Object.keys(CLOSE).filter(isCloseName).map((name) => {
    const {code, reason} = CLOSE[name]
    const reconnect = shouldReconnect(code)
    return entry('close', String(code), CLOSE_ADVICE[name], {name: reason, reconnect})
  })
  return [...ofWebSocket, ...own]
}

function isCloseName(name: string): name is CloseName {
  return name in CLOSE
}

function answerCodes(): readonly CodeJson[] {
  return Object.entries(ANSWER_ADVICE).map(([code, advice]) => entry('answer', code, advice))
}

function clientCodes(): readonly CodeJson[] {
  return Object.entries(CLIENT_ADVICE).map(([code, advice]) => entry('client', code, advice))
}

function exitCodes(): readonly CodeJson[] {
  return Object.values(EXIT).map(({code, meaning}) =>
    entry('exit', String(code), {what: `${capital(meaning)}.`, why: '', todo: []}, {exit: code}),
  )
}

function entry(
  kind: CodeKind,
  code: string,
  {what, why, todo}: Advice,
  more: Partial<Pick<CodeJson, 'name' | 'exit' | 'reconnect'>> = {},
): CodeJson {
  return {code, kind, name: null, exit: null, reconnect: null, ...more, what, why, todo}
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
