/** What must not be overlooked: the banners at the top of the page. Pure. */
import {relayOf, type Survey} from '../operator/pool-survey.js'
import {bytes, plural} from '../cli/plural.js'
import {mastersOf} from './rows.js'
import type {Alert, NodeRow} from './wire.js'

/** Waiting in a node for its clients: then somebody does not read. */
const QUEUE_BYTES_WARN = 16 * 1024 * 1024
/** The event loop stood still for so long: clients notice it. */
const LOOP_DELAY_MS_WARN = 250
/** A follower that is so many messages behind is not merely a moment behind. */
const BEHIND_WARN = 5000

export interface AlertFacts {
  readonly survey: Survey
  readonly rows: readonly NodeRow[]
  /** `--expect`. */
  readonly expected: number | undefined
  /** Ids of nodes that closed clients as too slow in the last minute, and how many. */
  readonly slow: ReadonlyMap<string, number>
}

/** The gravest first. */
export function alertsOf(facts: AlertFacts): readonly Alert[] {
  const alerts = [...meshAlerts(facts), ...facts.rows.flatMap((row) => nodeAlerts(row, facts))]
  return [
    ...alerts.filter(({tone}) => tone === 'bad'),
    ...alerts.filter(({tone}) => tone === 'warn'),
  ]
}

function meshAlerts({survey, rows, expected}: AlertFacts): readonly Alert[] {
  const alerts: Alert[] = survey.warnings.map((text) => bad(text, 'Is the database up? Messages '
    + 'flow meanwhile; a master that dies now is not replaced.'))
  const masters = mastersOf(survey.nodes)
  const answering = rows.filter(({state}) => state === 'up')
  if (masters.length > 1) {
    const names = masters.map(({node, term}) => `${node} (term ${term})`).join(' and ')
    alerts.push(bad(`${plural(masters.length, 'master')}: ${names}`,
      'It ends by itself within seconds, as the older one steps down. If not: can they all reach '
      + 'the pool store, and each other?'))
  }
  const hasMaster = relayOf(survey) !== 'nats'
  if (masters.length === 0 && hasMaster && answering.some(({role}) => role !== 'unknown')) {
    const holder = survey.holder === undefined ? '' : `; the lease is ${survey.holder}'s`
    alerts.push(bad(`No master answers${holder}`, 'Another takes over within seconds; what is '
      + 'published meanwhile waits.'))
  }
  if (expected !== undefined && answering.length < expected) {
    alerts.push(bad(`${answering.length} of ${plural(expected, 'node')} answer`,
      'Start one, below, or see why the others are gone.'))
  }
  const versions = new Set(rows.flatMap(({state, version}) =>
    state === 'up' && version !== null ? [version] : []))
  if (versions.size > 1) {
    alerts.push(warn(`Different versions: ${[...versions].join(', ')}`,
      'Right in the middle of an upgrade, and only then.'))
  }
  return alerts
}

function nodeAlerts(row: NodeRow, {slow}: AlertFacts): readonly Alert[] {
  const {id, state, why, loopDelayMs, queueBytes, behind} = row
  switch (state) {
    case 'stale':
      return [warn(`${id} is in the pool, but it is gone: ${why}`,
        'A master removes such a row by itself; or remove it in the table of nodes.')]
    case 'unreachable':
      return [bad(`${id} does not answer: ${why}`,
        'It may live: can this machine reach it? A supervisor replaces one that hangs.')]
    case 'isolated':
      return [bad(`${id} is isolated: the mesh goes on without it`,
        'It sees the pool, but not the master: look at the network between them.')]
    case 'draining':
      return [warn(`${id} is leaving`, 'Its clients go to the others; then it ends.')]
    case 'up':
      break
    default:
      return state satisfies never
  }
  const alerts: Alert[] = []
  const count = slow.get(id) ?? 0
  if (count > 0) {
    alerts.push(warn(`${id} closed ${plural(count, 'slow client')} in the last minute`,
      'They read less than is sent to them: see their queues under Users.'))
  }
  if ((loopDelayMs ?? 0) >= LOOP_DELAY_MS_WARN) {
    alerts.push(warn(`${id} stood still for ${Math.round(loopDelayMs ?? 0)} ms`,
      'An action handler that blocks, or a machine without CPU to spare.'))
  }
  if ((queueBytes ?? 0) >= QUEUE_BYTES_WARN) {
    alerts.push(warn(`${bytes(queueBytes ?? 0)} wait in ${id} for clients to take them`,
      'Slow readers: see their queues under Users.'))
  }
  if ((behind ?? 0) >= BEHIND_WARN) {
    alerts.push(warn(`${id} is ${plural(behind ?? 0, 'message')} behind the master`,
      'Its link or its CPU does not keep up.'))
  }
  return alerts
}

function bad(text: string, hint: string): Alert {
  return {tone: 'bad', text, hint}
}

function warn(text: string, hint: string): Alert {
  return {tone: 'warn', text, hint}
}
