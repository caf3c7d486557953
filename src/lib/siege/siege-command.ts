/** What the command `siege` does, from its flags to its output. */
import type {ReachFlagValues} from '../cli/reach.js'
import {runSiege} from './run-siege.js'
import type {RunReport} from './run-report.js'
import {readScenario} from './scenario.js'
import {finalTable} from './screen/final-table.js'
import type {FinalScreen} from './screen/final-table.js'
import type {SiegeEvent} from './second-sample.js'
import {siegeSettings} from './settings-from-flags.js'
import type {SiegeFlagValues} from './settings-from-flags.js'

export interface SiegeCommandOptions {
  readonly flags: SiegeFlagValues & ReachFlagValues & {
    readonly ndjson?: boolean
    readonly verbose?: boolean
  }
  readonly urls: readonly string[]
  readonly argv: readonly string[]
  readonly version: string
  readonly packageRoot: string
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
  readonly screen: FinalScreen
  /** For people, on stdout; silent under --json. */
  readonly print: (text: string) => void
  /** A line on stdout in any mode. */
  readonly line: (text: string) => void
  /** A line on stderr. */
  readonly notice: (text: string) => void
}

export async function siege(options: SiegeCommandOptions): Promise<RunReport> {
  const {flags, urls, argv, notice} = options
  const scenario = flags.scenario === undefined ? undefined : await readScenario(flags.scenario)
  const settings = siegeSettings(flags, urls, scenario, argv)
  const report = await runSiege(settings, {
    ...options,
    reach: flags,
    onEvent: (event) => tell(event, options),
    onLog: (line) => flags.verbose === true && notice(line),
  })
  if (flags.ndjson === true) options.line(JSON.stringify({type: 'report', report}))
  else for (const line of finalTable(report, options.screen)) options.print(line)
  return report
}

function tell(event: SiegeEvent, {flags, line, notice}: SiegeCommandOptions): void {
  if (flags.ndjson === true && event.type !== 'ended') line(JSON.stringify(event))
  if (event.type === 'started') notice(`siege: ${event.startLine}`)
  if (event.type === 'notice') notice(`siege: ${event.text}`)
}
