/**
 * The HTTP API: what an application that keeps no connection to the mesh asks of a node. Who may is
 * settled before a byte of a body is read.
 */
import type {ApiKeys} from '../../auth/api-keys.js'
import type {MeshSecret} from '../../auth/mesh-secret.js'
import type {PlainRequest, PlainResponse} from '../../transport/transport.js'
import {CalmWarning} from '../calm-warning.js'
import type {CounterName, Counters} from '../counters.js'
import type {Log} from '../log.js'
import {failure, json} from './answers.js'
import {bearerOf, Callers, type Caller} from './callers.js'
import {JsonBodies} from './json-body.js'
import {answerNodes, answerWho, kick} from './looking.js'
import {openApi} from './open-api.js'
import {publishBatch, publishOne} from './publishing.js'
import {API_PATHS, ROUTE_PATHS, type RoutePath} from './paths.js'
import {tooFast, type ApiParts, type Route} from './route.js'

export interface HttpApiOptions extends Omit<ApiParts, 'bodies'> {
  readonly keys: ApiKeys
  readonly secret: MeshSecret
  readonly version: string
  readonly counters: Counters
  readonly log: Log
  readonly now: () => number
  readonly wallClock: () => number
}

export const API_ROUTES: Readonly<Record<RoutePath, Route>> = {
  '/publish': {
    method: 'POST', right: 'publish', costs: 'request', query: ['wait'], answer: publishOne,
  },
  '/publish/batch': {
    method: 'POST', right: 'publish', costs: 'messages', query: ['wait'], answer: publishBatch,
  },
  '/kick': {method: 'POST', right: 'kick', costs: 'request', query: [], answer: kick},
  '/who': {
    method: 'GET', right: 'who', costs: 'request', answer: answerWho,
    query: ['user', 'group', 'session', 'limit', 'node'],
  },
  '/nodes': {method: 'GET', right: 'nodes', costs: 'request', query: [], answer: answerNodes},
  '/metrics': {
    method: 'GET', right: 'metrics', costs: 'request', query: [],
    answer: ({parts}) => parts.metrics(),
  },
}

export class HttpApi {
  readonly #options: HttpApiOptions
  readonly #parts: ApiParts
  readonly #callers: Callers
  readonly #refused: CalmWarning

  constructor(options: HttpApiOptions) {
    const {publisher, hasRoomFor, view, metrics, log} = options
    this.#options = options
    this.#parts = {publisher, hasRoomFor, view, metrics, bodies: new JsonBodies()}
    this.#callers = new Callers(options)
    this.#refused = new CalmWarning(log)
  }

  /** Whether a path is the API's. */
  isOf(path: string): boolean {
    return API_PATHS.includes(path)
  }

  /** Of a path that is the API's. */
  async answer(request: PlainRequest): Promise<PlainResponse> {
    const response = await this.#answer(request)
    const {counters} = this.#options
    counters.add('apiRequests')
    const counter = counterOf(response.status)
    if (counter !== undefined) counters.add(counter)
    return response
  }

  sweep(): void {
    this.#callers.sweep()
  }

  async #answer(request: PlainRequest): Promise<PlainResponse> {
    const {path, headers} = request
    const known = ROUTE_PATHS.find((each) => each === path)
    const route = known && API_ROUTES[known]
    const wrong = whatIsWrong(request, route)
    if (wrong !== undefined) return wrong
    if (route === undefined) return json(200, openApi(this.#options.version))
    const bearer = bearerOf(headers.authorization)
    const from = request.remoteAddress === '' ? 'this machine' : request.remoteAddress
    const caller = bearer === undefined ? undefined : await this.#callers.find(bearer, from)
    if (caller === undefined) return this.#unknown(path, from, bearer !== undefined)
    if (!caller.may(route.right)) {
      this.#refused.warn('An API key was refused', {by: caller.name, from, path})
      return failure(403, `This key is not allowed ${JSON.stringify(route.right)}`)
    }
    const waitMs = waitOf(route, caller)
    if (waitMs > 0) return tooFast(waitMs)
    return route.answer({request, caller, parts: this.#parts})
  }

  #unknown(path: string, from: string, isWrong: boolean): PlainResponse {
    const why = isWrong ? 'no key or token that holds' : 'no key'
    this.#refused.warn('A request without a key was refused', {from, path, why})
    // RFC 6750: what was wrong with a token is said only to who showed one.
    const challenge = `Bearer realm="wsmesh"${isWrong ? ', error="invalid_token"' : ''}`
    const message = isWrong
      ? 'This API key does not hold' : 'An API key is needed: Authorization: Bearer …'
    return failure(401, message, {'www-authenticate': challenge})
  }
}

/** A batch takes what it costs once that is known. */
function waitOf({costs}: Route, caller: Caller): number {
  return costs === 'request' ? caller.take(1) : caller.waitMs(1)
}

/** Whatever it bears. */
function whatIsWrong(
  {method, query, headers}: PlainRequest, route: Route | undefined,
): PlainResponse | undefined {
  // A page has no business here, whatever it talked its reader into.
  if (headers['origin'] !== undefined) return failure(403, 'Not for browsers')
  const methods = route?.method === 'POST' ? ['POST'] : ['GET', 'HEAD']
  if (!methods.includes(method)) {
    return failure(405, `${methods[0]} only`, {allow: methods.join(', ')})
  }
  const names = [...query.keys()]
  const stray = names.find((name) => !(route?.query ?? []).includes(name))
  if (stray !== undefined) return failure(400, `unknown parameter ${JSON.stringify(stray)}`)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) return failure(400, `${JSON.stringify(twice)} stands twice`)
  return undefined
}

function counterOf(status: number): CounterName | undefined {
  switch (status) {
    case 401:
    case 403:
      return 'apiRequestsRefused'
    case 429:
      return 'apiRequestsLimited'
    case 503:
      return 'apiRequestsUnavailable'
    default:
      return status >= 400 && status < 500 ? 'apiRequestsWrong' : undefined
  }
}
