import {plural} from '../cli/plural.js'
import {formatDuration} from '../util/duration.js'
import type {AttackTarget} from './attack/job.js'
import type {SiegeSettings} from './settings.js'
import {rateText} from './verdict/in-words.js'

/** All that decides what the run does, in one line: a log that is pasted can be done again. */
export function startLine(settings: SiegeSettings, targets: readonly AttackTarget[]): string {
  const {connections, users, tabs, ratePerS, detailsBytes, target, protocol, from} = settings
  const whom = protocol === 'plain' ? 'servers' : 'nodes'
  const place = targets.length === 1 ? (targets[0]?.name ?? '') : `${targets.length} ${whom}`
  const parts = [
    `${plural(connections, 'connection')} (${plural(users, 'user')}, ${plural(tabs, 'tab')} each) `
      + `to ${place} at ${rateText(settings.connectPerS)}/s`,
    settings.isHttpGet ? 'GETs as fast as answers come' : ratePerS === null ? 'no messages'
      : `${rateText(ratePerS)} messages/s of ${detailsBytes} B (${target}, from ${from})`,
    `for ${formatDuration(settings.timeMs)}`,
    ...(settings.rampMs > 0 ? [`ramp ${formatDuration(settings.rampMs)}`] : []),
    ...(settings.isStairs ? ['stairs'] : []),
    ...(settings.churnPerMinute > 0 ? [`churn ${settings.churnPerMinute}/min`] : []),
    ...(settings.slowReadersPercent > 0 ? [`${settings.slowReadersPercent} % slow readers`] : []),
    ...settings.faults.map(({name, atMs}) => `${name} at ${formatDuration(atMs)}`),
    ...(settings.processes > 1 ? [`${settings.processes} processes`] : []),
  ]
  return parts.join(', ')
}
