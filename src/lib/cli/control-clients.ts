/** `wsmesh kick` and `wsmesh refresh`: what they ask for, and how it is told. */
import {CallerIds} from '../operator/caller-ids.js'
import type {MeshAccess} from '../operator/mesh-access.js'
import {whatIsWrongWithReason} from '../protocol/control.js'
import {targetFromJson, type TargetJson} from '../protocol/target.js'
import {formatDuration} from '../util/duration.js'
import {WsmeshError} from '../util/errors.js'
import {plural} from './plural.js'
import {throughSomeNode} from './send-one.js'
import type {SendJson} from './send-result.js'
import {describeTarget} from './target-flags.js'

export interface WhoseFlagValues {
  readonly user?: readonly string[] | undefined
  readonly session?: readonly string[] | undefined
  readonly connection?: string | undefined
}

/** Throws USAGE unless there is exactly one kind, TARGET_INVALID for what is no id. */
export function whoseOf(flags: WhoseFlagValues, command: 'kick' | 'refresh'): TargetJson {
  const {user, session, connection} = flags
  const given: readonly TargetJson[] = [
    ...(user === undefined ? [] : [{user}]),
    ...(session === undefined ? [] : [{session}]),
    ...(connection === undefined ? [] : [{filter: {connection}}]),
  ]
  const [target] = given
  if (target === undefined || given.length > 1) {
    const names = '--user, --session or --connection'
    const what = given.length > 1 ? `One of ${names}, not several` : `Whom? Give one of ${names}`
    throw new WsmeshError('USAGE', what, {suggestions: [`wsmesh ${command} --user 42`]})
  }
  const read = targetFromJson(target)
  if (!read.ok) throw new WsmeshError('TARGET_INVALID', `Wrong target: ${read.reason}`)
  return target
}

/** Throws USAGE for what cannot stand in a close frame. */
export async function kickClients(
  access: MeshAccess,
  target: TargetJson,
  reason: string | undefined,
): Promise<SendJson> {
  const wrong = reason === undefined ? undefined : whatIsWrongWithReason(reason)
  if (wrong !== undefined) throw new WsmeshError('USAGE', `--reason: ${wrong}`)
  const messageId = new CallerIds().next()
  const kick = {target, messageId, ...(reason !== undefined && {reason})}
  return throughSomeNode(access, (connection) => connection.kick(kick, access.leftMs()))
}

export async function refreshClients(access: MeshAccess, target: TargetJson): Promise<SendJson> {
  const messageId = new CallerIds().next()
  return throughSomeNode(access, (connection) =>
    connection.refresh({target, messageId}, access.leftMs()),
  )
}

/** "closed 3 connections of user 42 on 2 nodes in 4 ms". */
export function describeControl(
  done: 'closed' | 'reading again',
  sent: SendJson,
  target: TargetJson,
): string {
  const time = formatDuration(sent.ms)
  const whose = whoseText(target)
  const missing = sent.missing ? `; no word from ${sent.missing.join(', ')}` : ''
  if (sent.connections === 0) return `nobody: no connection of ${whose} (${time})${missing}`
  const count = plural(sent.connections, 'connection')
  return `${done} ${count} of ${whose} on ${plural(sent.nodes, 'node')} in ${time}${missing}`
}

/** A session's id is often all that proves it, and this may end in somebody's log: it is cut. */
function whoseText(target: TargetJson): string {
  if ('session' in target) {
    const ids = [target.session].flat().map((id) => `${String(id).slice(0, SESSION_CHARACTERS)}…`)
    return `session ${ids.join(', ')}`
  }
  if ('filter' in target) return `the name ${String(target.filter['connection'])}`
  return describeTarget(target)
}

const SESSION_CHARACTERS = 6
