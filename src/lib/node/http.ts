/**
 * The pages of a node: /healthz for load balancers, /stats for who is on this machine, and for web
 * pages the client library and the position (for-pages.ts).
 */
import {isIP} from 'node:net'
import type {NodeStats} from '../protocol/operator-frame.js'
import type {PlainRequest, PlainResponse} from '../transport/transport.js'
import type {NodeStatus} from './node-status.js'
import {answerPage, PAGE_PATHS} from './for-pages.js'
import type {ForPages} from './for-pages.js'

export interface HttpOptions {
  readonly status: () => NodeStatus | undefined
  readonly stats: () => NodeStats | undefined
  readonly forPages: ForPages
}

export function answerHttp(request: PlainRequest, options: HttpOptions): PlainResponse {
  const isForPages = PAGE_PATHS.includes(request.path)
  const isKnown = isForPages || request.path === '/healthz' || request.path === '/stats'
  if (!isKnown) return text(404, `Nothing at this path`)
  const wrongMethod = refuseMethod(request)
  if (wrongMethod !== undefined) return wrongMethod
  if (isForPages) return answerPage(request, options.forPages)
  if (request.path === '/healthz') return health(options.status())
  const refusal = refuseStranger(request, 'by an operator: wsmesh pool list')
  if (refusal !== undefined) return refusal
  const stats = options.stats()
  return stats === undefined ? json(503, {reason: 'starting'}) : json(200, stats)
}

/** Of a page for who is on this machine; `otherwise`: how others get it. Undefined: it is one. */
export function refuseStranger(
  request: PlainRequest, otherwise: string,
): PlainResponse | undefined {
  const wrongMethod = refuseMethod(request)
  if (wrongMethod !== undefined) return wrongMethod
  if (!isFromThisMachine(request)) return text(403, `Only from this machine, or ${otherwise}`)
  if (isNamedByAddress(request)) return undefined
  return text(403, 'Only as localhost or by address: another name may be a page\'s own')
}

function refuseMethod({method}: PlainRequest): PlainResponse | undefined {
  if (method === 'GET' || method === 'HEAD') return undefined
  return {...text(405, 'GET only'), headers: {allow: 'GET, HEAD'}}
}

function health(status: NodeStatus | undefined): PlainResponse {
  const reason = status === undefined ? 'starting' : status.unhealthy
  if (reason !== undefined) return json(503, {status: 'unavailable', reason})
  return json(200, {status: 'ok', role: status?.role})
}

/** Headers that proxies add: with one, the address is the proxy's and says nothing. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via']

function isFromThisMachine({remoteAddress, headers}: PlainRequest): boolean {
  const address = remoteAddress.replace(/^::ffff:/, '')
  const isLoopback = address === '::1' || address.startsWith('127.')
  return isLoopback && FORWARDED.every((name) => headers[name] === undefined)
}

/**
 * A page can have its own name lead to 127.0.0.1 (DNS rebinding) and would then read as one of
 * this node's. Browsers always send the name they were given.
 */
function isNamedByAddress({headers}: PlainRequest): boolean {
  const {host} = headers
  if (typeof host !== 'string') return host === undefined
  const name = host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1')
  return name.toLowerCase() === 'localhost' || isIP(name) !== 0
}

function json(status: number, value: unknown): PlainResponse {
  return {status, type: 'application/json', body: `${JSON.stringify(value)}\n`}
}

function text(status: number, body: string): PlainResponse {
  return {status, type: 'text/plain; charset=utf-8', body: `${body}\n`}
}
