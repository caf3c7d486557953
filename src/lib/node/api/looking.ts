/** GET /who, GET /nodes and POST /kick: the mesh as operators see it. */
import {readKickBody} from '../../protocol/api-body.js'
import {encodeControl} from '../../protocol/control.js'
import {idFromJson, targetFromJson} from '../../protocol/target.js'
import {LIMITS} from '../../protocol/limits.js'
import type {PlainResponse} from '../../transport/transport.js'
import {WsmeshError} from '../../util/errors.js'
import {describeError} from '../log.js'
import {briefly} from '../operator-acts.js'
import {outcomeOf} from '../publish-for.js'
import {failure, json, retryAfter} from './answers.js'
import type {MeshView} from './mesh-view.js'
import type {ApiCall} from './route.js'

const WHO_DEFAULT = 100

export async function answerWho({request, parts}: ApiCall): Promise<PlainResponse> {
  const {query} = request
  const limit = Number(query.get('limit') ?? WHO_DEFAULT)
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMITS.whoUsers) {
    return failure(400, `limit is a whole number from 1 to ${LIMITS.whoUsers}`)
  }
  const filter: Record<string, string> = {}
  for (const name of ['user', 'group', 'session']) {
    const id = query.get(name)
    if (id === null) continue
    if (idFromJson(id) === undefined) return failure(400, `${name} is no id: 1 to 255 bytes`)
    filter[name] = id
  }
  const only = query.get('node') ?? undefined
  return ask(parts.view, (view) => view.who({filter, limit, only}), only)
}

export function answerNodes({parts}: ApiCall): Promise<PlainResponse> {
  return ask(parts.view, (view) => view.nodes())
}

async function ask(
  view: MeshView | undefined, question: (view: MeshView) => Promise<object>, only?: string,
): Promise<PlainResponse> {
  if (view === undefined) return failure(501, 'This node was started without a view of the others')
  try {
    return json(200, await question(view))
  } catch (error) {
    if (!(error instanceof WsmeshError)) throw error
    const isUnknown = only !== undefined && error.code === 'NODE_UNREACHABLE'
    return failure(isUnknown ? 404 : 503, describeError(error), isUnknown ? {} : retryAfter())
  }
}

/** It goes the way of messages, which is how it reaches every node. */
export async function kick({request, caller, parts}: ApiCall): Promise<PlainResponse> {
  const body = await parts.bodies.read(request)
  if (!body.ok) return body.response
  const read = readKickBody(body.value)
  if (!read.ok) return failure(400, read.reason)
  const {target, reason, messageId: callerId} = read.value
  const whom = targetFromJson(target)
  if (!whom.ok) return failure(400, whom.reason)
  const payload = encodeControl({op: 'kick', ...(reason !== undefined && {reason})})
  caller.acts.did('kick', {target: briefly(target)})
  const answer = await outcomeOf(parts.publisher.publish(whom.value, payload, {
    callerId, from: 'api',
  }))
  if (answer.ok) return json(200, answer.result)
  const {ok: _ok, ...error} = answer
  return json(error.status, {error}, error.status === 503 ? retryAfter() : {})
}
