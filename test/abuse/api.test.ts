/** What strangers and bad clients send to the HTTP API, on raw sockets: each is answered or cut off. */
import {gzipSync} from 'node:zlib'
import fc from 'fast-check'
import {expect, test} from 'vitest'
import {signPublishToken} from '../../src/lib/auth/publish-token.js'
import {apiAlone, request} from '../helpers/api-alone.js'
import {startApi, HELLO, type ApiBench} from '../helpers/api-bench.js'
import {eventually} from '../helpers/eventually.js'
import {connectRaw, type RawSocket} from '../helpers/raw-socket.js'

const BODY = JSON.stringify(HELLO)

interface RawRequest {
  readonly method?: string
  readonly path?: string
  /** Each with its end. */
  readonly headers?: string
  readonly body?: string | Uint8Array
  /** Undefined: that of the body. */
  readonly length?: number | string
  readonly type?: string
}

function head(key: string, request: RawRequest = {}): string {
  const {method = 'POST', path = '/publish', headers = '', body = BODY} = request
  const {length = Buffer.byteLength(body), type = 'application/json'} = request
  return `${method} ${path} HTTP/1.1\r\nHost: x\r\n` +
    (key === '' ? '' : `Authorization: Bearer ${key}\r\n`) +
    `Content-Type: ${type}\r\n${length === '' ? '' : `Content-Length: ${length}\r\n`}${headers}\r\n`
}

function statuses(raw: RawSocket): number[] {
  return [...raw.text().matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status))
}

async function answered(raw: RawSocket, count: number): Promise<number[]> {
  await eventually(() => statuses(raw).length >= count || raw.isClosed(), {
    what: `${count} answers`, timeoutMs: 15_000,
  })
  return statuses(raw)
}

async function open(bench: ApiBench): Promise<RawSocket> {
  return connectRaw(bench.node.addresses.httpUrl)
}

test('every wrong body is answered, with the reason, and the node goes on', async () => {
  await using bench = await startApi()
  const key = bench.key()
  const cases: readonly (readonly [number, RawRequest, (string | Uint8Array)?])[] = [
    [400, {body: '{"action":'}],
    [400, {body: ''}],
    [400, {body: Buffer.from([0xff, 0xfe, 0x7b])}],
    [400, {body: '['.repeat(100_000)}],
    [400, {body: '{"__proto__":{"action":"x"},"constructor":1}'}],
    [400, {body: BODY.replace('{', '{"target":{"everyone":true},')}],
    [415, {body: gzipSync(BODY), headers: 'Content-Encoding: gzip\r\n'}],
    [415, {type: 'application/json; charset=utf-16'}],
    [415, {type: 'application/json; charset="iso-8859-1"'}],
    [415, {type: 'text/plain'}],
    [415, {type: 'multipart/form-data; boundary=x'}],
    [200, {type: 'application/JSON; charset="UTF-8"; x=y'}],
    [413, {length: 9 * 1024 * 1024}],
    [400, {length: '99999999999999999999'}],
    [413, {length: '', headers: 'Transfer-Encoding: chunked\r\n'}, chunk('x'.repeat(9 * 1024 * 1024))],
    [200, {length: '', headers: 'Transfer-Encoding: chunked\r\n'}, `${chunk(BODY)}0\r\n\r\n`],
    [400, {length: '', headers: 'Transfer-Encoding: chunked\r\n'}, 'ZZ\r\n'],
    [400, {headers: 'Transfer-Encoding: chunked\r\n'}],
    [400, {length: -1}],
    [404, {path: '/publish/'}],
    [404, {path: '//publish'}],
    [404, {path: '/Publish'}],
    [404, {path: '/publish/batch/1'}],
    [404, {path: '/__proto__'}],
    [405, {method: 'PUT'}],
    [405, {method: 'DELETE'}],
    [405, {method: 'OPTIONS'}],
    [405, {method: 'HEAD', body: ''}],
    [405, {path: '/who'}],
    [400, {path: '/publish?wait=long'}],
    [400, {path: '/publish?wait=receipt&wait=accepted'}],
    [400, {path: '/publish?key=x'}],
    [403, {headers: 'Origin: https://evil.example\r\n'}],
  ]
  for (const [status, request, sent = request.body ?? BODY] of cases) {
    const raw = await open(bench)
    raw.write(head(key, request))
    raw.write(sent)
    const got = await answered(raw, 1)
    expect([got[0], head('', request).slice(0, 200)]).toEqual([status, head('', request).slice(0, 200)])
    raw.socket.destroy()
  }
  const {counters} = bench.node.stats()
  expect(counters).toMatchObject({messagesPublished: 2, apiRequestsRefused: 1})
  expect((await bench.post('/publish', HELLO)).status).toBe(200)
})

test('who has no key sends no body: it is not invited, and not read', async () => {
  await using bench = await startApi()
  const expecting = {headers: 'Expect: 100-continue\r\n', length: 5_000_000}
  const stranger = await open(bench)
  stranger.write(head('wsmesh_wrong', expecting))
  expect(await answered(stranger, 1)).toEqual([401])
  expect(stranger.text().toLowerCase()).toContain('connection: close')

  const known = await open(bench)
  known.write(head(bench.key(), {headers: 'Expect: 100-continue\r\n'}))
  expect(await answered(known, 1)).toEqual([100])
  known.write(BODY)
  expect(await answered(known, 2)).toEqual([100, 200])

  const odd = await open(bench)
  odd.write(head(bench.key(), {headers: 'Expect: a-miracle\r\n'}))
  expect(await answered(odd, 1)).toEqual([417])
  for (const raw of [stranger, known, odd]) raw.socket.destroy()
})

test('pipelined requests are published and answered in their order, wrong ones among them', async () => {
  await using bench = await startApi()
  const client = await bench.mesh.client(bench.node, '42')
  const key = bench.key()
  const raw = await open(bench)
  // It takes a while until it is known to hold, the key does not.
  const token = await signPublishToken({by: 'shop', ttlMs: 60_000}, bench.mesh.secret)
  const message = (n: number): string => {
    // Large ones come in many pieces: small ones behind them must not pass.
    const body = JSON.stringify({...HELLO, details: [n, 'x'.repeat(n % 3 === 0 ? 200_000 : 1)]})
    return head(n === 1 ? token : key, {body}) + body
  }
  const wrong = head(key, {body: '[]'}) + '[]'
  const who = `GET /nodes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\n\r\n`
  const sent = [0, 1, 2].map(message).join('') + who + wrong + [3, 4, 5, 6].map(message).join('')
  raw.write(sent)
  expect(await answered(raw, 9)).toEqual([200, 200, 200, 200, 400, 200, 200, 200, 200])
  const got: unknown[] = []
  for (let n = 0; n < 7; n += 1) got.push((await client.next() as {details: unknown[]}).details[0])
  expect(got).toEqual([0, 1, 2, 3, 4, 5, 6])
  expect(raw.isClosed()).toBe(false)
  raw.socket.destroy()
})

test('a body that does not come is cut off in time, and costs nobody anything', async () => {
  await using bench = await startApi({config: {handshakeMs: 2000}})
  const key = bench.key()
  const slow = await open(bench)
  slow.write(head(key, {length: 100}) + '{"action":')
  const half = await open(bench)
  half.write(head(key, {length: '', headers: 'Transfer-Encoding: chunked\r\n'}) + chunk('{"act'))
  const gone = await open(bench)
  gone.write(head(key, {length: 100}) + '{')
  gone.socket.destroy()
  expect([await answered(slow, 1), await answered(half, 1)]).toEqual([[408], [408]])
  await eventually(() => slow.isClosed() && half.isClosed(), {what: 'both to be closed', timeoutMs: 15_000})
  expect(bench.node.stats().counters['requestsTimedOut']).toBe(2)
  expect((await bench.post('/publish', HELLO)).status).toBe(200)
  // What is beyond the length is another request, or what is none.
  const liar = await open(bench)
  liar.write(`${head(key, {length: Buffer.byteLength(BODY)})}${BODY}GARBAGE\r\n\r\n`)
  await eventually(() => liar.isClosed(), {what: 'the end of a connection with rubbish'})
  expect(statuses(liar).at(-1)).toBe(400)
})

test('bodies that are being read are bounded, all together', async () => {
  await using bench = await startApi()
  const key = bench.key()
  const large = {length: 8 * 1024 * 1024}
  const raws = await Promise.all(Array.from({length: 8}, () => open(bench)))
  for (const raw of raws) raw.write(head(key, large) + '{')
  const isFull = async (): Promise<boolean> => (await bench.post('/publish', HELLO)).status === 503
  await eventually(isFull, {what: 'the next body to be refused', timeoutMs: 15_000})
  for (const raw of raws) raw.socket.destroy()
  await eventually(async () => !(await isFull()), {what: 'room for the next one'})
})

/** Messages and batches with something wrong in them, and anything at all. */
const RIGHT = [HELLO, {messages: [HELLO]}, {messages: [HELLO, 5], mode: 'each'}, {target: {user: 1}}]
const bodies = fc.oneof(
  fc.tuple(
    fc.constantFrom<object>(...RIGHT),
    fc.constantFrom('action', 'details', 'target', 'messageId', 'messages', 'mode', 'reason', 'x'),
    fc.oneof(fc.jsonValue(), fc.string({unit: 'binary'})),
  ).map(([body, field, value]) => Buffer.from(JSON.stringify({...body, [field]: value}))),
  fc.constantFrom(...RIGHT).map((body) => Buffer.from(JSON.stringify(body))),
  fc.uint8Array({maxLength: 200}).map((bytes) => Buffer.from(bytes)),
  fc.json().map((text) => Buffer.from(text)),
  fc.record({
    action: fc.oneof(fc.string(), fc.jsonValue()),
    details: fc.jsonValue(),
    target: fc.oneof(
      fc.dictionary(fc.constantFrom('user', 'group', 'session', 'filter', 'everyone', 'x'), fc.jsonValue()),
      fc.jsonValue(),
    ),
    messageId: fc.oneof(fc.string({unit: 'binary'}), fc.jsonValue()),
    mode: fc.oneof(fc.constantFrom('all', 'each'), fc.jsonValue()),
    messages: fc.oneof(fc.array(fc.constant(HELLO)), fc.jsonValue()),
    reason: fc.oneof(fc.string({unit: 'binary'}), fc.jsonValue()),
  }, {requiredKeys: []}).map((value) => Buffer.from(JSON.stringify(value))),
)

test('whatever the body, the query and the key of idempotency: an answer, never an exception', async () => {
  const alone = apiAlone()
  const {api, key} = alone
  const paths = fc.constantFrom('/publish', '/publish/batch', '/kick', '/who', '/nodes', '/openapi.json')
  const headers = fc.record({
    'idempotency-key': fc.string({unit: 'binary'}), 'content-type': fc.string(), 'content-encoding': fc.string(),
  }, {requiredKeys: []})
  const requests = fc.record({
    path: paths, method: fc.constantFrom('POST', 'POST', 'POST', 'GET', 'PUT'),
    query: fc.oneof(fc.constant(''), fc.constant('wait=receipt'), fc.webQueryParameters()),
    bytes: bodies, headers: fc.oneof(fc.constant({}), headers),
  })
  const runs = {numRuns: Number(process.env['FUZZ_RUNS'] ?? 2000)}
  await fc.assert(fc.asyncProperty(requests, async ({path, method, query, bytes, headers}) => {
    const bearer = {authorization: `Bearer ${key}`}
    const answer = await api.answer(request(method, `${path}?${query}`, bytes, {...bearer, ...headers}))
    expect([200, 207, 400, 403, 405, 415, 501]).toContain(answer.status)
    expect(JSON.parse(String(answer.body))).toBeTypeOf('object')
  }), runs)
  expect((await alone.post('/publish', HELLO)).status).toBe(200)
})

function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
}
