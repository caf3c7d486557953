/** `wsmesh report`: what runs left behind, shown, compared and written again. */
import {basename} from 'node:path'

import {assertPiped, type InputStream} from '../../cli/details-input.js'
import {WsmeshError} from '../../util/errors.js'
import type {RunReport} from '../run-report.js'
import {compareRuns, type NamedReport, type RunsCompared} from './compare-runs.js'
import {compareScreen} from './compare-screen.js'
import {parseReport, readReport} from './read-report.js'
import {claimReportFiles, type ReportPaths, writeReportFiles} from './report-files.js'
import type {SummaryOptions} from './summary-options.js'
import {summaryScreen} from './summary-screen.js'

export interface ReportRequest {
  /** "-" is stdin. */
  readonly paths: readonly string[]
  readonly isComparison: boolean
  readonly files: ReportPaths
  readonly stdin: InputStream
}

export interface ReportAgain {
  /** What `--json` prints. */
  readonly json: RunReport | RunsCompared
  readonly lines: readonly string[]
  /** "written: siege.html". */
  readonly notices: readonly string[]
}

/** Throws USAGE, FILE_UNREADABLE, FILE_UNWRITABLE, INPUT_INVALID. */
export async function reportAgain(
  request: ReportRequest,
  screen: SummaryOptions,
): Promise<ReportAgain> {
  const {paths, isComparison, stdin} = request
  const asked = Object.entries(request.files).filter(([, path]) => path !== undefined)
  const [flag] = asked[0] ?? []
  if (isComparison && paths.length < 2) {
    throw new WsmeshError('USAGE', '--compare needs two reports or more', {
      suggestions: ['wsmesh report before.json after.json --compare'],
    })
  }
  if (flag !== undefined && paths.length > 1) {
    throw new WsmeshError('USAGE', `--${flag} is made of one run, and ${paths.length} are given`, {
      suggestions: [`wsmesh report ${paths[0]} --${flag} FILE`],
    })
  }
  const files = await claimReportFiles(request.files, paths.filter((path) => path !== '-'))
  const named = await readAll(paths, stdin)
  const [only] = named
  if (only === undefined || named.length > 1) {
    const compared = compareRuns(named)
    return {json: compared, lines: compareScreen(compared, screen), notices: []}
  }
  const [failure] = await writeReportFiles(files, only.report)
  if (failure !== undefined) throw failure
  return {
    json: only.report,
    lines: summaryScreen(only.report, screen),
    notices: files.map(({path}) => `written: ${path}`),
  }
}

async function readAll(
  paths: readonly string[],
  stdin: InputStream,
): Promise<readonly NamedReport[]> {
  if (paths.filter((path) => path === '-').length > 1) {
    throw new WsmeshError('USAGE', 'Stdin (-) can be read once only')
  }
  const named: NamedReport[] = []
  for (const path of paths) {
    const report = path === '-' ? await readPiped(stdin) : await readReport(path)
    named.push({file: nameOf(path, paths), report})
  }
  return named
}

/** The last part of the path, unless another has the same. */
function nameOf(path: string, paths: readonly string[]): string {
  const name = basename(path)
  return paths.filter((other) => basename(other) === name).length > 1 ? path : name
}

async function readPiped(stdin: InputStream): Promise<RunReport> {
  assertPiped(stdin, '-')
  const chunks: Uint8Array[] = []
  for await (const chunk of stdin) {
    chunks.push(chunk instanceof Uint8Array ? chunk : Buffer.from(String(chunk)))
  }
  return parseReport(Buffer.concat(chunks).toString('utf8'), 'stdin')
}
