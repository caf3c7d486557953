/** The HTTP API without sockets, on a publisher that does what the test says. */
import {ApiKeys, hashOfApiKey, makeApiKey, type ApiKeyEntry} from '../../src/lib/auth/api-keys.js'
import {MeshSecret} from '../../src/lib/auth/mesh-secret.js'
import type {MeshEvent} from '../../src/lib/mesh/event.js'
import {HttpApi} from '../../src/lib/node/api/http-api.js'
import type {MeshView} from '../../src/lib/node/api/mesh-view.js'
import {Counters} from '../../src/lib/node/counters.js'
import {createLog} from '../../src/lib/node/create-log.js'
import {answerMetrics} from '../../src/lib/node/metrics/metrics-page.js'
import {Publisher} from '../../src/lib/node/publisher.js'
import {nodeId} from '../../src/lib/util/brand.js'
import type {PlainRequest, PlainResponse} from '../../src/lib/transport/transport.js'

type Publish = Extract<MeshEvent, {type: 'publish'}>

/** What becomes of a message; `hangs`: in the outbox, and no more is heard of it. */
export type Fate = 'stable' | 'timeout' | 'hangs' | 'outbox-full' | 'draining'

export interface ApiAlone {
  readonly api: HttpApi
  readonly key: string
  readonly keys: ApiKeys
  readonly counters: Counters
  readonly published: Publish[]
  /** Lines of the log, as JSON. */
  readonly lines: string[]
  /** Milliseconds; the test moves it. */
  clock: {ms: number}
  get(path: string, headers?: PlainRequest['headers']): Promise<PlainResponse>
  post(path: string, body: unknown, headers?: PlainRequest['headers']): Promise<PlainResponse>
}

export interface AloneOptions {
  readonly fate?: (n: number) => Fate
  readonly entry?: Partial<ApiKeyEntry>
  readonly hasRoom?: boolean
  readonly view?: MeshView
  readonly hasStarted?: boolean
}

export function apiAlone(options: AloneOptions = {}): ApiAlone {
  const {fate = () => 'stable', entry = {}, hasRoom = true, view, hasStarted = true} = options
  const counters = new Counters()
  const published: Publish[] = []
  const clock = {ms: 0}
  const publisher: Publisher = new Publisher((event) => {
    if (event.type !== 'publish') return
    published.push(event)
    settle(publisher, event.ticket, fate(published.length), published.length)
  }, counters)
  const key = makeApiKey()
  const allow = ['publish', 'who', 'kick', 'nodes', 'metrics'] as const
  const keys = new ApiKeys([{name: 'shop', allow, ...entry, sha256: hashOfApiKey(key)}])
  const lines: string[] = []
  const log = createLog({
    level: 'debug', format: 'ndjson', write: (line) => void lines.push(line), wallClock: () => 0,
  })
  const api = new HttpApi({
    keys, secret: new MeshSecret('a secret for tests only', 'test'), version: '1', publisher,
    hasRoomFor: () => hasRoom, view, counters, log, now: () => clock.ms, wallClock: () => Date.now(),
    metrics: async () => hasStarted ? METRICS : answerMetrics(undefined),
  })
  const ask = (method: string, target: string, bytes: Uint8Array, headers: PlainRequest['headers']) =>
    api.answer(request(method, target, bytes, {authorization: `Bearer ${key}`, ...headers}))
  return {
    api, key, keys, counters, published, lines, clock,
    get: (path, headers = {}) => ask('GET', path, new Uint8Array(), headers),
    post: (path, body, headers = {}) => ask(
      'POST', path, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), headers,
    ),
  }
}

export function request(
  method: string, target: string, bytes: Uint8Array, headers: PlainRequest['headers'],
): PlainRequest {
  const [path = '', query = ''] = target.split('?')
  return {
    method, path, query: new URLSearchParams(query), headers, remoteAddress: '10.0.0.9',
    readBody: async () => ({ok: true, bytes}),
  }
}

const METRICS = {
  status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: '# nothing\n',
} as const

function settle(publisher: Publisher, ticket: number, fate: Fate, n: number): void {
  if (fate === 'outbox-full' || fate === 'draining') return publisher.refused(ticket, fate)
  publisher.accepted(ticket, `n1-${n}`)
  if (fate === 'timeout') publisher.receipt(ticket, {type: 'timeout'})
  if (fate === 'stable') {
    const position = {epoch: 'e', term: 1, seq: n}
    const byNode = [{node: nodeId('n1'), connections: 1}]
    const receipt = {type: 'stable', position, byNode, missing: [], isEarlier: false} as const
    publisher.receipt(ticket, receipt)
  }
  return undefined
}
