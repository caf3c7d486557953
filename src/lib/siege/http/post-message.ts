/** One message by POST /publish, on a connection of its own. */
import {request} from 'node:http'
import {request as tlsRequest} from 'node:https'
import type {TargetJson} from '../../protocol/target.js'
import {placeOf, reasonIn} from './api-place.js'

export interface PostedMessage {
  readonly action: string
  readonly details: unknown
  readonly target: TargetJson
}

export interface PostDoor {
  /** http://host:port, https or unix:/path. */
  readonly api: string
  /** Bearer token of a backend. */
  readonly token: string
  readonly timeoutMs: number
}

/** Resolves when it is delivered. Rejects with an Error that says what the node answered. */
export async function postMessage(
  message: PostedMessage, {api, token, timeoutMs}: PostDoor,
): Promise<void> {
  const body = Buffer.from(JSON.stringify(message))
  const options = {
    ...placeOf(api), path: '/publish', method: 'POST', agent: false, timeout: timeoutMs,
    headers: {
      authorization: `Bearer ${token}`, 'content-length': body.length,
      'content-type': 'application/json', connection: 'close',
    },
  }
  const send = api.startsWith('https:') ? tlsRequest : request
  const {status, text} = await new Promise<{status: number; text: string}>((resolve, reject) => {
    const posting = send(options, (response) => {
      let answer = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => (answer += part))
      response.on('end', () => resolve({status: response.statusCode ?? 0, text: answer}))
      response.on('error', reject)
    })
    posting.on('timeout', () => posting.destroy(new Error('no answer')))
    posting.on('error', reject)
    posting.end(body)
  })
  if (status !== 200) throw new Error(`POST /publish: ${status} ${reasonIn(text)}`)
}
