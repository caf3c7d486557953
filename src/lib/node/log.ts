/**
 * What a node says of itself, on stderr: lines for people on a terminal, NDJSON for programs.
 * Nothing secret is ever passed to it: pools by their label, peers by their id.
 */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const

export type LogLevel = (typeof LOG_LEVELS)[number]

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

export interface Log {
  debug(text: string, fields?: LogFields): void
  info(text: string, fields?: LogFields): void
  warn(text: string, fields?: LogFields): void
  error(text: string, fields?: LogFields): void
}

export interface LogOptions {
  readonly level: LogLevel
  /** `pretty` for a terminal. */
  readonly format: 'pretty' | 'ndjson'
  readonly write: (line: string) => void
  /** Milliseconds since 1970: lines carry the time of day, nothing is decided by it. */
  readonly wallClock: () => number
}

export function createLog(options: LogOptions): Log {
  const lowest = LOG_LEVELS.indexOf(options.level)
  const at =
    (level: LogLevel) =>
    (text: string, fields: LogFields = {}): void => {
      if (LOG_LEVELS.indexOf(level) < lowest) return
      const time = new Date(options.wallClock()).toISOString()
      const line =
        options.format === 'ndjson'
          ? JSON.stringify({at: time, level, text, ...fields})
          : prettyLine(time, level, text, fields)
      options.write(`${line}\n`)
    }
  return {debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error')}
}

export const silentLog: Log = {debug() {}, info() {}, warn() {}, error() {}}

function prettyLine(time: string, level: LogLevel, text: string, fields: LogFields): string {
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

/** An error for a log line: its message with those of its causes, each said once. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const why = error.cause === undefined ? '' : describeError(error.cause)
  return why === '' || error.message.includes(why) ? error.message : `${error.message}: ${why}`
}
