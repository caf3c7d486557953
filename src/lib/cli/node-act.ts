/** `wsmesh node drain|restart|stop|step-down`: what is asked for, and how its outcome is told. */
import {actOnNode, type ActOutcome} from '../operator/act-on-node.js'
import type {ActEvent, NodeAct} from '../protocol/act-frame.js'
import {formatDuration} from '../util/duration.js'
import {WsmeshError} from '../util/errors.js'
import {grouped, plural} from './plural.js'
import {type ReachFlagValues, withMesh} from './reach.js'

/** What `--json` prints; an API. */
export type ActJson = ActOutcome

export interface ActFlagValues extends ReachFlagValues {
  readonly yes?: boolean
  readonly 'drain-seconds'?: number | undefined
}

/** Rejects as actOnNode does; what `--yes` overrules says so. */
export async function actOn(
  flags: ActFlagValues,
  node: string,
  act: NodeAct,
  onStep: (event: ActEvent) => void,
): Promise<ActJson> {
  const seconds = flags['drain-seconds']
  const overMs = seconds === undefined ? undefined : seconds * 1000
  const options = {isSure: flags.yes === true, overMs, onStep}
  try {
    return await withMesh(flags, (access) => actOnNode(access, node, act, options))
  } catch (error) {
    const isRefused = error instanceof WsmeshError && error.code === 'NODE_REFUSED'
    if (!isRefused || act === 'step-down' || flags.yes === true) throw error
    throw new WsmeshError('NODE_REFUSED', error.message, {
      suggestions: [`wsmesh node ${act} ${node} --yes   (all the same)`],
    })
  }
}

/** "n-5c drained in 2.4 s; n-9e is master, term 2, since 41 ms; 118 clients led away". */
export function describeAct(outcome: ActOutcome): string {
  const {node, act, ms, clients} = outcome
  const time = formatDuration(ms)
  if (act === 'step-down') return describeStepDown(outcome)
  return [
    `${node} ${act === 'stop' ? 'stopped' : 'drained'} in ${time}`,
    masterText(outcome),
    clients === 0 ? 'it had no clients' : `${plural(clients, 'client')} led away`,
    ...(act === 'restart' ? [restartText(outcome)] : []),
  ].join('; ')
}

function describeStepDown({node, wasMaster, master, term, ms}: ActOutcome): string {
  if (!wasMaster) return `${node} is no master: ${master ?? 'nobody'} is. Nothing was done`
  const next = master === null ? 'another is' : `${master} is`
  return `${node} stepped down: ${next} master, term ${term}, after ${formatDuration(ms)}`
}

function masterText({node, wasMaster, master, term, handoverMs}: ActOutcome): string {
  if (master === null) return wasMaster ? `${node} was the last master` : 'no master is known'
  const since = handoverMs === null ? '' : `, ${formatDuration(handoverMs)} after the order`
  return `${master} is master, term ${term}${since}`
}

function restartText({supervisor}: ActOutcome): string {
  if (supervisor === null) return 'nothing starts it again: start it'
  return `${supervisor === 'container' ? 'its container' : supervisor} starts a fresh one`
}

/** One line while it goes on. */
export function describeStep({node, step, clients, left, master}: ActEvent): string {
  if (step === 'handed-over') return `${master ?? 'another'} leads; ${node} goes on leaving`
  return `${grouped(left)} of ${plural(clients, 'client')} left at ${node}`
}
