/** What the command `siege` does, from its flags to its output. */
import type {ReachFlagValues} from '../cli/reach.js'
import {runSiege} from './run-siege.js'
import type {RunReport} from './run-report.js'
import {readScenario} from './scenario.js'
import {compareRuns} from './report/compare-runs.js'
import {compareScreen} from './report/compare-screen.js'
import {readReport} from './report/read-report.js'
import {startProgress} from './report/live/progress.js'
import type {Progress, ProgressOptions} from './report/live/progress.js'
import {claimReportFiles, writeReportFiles} from './report/report-files.js'
import type {ReportPaths} from './report/report-files.js'
import type {SummaryOptions} from './report/summary-options.js'
import {summaryScreen} from './report/summary-screen.js'
import type {SiegeEvent} from './second-sample.js'
import type {SiegeSettings} from './settings.js'
import {siegeSettings} from './settings-from-flags.js'
import type {SiegeFlagValues} from './settings-from-flags.js'
import type {SoakFlagValues} from './soak/soak-command.js'

export interface SiegeCommandOptions {
  readonly flags: SiegeFlagValues & SoakFlagValues & ReachFlagValues & ReportPaths & {
    readonly compare?: string | undefined
    readonly json?: boolean
    readonly ndjson?: boolean
    readonly progress?: boolean
    readonly verbose?: boolean
  }
  readonly urls: readonly string[]
  readonly argv: readonly string[]
  readonly version: string
  readonly packageRoot: string
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
  readonly screen: SummaryOptions
  /** How the run is shown on stderr while it lasts. */
  readonly progress: ProgressOptions
  /** For people, on stdout; silent under --json. */
  readonly print: (text: string) => void
  /** A line on stdout in any mode. */
  readonly line: (text: string) => void
  /** A line on stderr. */
  readonly notice: (text: string) => void
  /** A report that could not be written: said on stderr, and in the exit status. */
  readonly failed: (error: Error) => void
}

export async function siege(options: SiegeCommandOptions): Promise<RunReport> {
  const {flags, urls, argv, notice} = options
  const scenario = flags.scenario === undefined ? undefined : await readScenario(flags.scenario)
  const settings = siegeSettings(flags, urls, scenario, argv)
  const {html, junit, hdr, compare} = flags
  const before = compare === undefined ? undefined : await readReport(compare)
  const inputs = [flags.scenario, flags['users-file'], compare]
    .filter((path) => path !== undefined)
  const files = await claimReportFiles({html, junit, hdr}, inputs)
  const report = flags.soak === true
    ? await soakOnce(settings, options)
    : await siegeOnce(settings, options)
  if (flags.ndjson === true) options.line(JSON.stringify({type: 'report', report}))
  else for (const line of summaryScreen(report, options.screen)) options.print(line)
  if (compare !== undefined && before !== undefined) {
    const compared = compareRuns([{file: compare, report: before}, {file: 'this run', report}])
    // Where stdout is for programs, it is still for a person to see.
    const isForPeople = flags.json !== true && flags.ndjson !== true
    const say = isForPeople ? options.print : notice
    for (const line of ['', ...compareScreen(compared, options.screen)]) say(line)
  }
  const failures = await writeReportFiles(files, report)
  for (const {path} of failures.length === 0 ? files : []) notice(`written: ${path}`)
  for (const failure of failures) options.failed(failure)
  return report
}

async function siegeOnce(
  settings: SiegeSettings, options: SiegeCommandOptions,
): Promise<RunReport> {
  const {flags} = options
  const progress = progressOf(options)
  try {
    return await runSiege(settings, {
      ...options,
      reach: flags,
      onEvent: (event) => tell(event, progress, options),
      onLog: (line) => flags.verbose === true && progress.on({type: 'notice', text: line}),
    })
  } finally {
    progress.close()
  }
}

async function soakOnce(
  settings: SiegeSettings, options: SiegeCommandOptions,
): Promise<RunReport> {
  const {flags, notice} = options
  const {soak} = await import('./soak/soak-command.js')
  const onLog = (line: string): void => {
    if (flags.verbose === true) notice(line)
  }
  const onCycle = flags.ndjson === true
    ? (cycle: object) => options.line(JSON.stringify(cycle)) : undefined
  return soak(flags, settings, {...options, reach: flags, onLog, onCycle})
}

/** With --ndjson each second is on stdout already, often on the same terminal. */
function progressOf({flags, notice, progress}: SiegeCommandOptions): Progress {
  if (flags.ndjson !== true && flags.progress !== false) return startProgress(progress)
  return {
    on(event) {
      if (event.type === 'started') notice(event.startLine)
      if (event.type === 'notice') notice(event.text)
    },
    close: () => undefined,
  }
}

function tell(event: SiegeEvent, progress: Progress, {flags, line}: SiegeCommandOptions): void {
  if (flags.ndjson === true && event.type !== 'ended') line(JSON.stringify(event))
  progress.on(event)
}
