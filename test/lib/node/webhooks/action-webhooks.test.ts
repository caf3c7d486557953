/** Real nodes, real clients, and an application that behaves as well as the test says. */
import {createHmac} from 'node:crypto'
import {describe, expect, it, vi} from 'vitest'
import {webhookKey} from '../../../../src/lib/auth/keys.js'
import {MeshSecret} from '../../../../src/lib/auth/mesh-secret.js'
import {FAILURES_MAX} from '../../../../src/lib/auth/guard.js'
import {silentLog} from '../../../../src/lib/node/log.js'
import type {NodeConfig} from '../../../../src/lib/node/node-config.js'
import {NO_WEBHOOKS} from '../../../../src/lib/node/webhooks/webhook-options.js'
import {Application} from '../../../helpers/application.js'
import {disposing} from '../../../helpers/disposing.js'
import {eventually} from '../../../helpers/eventually.js'
import type {TestClient} from '../../../helpers/test-client.js'
import {startTestMesh, type TestMesh} from '../../../helpers/test-node.js'

const use = disposing()

interface World {
  readonly application: Application
  readonly mesh: TestMesh
  readonly client: TestClient
  readonly counters: () => Readonly<Record<string, number>>
}

async function world(config: Partial<NodeConfig> = {}, isIdempotent = false): Promise<World> {
  const application = use(await Application.open())
  const mesh = use(await startTestMesh(0))
  const webhooks = {
    ...NO_WEBHOOKS, isIdempotent, actions: [{pattern: 'chat/*', url: application.url}],
  }
  const node = await mesh.start({webhooks, ...config})
  await node.ready
  const client = await mesh.client(node, '42', {groups: ['staff'], session: 's1', isV1: true})
  return {application, mesh, client, counters: () => node.stats().counters}
}

const SAY = {action: 'chat/say', details: ['Hi'], id: 'q1'}

describe('what the application is asked', () => {
  it('says who sent what, from where, and is signed', async () => {
    const {application, client, mesh} = await world()
    application.says(200, {reply: ['Hello']})
    client.send(SAY)
    expect(await client.next()).toEqual({action: 'chat/say', details: ['Hello'], re: 'q1'})
    const {method, headers, body} = application.asked[0] ?? fail()
    expect([method, headers['content-type']]).toEqual(['POST', 'application/json'])
    const [node] = mesh.nodes
    expect(JSON.parse(body)).toEqual({
      action: 'chat/say', details: ['Hi'], user: '42', groups: ['staff'], session: 's1',
      language: null, user_agent: null, ip: '127.0.0.1', connection: `${node?.id}-c1`,
      node: node?.id, message: `${node?.id}-w1`,
    })
    const key = Buffer.from(webhookKey(mesh.secret).slice('whsec_'.length), 'base64')
    const {'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature} = headers
    expect(id).toBe(`${node?.id}-w1`)
    const right = createHmac('sha256', key).update(`${String(id)}.${String(at)}.${body}`).digest('base64')
    expect(signature).toBe(`v1,${right}`)
    expect(Math.abs(Date.now() / 1000 - Number(at))).toBeLessThan(60)
  })

  it('is signed with every secret that is accepted while it is changed', async () => {
    const {application, client, mesh} = await world()
    mesh.secret.replace(new MeshSecret('the next secret of tests', 'test', {
      others: ['a secret for tests only'],
    }))
    client.send(SAY)
    await eventually(() => application.asked.length === 1)
    expect(String(application.asked[0]?.headers['webhook-signature']).split(' ')).toHaveLength(2)
  })

  it('is only what the pattern means; other actions and events are not its business', async () => {
    const {application, client} = await world({webhooks: {...NO_WEBHOOKS, actions: []}})
    client.send({action: 'hello', details: []})
    expect(await client.next()).toMatchObject({action: 'hello:error', details: [404, expect.any(String)]})
    expect(application.asked).toEqual([])
    const all = await world()
    all.client.send({action: 'chat/room/7', details: []})
    expect(await all.client.next()).toMatchObject({details: [404, expect.any(String)]})
    expect(all.application.asked).toEqual([])
  })

  it('keeps the order of each connection, and one at a time', async () => {
    const {application, client} = await world()
    let atOnce = 0
    let most = 0
    application.answer = (asked, response) => {
      most = Math.max(most, (atOnce += 1))
      const {details: [n]} = JSON.parse(asked.body) as {details: number[]}
      // The first is the slowest.
      setTimeout(() => {
        atOnce -= 1
        response.end(JSON.stringify({reply: [n]}))
      }, n === 0 ? 50 : 0)
    }
    for (let n = 0; n < 20; n += 1) client.send({action: 'chat/say', details: [n]})
    const replies: unknown[] = []
    for (let n = 0; n < 20; n += 1) {
      replies.push(((await client.next()) as {details: unknown[]}).details[0])
    }
    expect(replies).toEqual(Array.from({length: 20}, (_, n) => n))
    expect(most).toBe(1)
  })
})

function fail(): never {
  throw new Error('The application was not asked')
}

describe('what the application answers', () => {
  it('publishes its messages before the reply, to whoever they are for', async () => {
    const {application, client, mesh} = await world()
    const [node = fail()] = mesh.nodes
    const other = await mesh.client(node, '7')
    const target = {user: [42, 7]}
    application.says(200, {
      publish: [{action: 'said', details: [1], target}, {action: 'said', details: [2], target}],
      reply: ['sent'],
    })
    client.send(SAY)
    const seen = [await client.next(), await client.next(), await client.next()]
    expect(seen).toMatchObject([
      {action: 'said', details: [1]}, {action: 'said', details: [2]}, {action: 'chat/say', re: 'q1'},
    ])
    expect([await other.next(), await other.next()]).toMatchObject([{details: [1]}, {details: [2]}])
  })

  it.each([
    ['its own error', 200, {error: [409, 'Taken']}, [409, 'Taken']],
    ['a page that says no', 403, '<p>no</p>', [403, 'Forbidden']],
    ['500', 500, 'Fatal error in /var/www', [502, 'The application failed']],
    ['a redirect', 302, '', [502, 'The application failed']],
    ['rubbish', 200, '<html>', [502, 'The application failed']],
    ['too much', 200, 'x'.repeat(1024 * 1024 + 1), [502, 'The application failed']],
    ['a target that is none', 200,
      {publish: [{action: 'a', details: 1, target: {}}]}, [502, 'The application failed']],
  ])('with %s: the client gets an error, matched, and no more than it may know', async (
    _name, status, body, expected,
  ) => {
    const {application, client} = await world()
    application.says(status, body)
    client.send(SAY)
    expect(await client.next()).toEqual({action: 'chat/say:error', details: expected, re: 'q1'})
  })

  it('half a body is a failure', async () => {
    const {application, client} = await world()
    application.answer = (_asked, response) => {
      response.writeHead(200, {'content-length': '100'}).write('{"reply":')
      setImmediate(() => response.destroy())
    }
    client.send(SAY)
    expect(await client.next()).toMatchObject({details: [502, expect.any(String)]})
    expect(application.asked).toHaveLength(1)
  })
})

describe('an application that does not answer', () => {
  it('costs each client its action, in time, and nobody else anything', async () => {
    const {application, client, counters} = await world({webhookTimeoutMs: 100})
    application.answer = () => {}
    const times: AbortController[] = []
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
      times.push(new AbortController())
      return times.at(-1)!.signal
    })
    for (let n = 0; n < 3; n += 1) client.send({action: 'chat/say', details: [n]})
    client.send({action: 'hello', details: []})
    expect(await client.next()).toMatchObject({action: 'hello:error', details: [404, expect.any(String)]})
    await eventually(() => times.length === 3 && application.asked.length === 1)
    expect(timeout.mock.calls).toEqual([[100], [100], [100]])
    timeout.mockRestore()
    for (const time of times.toReversed()) time.abort()
    for (let n = 0; n < 3; n += 1) {
      expect(await client.next()).toMatchObject({details: [504, expect.any(String)]})
    }
    // The time of the others was over before their turn came.
    expect(application.asked).toHaveLength(1)
    expect(counters()['webhooksFailed']).toBe(3)
  })

  it('is left alone for a moment after a few failures, and asked again then', async () => {
    const warnings = vi.fn()
    const application = use(await Application.open())
    const mesh = use(await startTestMesh(0))
    const webhooks = {...NO_WEBHOOKS, actions: [{pattern: '**', url: application.url}]}
    const log = {...silentLog, error: warnings}
    let skippedMs = 0
    const now = (): number => performance.now() + skippedMs
    const node = await mesh.start({webhooks}, {log, now})
    await node.ready
    const client = await mesh.client(node, '42')
    application.says(500, '')
    for (let n = 0; n < FAILURES_MAX; n += 1) {
      client.send(SAY)
      expect(await client.next()).toMatchObject({details: [502, expect.any(String)]})
    }
    application.says(200, {reply: 'back'})
    client.send(SAY)
    expect(await client.next()).toMatchObject({details: [503, expect.any(String)]})
    expect(application.asked).toHaveLength(FAILURES_MAX)
    expect(warnings).toHaveBeenCalledOnce()
    skippedMs += 1500
    client.send(SAY)
    expect(await client.next()).toMatchObject({action: 'chat/say', details: ['back']})
    expect(node.stats().counters['webhooksBusy']).toBe(1)
  })

  it('has so many requests at once and so many that wait: more get 503 at once', async () => {
    const {application, mesh, client} = await world({webhooksAtOnce: 1, webhooksWaitingMax: 1})
    const [node = fail()] = mesh.nodes
    const answers: (() => void)[] = []
    application.answer = (_asked, response) => void answers.push(() => response.end('{"reply":1}'))
    const second = await mesh.client(node, '7')
    const third = await mesh.client(node, '8')
    client.send(SAY)
    await eventually(() => answers.length === 1)
    second.send(SAY)
    await eventually(() => node.stats().counters['actionsHandled'] === 2)
    third.send(SAY)
    expect(await third.next()).toMatchObject({details: [503, expect.any(String)]})
    answers.shift()?.()
    expect(await client.next()).toMatchObject({action: 'chat/say'})
    await eventually(() => answers.length === 1)
    answers.shift()?.()
    expect(await second.next()).toMatchObject({action: 'chat/say'})
  })
})

describe('asking again', () => {
  it('is done where there was no connection, since the application saw nothing', async () => {
    const {application, client} = await world()
    const {port} = application
    await application[Symbol.asyncDispose]()
    client.send(SAY)
    expect(await client.next()).toMatchObject({details: [502, expect.any(String)]})
    const again = use(new Application())
    await again.listen(port)
    again.says(200, {reply: 'back'})
    client.send(SAY)
    expect(await client.next()).toMatchObject({details: ['back']})
  })

  it.each([[false, 1], [true, 3]])(
    'of what failed otherwise only where repeats are known (%s)',
    async (isIdempotent, times) => {
      const {application, client} = await world({}, isIdempotent)
      application.says(500, '')
      client.send(SAY)
      expect(await client.next()).toMatchObject({details: [502, expect.any(String)]})
      expect(application.asked).toHaveLength(times)
      const ids = new Set(application.asked.map(({headers}) => headers['webhook-id']))
      expect(ids.size).toBe(1)
    },
  )
})
