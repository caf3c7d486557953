/**
 * One question over HTTP to a server of the application. Not by fetch: with undici 6 (Node 20) an
 * answer of more than five content encodings is rejected while its body still comes, and what
 * happens to that body afterwards, a time-out or a reset, is an error that nobody can catch: it
 * would end the node.
 */
import {request as askPlain} from 'node:http'
import type {IncomingMessage} from 'node:http'
import {request as askTls} from 'node:https'
import {readBody} from './read-body.js'

export interface HttpQuestion {
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal: AbortSignal
  readonly bytesMax: number
  /** Whether the body of an answer matters: the others are not read. All do unless given. */
  readonly isRead?: (status: number) => boolean
}

export interface HttpAnswer {
  readonly status: number
  readonly body: string
}

/** The connection had been closed by the other side before a byte of an answer came. */
class KeptConnectionEnded extends Error {}

/** Rejects where there is no whole answer, with the reason of the signal where that is why. */
export async function askHttp(url: string, question: HttpQuestion): Promise<HttpAnswer> {
  const {signal, bytesMax, isRead} = question
  try {
    const response = await answerTo(url, question, true).catch((error: unknown) => {
      if (!(error instanceof KeptConnectionEnded) || signal.aborted) throw error
      return answerTo(url, question, false)
    })
    const {statusCode: status = 0} = response
    if (isRead?.(status) === false) {
      response.destroy()
      return {status, body: ''}
    }
    const {'content-encoding': encoding = 'identity'} = response.headers
    if (encoding.toLowerCase() !== 'identity') {
      response.destroy()
      throw new Error(`it answers in Content-Encoding ${encoding}, which was not asked for`)
    }
    return {status, body: await readBody(response, bytesMax)}
  } catch (error) {
    // Node says of it only that it was aborted, in one way or another.
    signal.throwIfAborted()
    throw error
  }
}

function answerTo(
  url: string, question: HttpQuestion, mayBeKept: boolean,
): Promise<IncomingMessage> {
  const {method, headers, body, signal} = question
  return new Promise((resolve, reject) => {
    const ask = new URL(url).protocol === 'https:' ? askTls : askPlain
    const request = ask(url, {
      method, signal, headers: {...headers, 'accept-encoding': 'identity'},
      ...(mayBeKept ? {} : {agent: false}),
    })
    request.on('response', resolve)
    request.on('upgrade', (_response, socket) => {
      socket.destroy()
      reject(new Error('it answers 101'))
    })
    request.on('error', (error) => {
      const isEnded = 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
      const wasKept = request.reusedSocket && isEnded
      reject(wasKept ? new KeptConnectionEnded(error.message, {cause: error}) : error)
    })
    request.on('close', () => reject(new Error('it closes the connection without an answer')))
    request.end(body)
  })
}
