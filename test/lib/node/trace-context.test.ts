/** A trace from who publishes to who is told: real nodes, real clients, a real application. */
import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {WebSocket} from 'ws'
import {connect} from '../../../src/lib/client/connect.js'
import {NO_WEBHOOKS} from '../../../src/lib/node/webhooks/webhook-options.js'
import type {TraceCarrier} from '../../../src/lib/protocol/trace-context.js'
import {Application} from '../../helpers/application.js'
import {startApi, type ApiBench} from '../../helpers/api-bench.js'
import {disposing} from '../../helpers/disposing.js'
import {FakeOutboxTable} from '../../helpers/fake-outbox.js'
import {startNats} from '../../helpers/nats.js'
import {connectTestClient, nextMessage, type Got, type TestClient} from '../../helpers/test-client.js'

const PARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
const OTHER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00'
const TRACED = {traceparent: PARENT, tracestate: 'rojo=1'}
const ACTIONS = `export default (mesh) => {
  mesh.on('say', async ({trace, details: [own], send}) => {
    await send('said', [trace ?? null], {user: '42'}, own === undefined ? {} : {trace: own})
  })
}`

interface Frame extends Got {
  readonly traceparent?: string
  readonly tracestate?: string
}

function traceOf({traceparent, tracestate}: Frame): readonly unknown[] {
  return [traceparent, tracestate]
}

const use = disposing()

async function open(isTraced: boolean) {
  const application = use(await Application.open())
  const folder = await mkdtemp(join(tmpdir(), 'wsmesh-test-'))
  use({[Symbol.asyncDispose]: () => rm(folder, {recursive: true})})
  const file = join(folder, 'actions.mjs')
  await writeFile(file, ACTIONS)
  const webhooks = {...NO_WEBHOOKS, actions: [{pattern: 'hook', url: application.url}]}
  const config = {isTraced, actions: [file], webhooks}
  return {application, api: use(await startApi({size: 2, config}))}
}

/** Of user 42, at the node that the API is not asked at. */
async function come({mesh}: ApiBench, proof: object): Promise<TestClient> {
  const [, node] = mesh.nodes
  const client = await connectTestClient(node?.addresses.clientUrl ?? '', ['wsmesh.v1'])
  use({[Symbol.asyncDispose]: async () => client.ws.terminate()})
  const token = await mesh.token('42')
  client.send({action: 'Client/authentication', details: [{token, ...proof}]})
  expect(await client.next()).toMatchObject({details: ['ok', {}]})
  return client
}

function counted({mesh}: ApiBench): readonly unknown[] {
  const all = mesh.nodes.map((node) => node.stats().counters)
  const sum = (name: string) => all.reduce((total, each) => total + (each[name] ?? 0), 0)
  return [sum('traceContextsCarried'), sum('traceContextsInvalid')]
}

const MESSAGE = {action: 'n', details: [], target: {user: '42'}}

test('a trace comes to the clients of all nodes that ask for it, and to nobody else', async () => {
  const {api} = await open(true)
  const asking = await come(api, {trace: true})
  const plain = await come(api, {})
  expect((await api.post('/publish', MESSAGE, TRACED)).status).toBe(200)
  const first = await nextMessage(asking)
  expect(traceOf(first)).toEqual([PARENT, 'rojo=1'])
  expect(traceOf(await nextMessage(plain))).toEqual([undefined, undefined])
  // What the message says is nearer; what does not hold is left out, and the message goes.
  const own = {...MESSAGE, traceparent: OTHER}
  const wrong = {...MESSAGE, traceparent: 'none'}
  const batch = await api.post('/publish/batch', {messages: [own, MESSAGE, wrong]}, TRACED)
  expect(batch.status).toBe(200)
  expect(traceOf(await nextMessage(asking))).toEqual([OTHER, undefined])
  expect(traceOf(await nextMessage(asking))).toEqual([PARENT, 'rojo=1'])
  expect(traceOf(await nextMessage(asking))).toEqual([undefined, undefined])
  expect((await api.post('/publish', {...MESSAGE, traceparent: 7})).status).toBe(400)
  expect(counted(api)).toEqual([3, 1])
  // Who comes back gets what it missed as it would have got it.
  const back = await come(api, {trace: true, resume: first.position})
  expect(traceOf(await nextMessage(back))).toEqual([OTHER, undefined])
  const bare = await come(api, {resume: first.position})
  expect(traceOf(await nextMessage(bare))).toEqual([undefined, undefined])
})

test('rows of the outbox have their own, where the table has columns for it', async () => {
  const table = new FakeOutboxTable()
  const config = {isTraced: true}
  const api = use(await startApi({size: 2, config, services: {outbox: table.open()}}))
  const client = await come(api, {trace: true})
  const insert = (trace?: TraceCarrier) => table.insert('n', '[]', '{"user":42}', trace)
  insert(TRACED)
  insert({traceparent: OTHER, tracestate: null})
  insert({traceparent: 'none', tracestate: 'rojo=1'})
  insert()
  const got = [await nextMessage(client), await nextMessage(client), await nextMessage(client), await nextMessage(client)]
  expect(got.map(traceOf)).toEqual([
    [PARENT, 'rojo=1'], [OTHER, undefined], [undefined, undefined], [undefined, undefined],
  ])
  expect(counted(api)).toEqual([2, 1])
})

test('a trace goes through NATS, to the clients of all nodes and to those that come back', async () => {
  const nats = use(await startNats())
  const table = new FakeOutboxTable()
  const config = {isTraced: true, relay: nats.relay()}
  const api = use(await startApi({size: 2, config, services: {outbox: table.open()}}))
  const client = await come(api, {trace: true})
  expect((await api.post('/publish', MESSAGE, TRACED)).status).toBe(200)
  const first = await nextMessage(client)
  expect(traceOf(first)).toEqual([PARENT, 'rojo=1'])
  table.insert('n', '[]', '{"user":42}', {traceparent: OTHER})
  expect(traceOf(await nextMessage(client))).toEqual([OTHER, undefined])
  const back = await come(api, {trace: true, resume: first.position})
  expect(traceOf(await nextMessage(back))).toEqual([OTHER, undefined])
})

test("a client's own goes to handlers and webhooks, and with what they send", async () => {
  const {api, application} = await open(true)
  const client = await come(api, {trace: true})
  client.send({action: 'say', details: [], ...TRACED})
  const said = await nextMessage(client)
  expect([said.details, traceOf(said)]).toEqual([[TRACED], [PARENT, 'rojo=1']])
  client.send({action: 'say', details: [{traceparent: OTHER}], ...TRACED})
  expect(traceOf(await nextMessage(client))).toEqual([OTHER, undefined])
  client.send({action: 'say', details: [], traceparent: 'none', tracestate: 'rojo=1'})
  const bare = await nextMessage(client)
  expect([bare.details, traceOf(bare)]).toEqual([[null], [undefined, undefined]])
  application.says(200, {publish: [MESSAGE]})
  client.send({action: 'hook', details: [], ...TRACED})
  expect(traceOf(await nextMessage(client))).toEqual([PARENT, 'rojo=1'])
  expect(application.asked[0]?.headers).toMatchObject(TRACED)
  expect(counted(api)).toEqual([3, 1])
})

test('the client library gives its own with each action, and hands on those of messages', async () => {
  const {api: {mesh}} = await open(true)
  const [node] = mesh.nodes
  const token = await mesh.token('42')
  const of = connect(node?.addresses.clientUrl ?? '', {token, WebSocket, trace: () => TRACED})
  use({[Symbol.asyncDispose]: async () => of.close()})
  const messages = of.messages('said')
  of.send('say')
  expect((await messages.next()).value).toMatchObject({details: [TRACED], ...TRACED})
})

test('a node that was not told to carry them is as it ever was', async () => {
  const {api, application} = await open(false)
  const client = await come(api, {trace: true})
  expect((await api.post('/publish', {...MESSAGE, ...TRACED}, TRACED)).status).toBe(200)
  expect(await nextMessage(client)).not.toHaveProperty('traceparent')
  client.send({action: 'say', details: [], ...TRACED})
  expect(await nextMessage(client)).toMatchObject({details: [null]})
  application.says(200, {publish: [MESSAGE]})
  client.send({action: 'hook', details: [], ...TRACED})
  expect(await nextMessage(client)).not.toHaveProperty('traceparent')
  expect(application.asked[0]?.headers).not.toHaveProperty('traceparent')
  expect(counted(api)).toEqual([0, 0])
})
