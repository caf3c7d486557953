/**
 * Lines of a log: for people on a terminal, NDJSON by pino for programs. Each line has, beside its
 * text, the name of its event (log-events.ts).
 */
import {pino} from 'pino'
import {eventOf} from './log-events.js'
import {LOG_LEVELS} from './log.js'
import type {Log, LogFields, LogLevel} from './log.js'

export interface LogOptions {
  readonly level: LogLevel
  /** `pretty` for a terminal. */
  readonly format: 'pretty' | 'ndjson'
  readonly write: (line: string) => void
  /** Milliseconds since 1970: lines carry the time of day, nothing is decided by it. */
  readonly wallClock: () => number
}

/** Nobody passes these to a log. If somebody ever does, they are not in it all the same. */
const HIDDEN = ['authorization', 'cookie', 'key', 'passphrase', 'password', 'secret', 'token']

export function createLog(options: LogOptions): Log {
  const write = options.format === 'ndjson' ? ndjsonWriter(options) : prettyWriter(options)
  const at =
    (level: LogLevel) =>
    (text: string, fields: LogFields = {}): void => write(level, redact(text), redactAll(fields))
  return {debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error')}
}

type Write = (level: LogLevel, text: string, fields: LogFields) => void

function ndjsonWriter({level: lowest, write, wallClock}: LogOptions): Write {
  const logger = pino({
    level: lowest,
    base: null,
    timestamp: () => `,"at":"${new Date(wallClock()).toISOString()}"`,
    formatters: {level: (label) => ({level: label})},
  }, {write})
  return (level, text, fields) => logger[level]({event: eventOf(text), text, ...fields})
}

function prettyWriter({level: lowest, write, wallClock}: LogOptions): Write {
  const from = LOG_LEVELS.indexOf(lowest)
  return (level, text, fields) => {
    if (LOG_LEVELS.indexOf(level) < from) return
    write(`${prettyLine(new Date(wallClock()).toISOString(), level, text, fields)}\n`)
  }
}

/** `time` as in NDJSON. */
export function prettyLine(
  time: string, level: string, text: string, fields: Readonly<Record<string, unknown>>,
): string {
  const details = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${visible(String(value))}`)
    .join('')
  return `${time.slice(11, 23)} ${level.padEnd(5)} ${visible(text)}${details}`
}

/** Text from outside must not move a terminal's cursor: control characters are shown as in JSON. */
function visible(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1))
}

function redactAll(fields: LogFields): LogFields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => {
    if (HIDDEN.includes(name.toLowerCase())) return [name, '***']
    return [name, typeof value === 'string' ? redact(value) : value]
  }))
}

/** Passwords of URLs that stand in a text: those of errors, whoever made them. */
function redact(text: string): string {
  return text.replaceAll(/(:\/\/[^\s/:@]*):\S*@/g, '$1:***@')
}
