/** A siege inside of a test, with the flags of the command. */
import type {RunReport} from '../../src/lib/siege/run-report.js'
import {runSiege} from '../../src/lib/siege/run-siege.js'
import type {SiegeEvent} from '../../src/lib/siege/second-sample.js'
import {siegeSettings} from '../../src/lib/siege/settings-from-flags.js'
import type {SiegeFlagValues} from '../../src/lib/siege/settings-from-flags.js'
import {formatDuration} from '../../src/lib/util/duration.js'

export const SIEGE_DEFAULTS: SiegeFlagValues = {
  time: 1500, from: 'socket', action: 'siege', drain: 1500, 'connect-rate': '1000', churn: '0',
  protocol: 'plain', timeout: 10_000, rate: '400', connections: 20,
}

export interface TestSiege {
  readonly report: RunReport
  readonly events: readonly SiegeEvent[]
}

export async function besiege(
  urls: readonly string[],
  flags: Partial<SiegeFlagValues> = {},
  options: {readonly signal?: AbortSignal; readonly dataDir?: string} = {},
): Promise<TestSiege> {
  const events: SiegeEvent[] = []
  const all = {...SIEGE_DEFAULTS, ...flags}
  const settings = siegeSettings(all, urls, undefined, [`--time=${formatDuration(all.time)}`])
  const report = await runSiege(settings, {
    reach: {
      'pool-prefix': 'wsmesh_', timeout: 10_000,
      ...(options.dataDir === undefined ? {} : {'data-dir': options.dataDir}),
    },
    packageRoot: new URL('../..', import.meta.url).pathname,
    version: '0.0.0-test',
    env: {},
    signal: options.signal ?? new AbortController().signal,
    onEvent: (event) => events.push(event),
    onLog: () => {},
  })
  return {report, events}
}

/** What a report says of deliveries, in one object to compare. */
export function booksOf({counts}: RunReport) {
  const {lost, duplicated, reordered, misdelivered, corrupted} = counts
  return {lost, duplicated, reordered, misdelivered, corrupted}
}
