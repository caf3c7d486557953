/** Reports that earlier runs left behind, read from files that may be anything. */
import {readFile} from 'node:fs/promises'

import {printable} from '../../cli/printable.js'
import {isRecord} from '../../protocol/json-text.js'
import {WsmeshError} from '../../util/errors.js'
import {RUN_REPORT_SCHEMA, type RunReport} from '../run-report.js'
import {runReportShape} from './report-shape.js'

/** A report of hours is some megabytes; what is larger is another file. */
const REPORT_BYTES_MAX = 512 * 1024 * 1024

const MAKE_ONE = 'wsmesh siege --json > run.json   (writes a report)'

/** Throws FILE_UNREADABLE, or INPUT_INVALID that says what is wrong with it. */
export async function readReport(path: string): Promise<RunReport> {
  let bytes: Uint8Array
  try {
    bytes = await readFile(path)
  } catch (error) {
    throw new WsmeshError('FILE_UNREADABLE', `Cannot read the report ${path}`, {
      cause: error, suggestions: [MAKE_ONE],
    })
  }
  if (bytes.byteLength > REPORT_BYTES_MAX) throw notOne(path, 'it is larger than 512 MiB')
  return parseReport(new TextDecoder().decode(bytes), path)
}

/** `path` names it in errors. Throws INPUT_INVALID. */
export function parseReport(text: string, path: string): RunReport {
  const value = parseJson(text, path)
  if (!isRecord(value)) throw notOne(path, 'its JSON is no object')
  const {schema, error} = value
  if (isRecord(error) && typeof error['message'] === 'string') {
    throw notOne(path, `it holds an error instead: ${printable(error['message'])}`)
  }
  if (schema !== RUN_REPORT_SCHEMA) throw wrongSchema(path, schema)
  const whole = withOwn(value)
  const wrong = runReportShape(whole)
  if (wrong !== undefined) throw notOne(path, `in its JSON ${printable(wrong)}`)
  // The shape has just been checked, field by field.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return whole as unknown as RunReport
}

/** Reports from before it was measured what of a latency is the siege's own. */
function withOwn(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const {latency} = value
  return isRecord(latency) ? {...value, latency: {own: null, ...latency}} : value
}

function parseJson(text: string, path: string): unknown {
  if (text.trim() === '') throw notOne(path, 'it is empty: the run that should write it has failed')
  try {
    return JSON.parse(text)
  } catch (error) {
    throw notOne(path, whyNoJson(text), error)
  }
}

function whyNoJson(text: string): string {
  const start = text.trimStart()
  if (start.startsWith('<')) return 'it is HTML or XML: give the JSON that both are made from'
  if (!start.startsWith('{')) return 'it is no JSON'
  const [first = ''] = start.split('\n', 1)
  if (isJson(first)) return 'it holds several JSON values: the seconds of --ndjson are no report'
  return text.trimEnd().endsWith('}') ? 'its JSON is damaged' : 'it is cut off: its end is missing'
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function wrongSchema(path: string, schema: unknown): WsmeshError {
  if (typeof schema === 'string' && schema.startsWith('wsmesh.siege/')) {
    return new WsmeshError(
      'INPUT_INVALID',
      `${path} is a report of version ${printable(schema)}, this wsmesh reads ${RUN_REPORT_SCHEMA}`,
      {suggestions: ['read it with the wsmesh that wrote it', MAKE_ONE]},
    )
  }
  return notOne(path, schema === undefined ? 'it has no "schema"' : 'its "schema" is another')
}

function notOne(path: string, why: string, cause?: unknown): WsmeshError {
  return new WsmeshError('INPUT_INVALID', `${path} is no report of wsmesh siege: ${why}`, {
    cause, suggestions: [MAKE_ONE],
  })
}
