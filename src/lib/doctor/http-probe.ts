import {type IncomingMessage, type RequestOptions, request as httpRequest} from 'node:http'
import {request as httpsRequest} from 'node:https'
import {randomBytes} from 'node:crypto'
import {TLSSocket} from 'node:tls'

import type {UpgradeFacts} from './facts.js'

export interface ProbeOptions {
  readonly timeoutMs: number
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  /** PEM of who signs, beside those that Node believes. */
  readonly ca?: string | undefined
}

export type HttpAnswer =
  | {
      readonly type: 'answered'
      /** 101: the connection was a WebSocket, and is closed again. */
      readonly status: number
      readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
      /** Of the peer, where it speaks TLS. */
      readonly certificateToMs: number | undefined
    }
  | {readonly type: 'failed'; readonly code: string; readonly message: string}

/** One request on a connection of its own; never rejects. `url`: http(s) or ws(s). */
export function probeHttp(url: string, options: ProbeOptions): Promise<HttpAnswer> {
  const page = new URL(url.replace(/^ws/, 'http'))
  const {timeoutMs, method = 'GET', headers = {}, ca} = options
  const settings: RequestOptions & {ca?: string} = {
    agent: false, method, headers: {...headers}, ...(ca !== undefined && {ca}),
  }
  return new Promise((resolve) => {
    const isTls = page.protocol === 'https:'
    const request = isTls ? httpsRequest(page, settings) : httpRequest(page, settings)
    const answered = (response: IncomingMessage): void => {
      const {statusCode: status = 0, headers, socket} = response
      resolve({type: 'answered', status, headers, certificateToMs: certificateOf(socket)})
      request.destroy()
    }
    const timer = setTimeout(() => {
      resolve({type: 'failed', code: 'ETIMEDOUT', message: `no answer in ${timeoutMs} ms`})
      request.destroy()
    }, timeoutMs)
    request.once('close', () => clearTimeout(timer))
    request.once('response', answered)
    request.once('upgrade', (response, socket) => {
      answered(response)
      socket.destroy()
    })
    request.once('error', (error: NodeJS.ErrnoException) => {
      const {code = ''} = error
      resolve({type: 'failed', code, message: error.message || code || 'no answer'})
    })
    request.end()
  })
}

/** Asks for a WebSocket and hangs up. */
export async function probeUpgrade(
  url: string, options: ProbeOptions,
): Promise<{readonly answer: UpgradeFacts; readonly certificateToMs: number | undefined}> {
  const answer = await probeHttp(url, {
    ...options,
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': randomBytes(16).toString('base64'),
      ...options.headers,
    },
  })
  if (answer.type === 'failed') return {answer, certificateToMs: undefined}
  const {status, headers, certificateToMs} = answer
  const server = typeof headers['server'] === 'string' ? headers['server'].slice(0, 60) : undefined
  return {
    answer: status === 101 ? {type: 'upgraded'} : {type: 'answered', status, server},
    certificateToMs,
  }
}

function certificateOf(socket: unknown): number | undefined {
  if (!(socket instanceof TLSSocket)) return undefined
  const endMs = Date.parse(socket.getPeerCertificate().valid_to)
  return Number.isNaN(endMs) ? undefined : endMs
}
