/**
 * What a node says of itself. Nothing secret is ever passed to it: pools by their label, peers by
 * their id. How lines are written: create-log.ts; where: log-output.ts.
 */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const

export type LogLevel = (typeof LOG_LEVELS)[number]

export const LOG_FORMATS = ['auto', 'pretty', 'json'] as const

export type LogFormat = (typeof LOG_FORMATS)[number]

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

export interface Log {
  debug(text: string, fields?: LogFields): void
  info(text: string, fields?: LogFields): void
  warn(text: string, fields?: LogFields): void
  error(text: string, fields?: LogFields): void
}

export const silentLog: Log = {debug() {}, info() {}, warn() {}, error() {}}

/** An error for a log line: its message with those of its causes, each said once. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const why = error.cause === undefined ? '' : describeError(error.cause)
  return why === '' || error.message.includes(why) ? error.message : `${error.message}: ${why}`
}
