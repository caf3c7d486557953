/** Where a log goes: to stderr, or into a file that others may move away and have opened again. */
import {closeSync, openSync, writeSync} from 'node:fs'
import {isRecord, parseJson} from '../protocol/json-text.js'
import {WsmeshError} from '../util/errors.js'
import {createLog, prettyLine} from './create-log.js'
import {describeError, type Log, type LogFormat, type LogLevel} from './log.js'

export interface LogPlace {
  readonly level: LogLevel
  /** Of stderr; `auto`: `pretty` on a terminal. A file has JSON. */
  readonly format: LogFormat
  /** Then stderr has it only where it is a terminal. */
  readonly file: string | undefined
}

export interface LogOutput {
  readonly log: Log
  /** A line that another process wrote as JSON. */
  readonly pass: (line: string) => void
  /** Opens the file by its name again; nothing without one. */
  readonly reopen: () => void
}

/** Throws FILE_UNWRITABLE. */
export function openLog({level, format, file: path}: LogPlace): LogOutput {
  const file = path === undefined ? undefined : new LogFile(path)
  const hasScreen = file === undefined || process.stderr.isTTY
  const isPretty = format === 'auto' ? process.stderr.isTTY : format === 'pretty'
  const screen = createLog({
    level, format: isPretty ? 'pretty' : 'ndjson', write: toScreen, wallClock,
  })
  const inFile = file && createLog({
    level, format: 'ndjson', write: (line) => file.write(line), wallClock,
  })
  const logs = [...(inFile ? [inFile] : []), ...(hasScreen ? [screen] : [])]
  const log = all(logs)
  return {
    log,
    pass(line) {
      file?.write(`${line}\n`)
      if (hasScreen) toScreen(`${isPretty ? readable(line) : line}\n`)
    },
    reopen() {
      if (file?.reopen() === true) log.info('The log file was opened again', {file: path})
    },
  }
}

function toScreen(line: string): void {
  process.stderr.write(line)
}

function wallClock(): number {
  return Date.now()
}

/** Each line to each. */
function all(logs: readonly Log[]): Log {
  const [only] = logs
  if (only !== undefined && logs.length === 1) return only
  return {
    debug: (...line) => logs.forEach((log) => log.debug(...line)),
    info: (...line) => logs.forEach((log) => log.info(...line)),
    warn: (...line) => logs.forEach((log) => log.warn(...line)),
    error: (...line) => logs.forEach((log) => log.error(...line)),
  }
}

function readable(line: string): string {
  const json = parseJson(line)
  if (!json.ok || !isRecord(json.value)) return line
  const {at, level, text, event: _event, ...fields} = json.value
  const isLine = typeof at === 'string' && typeof level === 'string' && typeof text === 'string'
  return isLine ? prettyLine(at, level, text, fields) : line
}

/** Lines are appended: who else writes there, or empties it, does no harm. */
class LogFile {
  readonly #path: string
  #fd: number
  #hasFailed = false

  constructor(path: string) {
    this.#path = path
    try {
      this.#fd = openSync(path, 'a', 0o640)
    } catch (error) {
      throw new WsmeshError('FILE_UNWRITABLE', `Cannot write the log: ${describeError(error)}`, {
        cause: error,
        suggestions: ['--log-file FILE   (in a folder that is there, and that you may write to)'],
      })
    }
  }

  /** A full disk costs lines, not the node; it is said once on stderr. */
  write(line: string): void {
    try {
      writeSync(this.#fd, line)
      this.#hasFailed = false
    } catch (error) {
      this.#complain('Lines of the log are lost', error)
    }
  }

  /** False: it goes on with the one that is open. */
  reopen(): boolean {
    try {
      const before = this.#fd
      this.#fd = openSync(this.#path, 'a', 0o640)
      closeSync(before)
      return true
    } catch (error) {
      this.#complain('The log goes on in the file that was moved away', error)
      return false
    }
  }

  #complain(what: string, error: unknown): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    process.stderr.write(`${what}: ${describeError(error)}\n`)
  }
}
