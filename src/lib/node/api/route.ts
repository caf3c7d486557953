/** What a route of the API is given, and what routes share. */
import type {ApiRight} from '../../auth/api-keys.js'
import type {Unpublished} from '../../mesh/publishing.js'
import type {PlainRequest, PlainResponse} from '../../transport/transport.js'
import type {Publisher} from '../publisher.js'
import {failure, retryAfter} from './answers.js'
import type {Caller} from './callers.js'
import type {JsonBodies} from './json-body.js'
import type {MeshView} from './mesh-view.js'

export interface ApiParts {
  readonly publisher: Publisher
  /** See MeshCore.hasRoomFor. */
  readonly hasRoomFor: (messages: readonly Unpublished[]) => boolean
  readonly view: MeshView | undefined
  readonly bodies: JsonBodies
  /** This node's, as Prometheus reads them. */
  readonly metrics: () => Promise<PlainResponse>
}

export interface ApiCall {
  readonly request: PlainRequest
  readonly caller: Caller
  readonly parts: ApiParts
}

export interface Route {
  readonly method: 'GET' | 'POST'
  readonly right: ApiRight
  /** Of the caller's rate: one for the request, or for each message, which the route takes. */
  readonly costs: 'request' | 'messages'
  /** Parameters that its query may have. */
  readonly query: readonly string[]
  answer(call: ApiCall): Promise<PlainResponse> | PlainResponse
}

export function tooFast(waitMs: number): PlainResponse {
  return failure(429, 'More a second than this key is allowed', retryAfter(waitMs))
}
