import {setTimeout as delay} from 'node:timers/promises'

import {CallerIds} from '../operator/caller-ids.js'
import type {MeshAccess} from '../operator/mesh-access.js'
import type {OperatorConnection, Publication} from '../operator/operator-connection.js'
import type {PublishResult} from '../protocol/operator-frame.js'
import {encodePayload} from '../protocol/payload.js'
import {checkPublishedAction} from '../protocol/published-action.js'
import {WsmeshError} from '../util/errors.js'
import {type SendJson, sendJson} from './send-result.js'

const RETRY_MS = 100

/**
 * Sends one message through some node; through another, under the same id, when that one dies
 * before its receipt or is being stopped, within the access's time. Rejects as OperatorConnection
 * and findNode do.
 */
export async function sendOne(access: MeshAccess, publication: Publication): Promise<SendJson> {
  // What the node would refuse is refused here, before anything is dialled.
  encodePayload(publication.action, publication.details)
  checkPublishedAction(publication.action)
  const {messageId = new CallerIds().next()} = publication
  return throughSomeNode(access, (connection) =>
    connection.publish({...publication, messageId}, access.leftMs()),
  )
}

/** `attempt` is made again at another node, so it must name its message. */
export async function throughSomeNode(
  access: MeshAccess,
  attempt: (connection: OperatorConnection) => Promise<PublishResult>,
): Promise<SendJson> {
  let connection = await access.findNode()
  const foundMs = performance.now()
  for (;;) {
    try {
      const result = await attempt(connection)
      connection.close()
      return sendJson(result, performance.now() - foundMs)
    } catch (error) {
      connection.close()
      if (!isWorthAnother(error) || access.leftMs() <= RETRY_MS) throw error
      connection = await findAnother(access, error)
    }
  }
}

function isWorthAnother(error: unknown): boolean {
  if (!(error instanceof WsmeshError)) return false
  return error.code === 'NODE_UNREACHABLE' || error.code === 'OUTBOX_FULL'
}

/** When there is none left, what became of the message is what there is to say. */
async function findAnother(access: MeshAccess, before: unknown): Promise<OperatorConnection> {
  for (;;) {
    await delay(RETRY_MS)
    try {
      return await access.findNode()
    } catch (error) {
      if (!isWorthAnother(error) || access.leftMs() <= RETRY_MS) throw before
    }
  }
}
