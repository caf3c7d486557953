import {describe, expect, test} from 'vitest'
import {ApiKeys} from '../../../../src/lib/auth/api-keys.js'
import {MeshSecret} from '../../../../src/lib/auth/mesh-secret.js'
import {signPublishToken} from '../../../../src/lib/auth/publish-token.js'
import {apiAlone} from '../../../helpers/api-alone.js'
import {answerOf, HELLO, startApi} from '../../../helpers/api-bench.js'

const OTHER = {...HELLO, action: 'bye'}

describe('POST /publish', () => {
  test('publishes one message, answered with its receipt', async () => {
    await using bench = await startApi({size: 2})
    const [, second] = bench.mesh.nodes
    if (!second) throw new Error('two nodes')
    const client = await bench.mesh.client(second, '42')
    const {status, body} = await bench.post('/publish', HELLO)
    expect(status).toBe(200)
    expect(body).toMatchObject({connections: 1, nodes: 1, byNode: [{node: second.id, connections: 1}]})
    expect(await client.next()).toEqual({action: 'hello', details: ['Hi']})
  })

  test('sent again under the same key, through another node too, it is delivered once', async () => {
    await using bench = await startApi({size: 2})
    const [first, second] = bench.mesh.nodes
    if (!first || !second) throw new Error('two nodes')
    const client = await bench.mesh.client(first, '42')
    const again = {'idempotency-key': 'order-7'}
    const receipts = [
      await bench.post('/publish', HELLO, again),
      await bench.post('/publish', {...HELLO, messageId: 'order-7'}),
      await answerOf(fetch(`${second.addresses.apiUrl}/publish`, {
        method: 'POST', body: JSON.stringify(HELLO),
        headers: {
          'authorization': `Bearer ${bench.key()}`, 'content-type': 'application/json',
          'idempotency-key': '"order-7"',
        },
      })),
    ]
    expect(receipts.map(({body}) => body)).toMatchObject(
      receipts.map(() => ({connections: 1, position: expect.any(String)})),
    )
    await bench.post('/publish', OTHER)
    expect([await client.next(), await client.next()]).toMatchObject([{action: 'hello'}, {action: 'bye'}])
  })

  test.each([
    ['a key that differs from messageId', {...HELLO, messageId: 'a'}, 'b', 'differ'],
    ['an empty key', HELLO, '', 'ASCII'],
    ['a key that is too long', HELLO, 'x'.repeat(65), '64 are allowed'],
    ['a key that is no ASCII', HELLO, '\u00e9', 'ASCII'],
  ])('%s is answered 400', async (_name, body, key, why) => {
    const answer = await apiAlone().post('/publish', body, {'idempotency-key': key})
    expect([answer.status, answer.body]).toEqual([400, expect.stringContaining(why)])
  })

  test('wait=accepted does not wait for the receipt, and counts nothing for it', async () => {
    const api = apiAlone({fate: () => 'hangs'})
    const {status, body} = await api.post('/publish?wait=accepted', HELLO)
    expect([status, JSON.parse(String(body))]).toEqual([202, {id: 'n1-1'}])
  })

  test('a full outbox is 503 with Retry-After; no receipt in time 504 with the id', async () => {
    const full = await apiAlone({fate: () => 'outbox-full'}).post('/publish', HELLO)
    expect([full.status, full.headers]).toEqual([503, {'retry-after': '1'}])
    const late = await apiAlone({fate: () => 'timeout'}).post('/publish', HELLO)
    expect(JSON.parse(String(late.body))).toMatchObject({error: {status: 504, messageId: 'n1-1'}})
  })

  test('a real outbox that is full says so, and its node counts it', async () => {
    const {defaultMeshConfig} = await import('../../../../src/lib/mesh/config.js')
    await using bench = await startApi({config: {mesh: {...defaultMeshConfig, outboxMessages: 0}}})
    const answer = await bench.post('/publish', HELLO)
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
    expect((await bench.post('/publish/batch', {messages: [HELLO]})).status).toBe(503)
    const {counters} = bench.node.stats()
    expect(counters).toMatchObject({apiRequests: 2, apiRequestsUnavailable: 2, publishesRefused: 1})
  })

  test.each([
    ['', 'the body is empty'],
    ['{', 'not JSON'],
    ['[]', 'a message is an object'],
    ['{"action":"hello"}', 'target'],
    ['{"action":"hello","target":{"user":"1"},"id":5}', 'unknown field "id"'],
    ['{"action":"Client/x","target":{"user":"1"}}', 'Client/'],
    ['{"action":"a b","target":{"user":"1"}}', 'spaces'],
    ['{"action":"hello","target":{"users":"1"}}', 'unknown target'],
    ['{"action":"hello","action":"bye","target":{"user":"1"}}', '"action" stands twice'],
    ['{"action":"hello","target":{"user":"1","\\u0075ser":"2"}}', '"user" stands twice'],
    [`{"action":"hello","target":{"user":"1"},"details":${'['.repeat(70)}${']'.repeat(70)}}`, 'deeper'],
    [Buffer.from('{"action":"h\u00e9","target":{"user":"1"}}', 'utf8').toString('latin1'), undefined],
  ])('the body %s is answered with what is wrong', async (body, why) => {
    const answer = await apiAlone().post('/publish', body)
    expect(answer.status).toBe(why === undefined ? 200 : 400)
    if (why !== undefined) expect(JSON.parse(String(answer.body))).toMatchObject({
      error: {status: 400, message: expect.stringContaining(why)},
    })
  })
})

describe('POST /publish/batch', () => {
  test('all are published in their order, each with its receipt', async () => {
    await using bench = await startApi()
    const client = await bench.mesh.client(bench.node, '42')
    const messages = Array.from({length: 1000}, (_, n) => ({...HELLO, details: [n]}))
    const {status, body} = await bench.post('/publish/batch', {messages})
    expect([status, body]).toMatchObject([200, {published: 1000, failed: 0}])
    const got: unknown[] = []
    for (const _ of messages) got.push((await client.next() as {details: unknown[]}).details[0])
    expect(got).toEqual(messages.map(({details}) => details[0]))
  })

  test('mode "all": one that is wrong, and none is sent; each says why', async () => {
    const api = apiAlone()
    const answer = await api.post('/publish/batch', {messages: [HELLO, {action: 'x'}, OTHER]})
    expect([answer.status, JSON.parse(String(answer.body))]).toMatchObject([400, {
      error: {message: '1 of 3 are wrong: none was sent'}, published: 0, failed: 3,
      results: [{status: 424}, {status: 400, error: {message: expect.stringContaining('target')}}, {status: 424}],
    }])
    expect(api.published).toEqual([])
  })

  test('mode "each": those that can be are sent, and nothing passes what was refused', async () => {
    const api = apiAlone({fate: (n) => (n === 2 ? 'outbox-full' : 'stable')})
    const messages = [HELLO, {action: 'x'}, OTHER, HELLO]
    const answer = await api.post('/publish/batch', {mode: 'each', messages})
    expect([answer.status, JSON.parse(String(answer.body))]).toMatchObject([207, {
      published: 1, failed: 3,
      results: [{status: 200, id: 'n1-1'}, {status: 400}, {status: 503}, {status: 503}],
    }])
    expect(answer.headers).toEqual({'retry-after': '1'})
    expect(api.published).toHaveLength(2)
  })

  test('its Idempotency-Key is that of each message with its number, unless that has its own', async () => {
    const api = apiAlone()
    const messages = [HELLO, {...HELLO, messageId: 'own'}, HELLO]
    await api.post('/publish/batch', {messages}, {'idempotency-key': 'import-1'})
    expect(api.published.map(({callerId}) => callerId)).toEqual(['import-1.0', 'own', 'import-1.2'])
    const tooLong = {'idempotency-key': 'x'.repeat(61)}
    expect((await api.post('/publish/batch', {messages}, tooLong)).status).toBe(400)
  })

  test.each([
    ['{"messages":[]}', 'messages is empty'],
    ['{"messages":{}}', 'messages is a list'],
    ['{"messages":[1],"mode":"some"}', 'mode is'],
    ['{"messages":[1],"modes":"all"}', 'unknown field'],
    ['[]', 'a batch is an object'],
    [`{"messages":[${'1,'.repeat(1000)}1]}`, '1000 are allowed'],
  ])('%.30s is answered 400', async (body, why) => {
    const answer = await apiAlone().post('/publish/batch', body)
    expect([answer.status, answer.body]).toEqual([400, expect.stringContaining(why)])
  })
})

async function bearer(secret: MeshSecret): Promise<{authorization: string}> {
  return {authorization: `Bearer ${await signPublishToken({by: 'shop', ttlMs: 60_000}, secret)}`}
}

describe('who may', () => {
  test('a token of the mesh secret publishes, and may nothing else', async () => {
    await using bench = await startApi()
    const ours = await bearer(bench.mesh.secret)
    expect((await bench.post('/publish', HELLO, ours)).status).toBe(200)
    expect((await bench.get('/who', ours)).status).toBe(403)
    expect((await bench.post('/kick', {target: {user: 1}}, ours)).status).toBe(403)
    const foreign = await bearer(new MeshSecret('the secret of another mesh', 'test'))
    const client = {authorization: `Bearer ${await bench.mesh.token('42')}`}
    for (const headers of [foreign, client]) {
      const answer = await bench.post('/publish', HELLO, headers)
      expect([answer.status, answer.headers.get('www-authenticate')])
        .toEqual([401, 'Bearer realm="wsmesh", error="invalid_token"'])
    }
    expect(bench.node.stats().counters).toMatchObject({apiRequestsRefused: 4, messagesPublished: 1})
  })

  test('each key may what its entry says, until it is taken out', async () => {
    await using bench = await startApi()
    const shop = {authorization: `Bearer ${bench.key({allow: ['publish'], actions: ['shop/*']})}`}
    expect((await bench.post('/publish', {...HELLO, action: 'shop/paid'}, shop)).status).toBe(200)
    expect((await bench.post('/publish', HELLO, shop)).status).toBe(403)
    expect((await bench.post('/publish', {...HELLO, action: 'shop/a/b'}, shop)).status).toBe(403)
    expect((await bench.get('/nodes', shop)).status).toBe(403)
    bench.keys.replace(new ApiKeys([]))
    expect((await bench.post('/publish', {...HELLO, action: 'shop/paid'}, shop)).status).toBe(401)
  })

  test('a rate is of messages, says when to come again, and is not renewed by reading the file', async () => {
    const api = apiAlone({entry: {perSecond: 10}})
    const batch = {messages: Array.from({length: 8}, () => HELLO)}
    const statuses = [(await api.post('/publish/batch', batch)).status, (await api.post('/publish', HELLO)).status]
    expect(statuses).toEqual([200, 200])
    const tooMany = await api.post('/publish/batch', batch)
    expect([tooMany.status, tooMany.headers]).toEqual([429, {'retry-after': '1'}])
    api.keys.replace(new ApiKeys(api.keys.entries.map((entry) => ({...entry}))))
    expect((await api.post('/publish/batch', batch)).status).toBe(429)
    api.clock.ms += 700
    expect((await api.post('/publish/batch', batch)).status).toBe(200)
    expect(api.counters.get('apiRequestsLimited')).toBe(2)
    // A batch that is larger than a second of it needs a whole second, and is paid for afterwards.
    api.clock.ms += 2000
    const large = {messages: Array.from({length: 50}, () => HELLO)}
    expect((await api.post('/publish/batch', large)).status).toBe(200)
    expect((await api.post('/publish', HELLO)).headers).toEqual({'retry-after': '5'})
  })

  test('what was done is in the log with who and from where, and no key is', async () => {
    const api = apiAlone()
    await api.post('/publish', {...HELLO, target: {session: 'abcdefghijkl'}})
    await api.post('/publish/batch', {messages: [HELLO, HELLO]})
    await api.post('/kick', {target: {user: 42}})
    await api.post('/publish', HELLO, {authorization: 'Bearer wsmesh_stolen'})
    const lines = api.lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines).toMatchObject([
      {act: 'publish', by: 'shop', from: '10.0.0.9', action: 'hello', target: '{"session":["abcdef…"]}'},
      {act: 'publish', by: 'shop', messages: 2},
      {act: 'kick', by: 'shop', target: '{"user":42}'},
      {level: 'warn', from: '10.0.0.9', path: '/publish'},
    ])
    expect(api.lines.join('')).not.toMatch(/wsmesh_/)
  })
})
