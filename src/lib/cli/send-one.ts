import type {MeshAccess} from '../client/mesh-access.js'
import type {Publication} from '../client/operator-connection.js'
import {encodePayload} from '../protocol/payload.js'
import {checkPublishedAction} from '../protocol/published-action.js'
import {type SendJson, sendJson} from './send-result.js'

/** Sends one message through some node. Rejects as OperatorConnection and findNode do. */
export async function sendOne(access: MeshAccess, publication: Publication): Promise<SendJson> {
  // What the node would refuse is refused here, before anything is dialled.
  encodePayload(publication.action, publication.details)
  checkPublishedAction(publication.action)
  const connection = await access.findNode()
  try {
    const startMs = performance.now()
    const result = await connection.publish(publication, access.leftMs())
    return sendJson(result, performance.now() - startMs)
  } finally {
    connection.close()
  }
}
