import {describe, expect, test} from 'vitest'
import {API_ROUTES} from '../../../../src/lib/node/api/http-api.js'
import {openApi} from '../../../../src/lib/node/api/open-api.js'
import {API_PATHS} from '../../../../src/lib/node/api/paths.js'
import type {PlainResponse} from '../../../../src/lib/transport/transport.js'
import {WsmeshError} from '../../../../src/lib/util/errors.js'
import {apiAlone, request, type AloneOptions, type ApiAlone} from '../../../helpers/api-alone.js'
import {HELLO, startApi} from '../../../helpers/api-bench.js'
import {whatIsWrong, type Schema} from '../../../helpers/json-schema.js'

interface Documented {
  readonly responses: Readonly<Record<string, {
    readonly headers?: Readonly<Record<string, unknown>>
    readonly content: Readonly<Record<string, {readonly schema: Schema}>>
  }>>
  readonly parameters?: readonly {readonly name: string; readonly in: string}[]
  readonly requestBody?: {readonly content: {readonly 'application/json': {readonly schema: Schema}}}
}

const document = JSON.parse(JSON.stringify(openApi('1'))) as Schema & {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Documented>>>>
}

/** "POST /publish" to what the document says of it. */
const operations = new Map(Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, about]) => [`${method.toUpperCase()} ${path}`, about])))

type Case = readonly [status: number, how: (api: ApiAlone) => Promise<PlainResponse>, AloneOptions?]

const BATCH = {messages: [HELLO, HELLO]}
const WRONG = {action: 'hello'}
const NO_VIEW = {view: {
  who: () => Promise.reject(new WsmeshError('NODE_UNREACHABLE', 'No node is called n9')),
  nodes: () => Promise.reject(new WsmeshError('POOL_UNREACHABLE', 'The pool does not answer')),
}}
const EMPTY_WHO = {
  users: [], connections: 0, unproved: 0, truncated: false, complete: true, nodes: [], warnings: [],
}
const VIEW = {view: {
  who: async () => EMPTY_WHO,
  nodes: async () => ({relay: null, master: null, term: 0, nodes: [], warnings: []}),
}}

/** Of each operation with a body; `path` and what it takes. */
function posts(path: string, body: unknown): Case[] {
  return [
    [200, (api) => api.post(path, body)],
    [400, (api) => api.post(path, '[]')],
    [400, (api) => api.post(`${path}?x=1`, body)],
    [413, (api) => api.api.answer({
      ...request('POST', path, new Uint8Array(), {authorization: `Bearer ${api.key}`}),
      readBody: async () => ({ok: false, why: 'too big'}),
    })],
    [415, (api) => api.post(path, body, {'content-encoding': 'gzip'})],
    [503, (api) => api.post(path, body), {fate: () => 'outbox-full'}],
    [504, (api) => api.post(path, body), {fate: () => 'timeout'}],
    ...shared('POST', path, () => JSON.stringify(body)),
  ]
}

function gets(path: string): Case[] {
  return [
    [200, (api) => api.get(path), VIEW],
    [400, (api) => api.get(`${path}?x=1`), VIEW],
    [501, (api) => api.get(path)],
    [503, (api) => api.get(path), NO_VIEW],
    ...shared('GET', path, () => ''),
  ]
}

/** What who is who decides, before the route is asked. */
function shared(method: string, path: string, body: () => string): Case[] {
  const ask = (api: ApiAlone, headers: Record<string, string>, other = method) =>
    api.api.answer(request(other, path, Buffer.from(body()), headers))
  return [
    [401, (api) => ask(api, {})],
    [401, (api) => ask(api, {authorization: 'Bearer wsmesh_wrong'})],
    [401, (api) => ask(api, {authorization: 'Basic eDp5'})],
    [403, (api) => ask(api, {authorization: `Bearer ${api.key}`}), {entry: {allow: []}}],
    [403, (api) => ask(api, {authorization: `Bearer ${api.key}`, origin: 'https://evil'})],
    [405, (api) => ask(api, {authorization: `Bearer ${api.key}`}, 'OPTIONS')],
    [405, (api) => ask(api, {authorization: `Bearer ${api.key}`}, 'PUT')],
    [429, async (api) => {
      await ask(api, {authorization: `Bearer ${api.key}`})
      return ask(api, {authorization: `Bearer ${api.key}`})
    }, {entry: {perSecond: 1}, ...VIEW}],
  ]
}

const CASES: Readonly<Record<string, readonly Case[]>> = {
  'POST /publish': [
    ...posts('/publish', HELLO),
    [202, (api) => api.post('/publish?wait=accepted', HELLO), {fate: () => 'hangs'}],
    [403, (api) => api.post('/publish', HELLO), {entry: {actions: ['shop/*']}}],
  ],
  'POST /publish/batch': [
    ...posts('/publish/batch', BATCH),
    [202, (api) => api.post('/publish/batch?wait=accepted', BATCH), {fate: () => 'hangs'}],
    [207, (api) => api.post('/publish/batch', {mode: 'each', messages: [HELLO, WRONG]})],
    [207, (api) => api.post('/publish/batch', BATCH), {fate: (n) => (n === 1 ? 'stable' : 'timeout')}],
    [400, (api) => api.post('/publish/batch', {messages: [HELLO, WRONG]})],
    [400, (api) => api.post('/publish/batch', {mode: 'each', messages: [WRONG]})],
    [403, (api) => api.post('/publish/batch', BATCH), {entry: {actions: ['shop/*']}}],
    [503, (api) => api.post('/publish/batch', BATCH), {hasRoom: false}],
  ],
  'POST /kick': posts('/kick', {target: {user: 42}, reason: 'logged out'}),
  'GET /who': [
    ...gets('/who'),
    [400, (api) => api.get('/who?limit=0'), VIEW],
    [404, (api) => api.get('/who?node=n9'), NO_VIEW],
  ],
  'GET /nodes': gets('/nodes'),
  'GET /metrics': [
    [200, (api) => api.get('/metrics')],
    [400, (api) => api.get('/metrics?x=1')],
    [503, (api) => api.get('/metrics'), {hasStarted: false}],
    ...shared('GET', '/metrics', () => ''),
  ],
  'GET /openapi.json': [
    [200, (api) => api.get('/openapi.json')],
    [400, (api) => api.get('/openapi.json?x=1')],
    [403, (api) => api.get('/openapi.json', {origin: 'https://evil'})],
    [405, (api) => api.post('/openapi.json', {})],
  ],
}

describe('the document and the handlers', () => {
  test('every route is documented, with its method and its parameters, and no other', () => {
    const routes = Object.entries(API_ROUTES).map(([path, {method}]) => `${method} ${path}`)
    expect([...operations.keys()].toSorted()).toEqual([...routes, 'GET /openapi.json'].toSorted())
    expect(Object.keys(document.paths).toSorted()).toEqual(API_PATHS.toSorted())
    for (const [path, {method, query}] of Object.entries(API_ROUTES)) {
      const {parameters = []} = operations.get(`${method} ${path}`) ?? {}
      const documented = parameters.filter((each) => each.in === 'query').map(({name}) => name)
      expect(documented, path).toEqual(query)
    }
  })

  test.each([...operations])('%s: each documented status is produced, and no other', (name, about) => {
    const produced = new Set((CASES[name] ?? []).map(([status]) => String(status)))
    expect([...produced].toSorted()).toEqual(Object.keys(about.responses).toSorted())
  })

  const all = Object.entries(CASES).flatMap(([name, cases]) =>
    cases.map(([status, how, options], n) => ({name, status, n, how, options})))

  test.each(all)('$name is answered $status as documented ($n)', async ({name, status, how, options}) => {
    const answer = await how(apiAlone(options))
    expect(answer.status, String(answer.body)).toBe(status)
    const documented = operations.get(name)?.responses[status]
    if (documented === undefined) throw new Error(`${name} ${status} is not documented`)
    expect(Object.keys(documented.content)).toEqual([answer.type])
    const {schema} = documented.content[answer.type] ?? {}
    const body = String(answer.body)
    const value: unknown = answer.type === 'application/json' ? JSON.parse(body) : body
    expect(whatIsWrong(value, schema ?? {}, document)).toEqual([])
    const headers = Object.keys(documented.headers ?? {}).map((header) => header.toLowerCase())
    expect(Object.keys(answer.headers ?? {})).toEqual(expect.arrayContaining(headers))
  })

  test('what a node takes is what the document lets through', async () => {
    const api = apiAlone()
    const {schema} = operations.get('POST /publish')?.requestBody?.content['application/json'] ?? {}
    if (schema === undefined) throw new Error('no schema of a message')
    const targets: unknown[] = [
      {user: 42}, {user: ['1', 2]}, {group: 'a'}, {session: 's'}, {filter: {language: 'en', x: true}},
      {registered: true}, {everyone: true}, {users: 1}, {user: 1, group: 2}, {}, {user: []},
      {registered: false}, {filter: {}}, {user: 1.5}, {user: null}, 'all', null,
    ]
    for (const target of targets) {
      const message = {action: 'hello', target}
      const {status} = await api.post('/publish', message)
      expect([status === 200, target]).toEqual([whatIsWrong(message, schema, document).length === 0, target])
    }
    const others: unknown[] = [
      {action: '', target: {user: 1}}, {...HELLO, x: 1}, {target: {user: 1}}, {...HELLO, messageId: ''},
      {...HELLO, messageId: 'x'.repeat(65)}, {...HELLO, details: null},
    ]
    for (const message of others) {
      const {status} = await api.post('/publish', message)
      expect([status === 200, message]).toEqual([whatIsWrong(message, schema, document).length === 0, message])
    }
  })
})

test('a mesh of two nodes answers as documented, by HTTP', async () => {
  await using bench = await startApi({size: 2})
  await bench.mesh.client(bench.node, '42', {session: 's-1', groups: ['staff']})
  const asked = [
    ['GET /openapi.json', await bench.get('/openapi.json', {authorization: ''})],
    ['GET /who', await bench.get('/who')],
    ['GET /who', await bench.get('/who?user=42&limit=5')],
    ['GET /nodes', await bench.get('/nodes')],
    ['POST /publish', await bench.post('/publish', HELLO)],
    ['POST /publish/batch', await bench.post('/publish/batch', BATCH)],
    ['POST /kick', await bench.post('/kick', {target: {user: '42'}, reason: 'logged out'})],
  ] as const
  for (const [name, {status, body}] of asked) {
    expect([name, status, body]).toEqual([name, 200, expect.anything()])
    const {schema} = operations.get(name)?.responses[200]?.content['application/json'] ?? {}
    expect(whatIsWrong(body, schema ?? {}, document), name).toEqual([])
  }
  const [, who, tabs, nodes] = asked.map(([, {body}]) => body)
  expect(who).toMatchObject({connections: 1, complete: true, users: [{user: '42', groups: ['staff']}]})
  expect(tabs).toMatchObject({users: [{tabs: [{session: 's-1', node: bench.node.id}]}]})
  expect(nodes).toMatchObject({nodes: [{state: 'up'}, {state: 'up'}]})
  expect(asked[0][1].body).toEqual(JSON.parse(JSON.stringify(openApi('0.0.0-test'))))
})
