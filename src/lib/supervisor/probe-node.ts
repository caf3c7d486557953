/**
 * A test connection to one node, at the socket that is its own: a client comes, proves itself with
 * a token of the mesh secret, and a message to it comes back through the mesh.
 */
import type {MeshSecret} from '../auth/mesh-secret.js'
import {signToken} from '../auth/token.js'
import {connectOperator} from '../operator/operator-client.js'
import {withResolvers} from '../operator/resolvers.js'
import {LIMITS} from '../protocol/limits.js'
import {bePatient, mostOf} from '../process/patience.js'
import {PROBE} from '../process/supervision.js'
import {isRecord, parseJson} from '../protocol/json-text.js'
import {dial} from '../transport/ws-transport.js'
import type {ProbeAnswer} from './probing.js'

export interface ProbeOptions {
  readonly pid: number
  readonly socketPath: string
  /** Where clients connect. */
  readonly clientPath: string
  readonly secret: MeshSecret
  /** Of the node's own time (process/patience.ts). */
  readonly timeoutMs: number
}

/** Never rejects, and takes no longer than it may. */
export async function probeNode(options: ProbeOptions): Promise<ProbeAnswer> {
  const heard = {any: false}
  const abort = new AbortController()
  let stop: (() => void) | undefined
  const late = new Promise<ProbeAnswer>((resolve) => {
    stop = bePatient(options.pid, options.timeoutMs, (passedMs) => {
      abort.abort()
      resolve(heard.any ? {type: 'answers', why: 'its message did not come back in time'}
        : {type: 'silent', why: `no answer in ${Math.round(passedMs / 100) / 10} s`, passedMs})
    })
  })
  try {
    return await Promise.race([ask(options, heard, abort.signal), late])
  } catch (error) {
    return {type: 'answers', why: error instanceof Error ? error.message : String(error)}
  } finally {
    stop?.()
    abort.abort()
  }
}

async function ask(
  {socketPath, clientPath, secret, timeoutMs: ownMs}: ProbeOptions,
  heard: {any: boolean},
  signal: AbortSignal,
): Promise<ProbeAnswer> {
  const timeoutMs = mostOf(ownMs)
  const nonce = `${process.pid}-${Math.random()}`
  const user = `${PROBE.user}${nonce}`
  const token = await signToken({user, ttlMs: 60_000}, secret)
  const {promise: answered, resolve: settle} = withResolvers<ProbeAnswer>()
  const result = await dial(
    `ws+unix:${socketPath}:${clientPath}`,
    {timeoutMs, maxFrameBytes: LIMITS.operatorFrameBytes, signal},
    () => ({
      onMessage(data) {
        const read = parseJson(data)
        if (!read.ok || !isRecord(read.value)) return
        const {action} = read.value
        if (action === 'Client/authentication') void send()
        else if (action === PROBE.action) settle({type: 'well'})
        // Where tokens are no proof, an answer is all that can be had.
        else if (action === 'Client/authentication:error') settle({type: 'well'})
      },
      onClose: () => settle({type: 'answers', why: 'it closed the connection'}),
    }),
  )
  if (!result.ok) {
    if (result.failure === 'timeout') return new Promise(() => {})
    if (result.failure === 'rejected') return {type: 'answers', why: result.detail}
    return {type: 'silent', why: result.detail, passedMs: 0}
  }
  // A loop that does not turn lets nobody in.
  heard.any = true
  const send = async (): Promise<void> => {
    const url = `ws+unix:${socketPath}:/mesh`
    try {
      const mesh = await connectOperator({url, secret, timeoutMs, signal})
      await mesh.publish({action: PROBE.action, details: [], target: {user}}, timeoutMs)
      mesh.close()
    } catch (error) {
      settle({type: 'answers', why: error instanceof Error ? error.message : String(error)})
    }
  }
  result.socket.send(JSON.stringify({action: 'Client/authentication', details: [{token}]}))
  try {
    return await answered
  } finally {
    result.socket.close(1000, '')
  }
}
