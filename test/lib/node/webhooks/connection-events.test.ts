/** Who comes and goes, told to an application that may be slow, away, or refuse. */
import {describe, expect, it} from 'vitest'
import {EVENT_TYPES, NO_WEBHOOKS} from '../../../../src/lib/node/webhooks/webhook-options.js'
import type {EventType} from '../../../../src/lib/node/webhooks/webhook-options.js'
import type {MeshNode} from '../../../../src/lib/node/create-node.js'
import type {NodeConfig} from '../../../../src/lib/node/node-config.js'
import {Application} from '../../../helpers/application.js'
import {disposing} from '../../../helpers/disposing.js'
import {eventually} from '../../../helpers/eventually.js'
import {connectTestClient} from '../../../helpers/test-client.js'
import {startTestMesh, type TestMesh} from '../../../helpers/test-node.js'

interface Event {
  readonly type: EventType
  readonly id: string
  readonly user: string | null
  readonly [name: string]: unknown
}

interface Batch {
  readonly events: readonly Event[]
  readonly dropped: number
}

const use = disposing()

interface World {
  readonly application: Application
  readonly mesh: TestMesh
  readonly node: MeshNode
  readonly batches: () => readonly Batch[]
  /** Each event once, as often as it was told. */
  readonly events: () => readonly Event[]
}

async function world(
  config: Partial<NodeConfig> = {}, types: readonly EventType[] = EVENT_TYPES,
): Promise<World> {
  const application = use(await Application.open())
  const mesh = use(await startTestMesh(0))
  const webhooks = {...NO_WEBHOOKS, events: [{types, url: application.url}]}
  const node = await mesh.start({webhooks, ...config})
  await node.ready
  const batches = (): Batch[] => application.asked.map(({body}) => JSON.parse(body) as Batch)
  const events = (): Event[] => [
    ...new Map(batches().flatMap((batch) => batch.events.map((event) => [event.id, event]))).values(),
  ]
  return {application, mesh, node, batches, events}
}

describe('an application that listens', () => {
  it('hears of every tab, and of the first and the last of a user', async () => {
    const {mesh, node, events} = await world()
    const one = await mesh.client(node, '42', {groups: ['staff'], session: 's1', language: 'en'})
    const two = await mesh.client(node, '42')
    await one.close()
    await two.close()
    await eventually(() => events().length === 6)
    expect(events().map(({type, connection}) => [type, connection])).toEqual([
      ['user.first', undefined],
      ['connected', `${node.id}-c1`],
      ['connected', `${node.id}-c2`],
      ['disconnected', `${node.id}-c1`],
      ['disconnected', `${node.id}-c2`],
      ['user.last', undefined],
    ])
    expect(events()[1]).toEqual({
      type: 'connected', id: expect.any(String), at: expect.any(Number), node: node.id, user: '42',
      groups: ['staff'], session: 's1', language: 'en', user_agent: null, ip: '127.0.0.1',
      connection: `${node.id}-c1`,
    })
    expect(events()[3]).toMatchObject({code: 1005, reason: ''})
  })

  it('hears of a guest who becomes a user, not of a proof that is renewed', async () => {
    const {mesh, node, events} = await world({guests: 'allow'})
    const client = await connectTestClient(node.addresses.clientUrl)
    const proof = {token: await mesh.token('42')}
    for (const details of [[], [proof], [proof]]) {
      client.send({action: 'Client/authentication', details})
      await client.next()
    }
    await client.close()
    await eventually(() => events().length === 5)
    expect(events().map(({type, user}) => [type, user])).toEqual([
      ['connected', null], ['user.first', '42'], ['connected', '42'], ['disconnected', '42'],
      ['user.last', '42'],
    ])
  })

  it('hears of those types only that it asked for', async () => {
    const {mesh, node, events} = await world({}, ['user.last'])
    const client = await mesh.client(node, '42')
    await client.close()
    await eventually(() => events().length === 1)
    expect(events()).toMatchObject([{type: 'user.last', user: '42'}])
  })

  it('hears of those who go as the node is stopped, before it is', async () => {
    const {mesh, node, events} = await world()
    await mesh.client(node, '42')
    await node.drain()
    expect(events().map(({type}) => type)).toEqual([
      'user.first', 'connected', 'disconnected', 'user.last',
    ])
    expect(events()[2]).toMatchObject({code: 4000, reason: 'drain'})
  })
})

describe('an application that fails', () => {
  it('gets the same request again until it takes it, and what came meanwhile then', async () => {
    const {application, mesh, node, batches, events} = await world()
    application.says(503, '')
    const client = await mesh.client(node, '42')
    await eventually(() => batches().length >= 2, {what: 'a second try'})
    await client.close()
    application.says(204, '')
    await eventually(() => events().length === 4)
    const [first, second] = application.asked
    expect([second?.body, second?.headers['webhook-id']]).toEqual([
      first?.body, first?.headers['webhook-id'],
    ])
    expect(events().map(({type}) => type)).toEqual([
      'user.first', 'connected', 'disconnected', 'user.last',
    ])
    await eventually(() => node.stats().counters['webhookEventsSent'] === 4)
  })

  it('loses what it refuses, and no more', async () => {
    const {application, mesh, node, events} = await world()
    application.answer = (_asked, response) => {
      response.writeHead(application.asked.length === 1 ? 400 : 200).end()
    }
    const client = await mesh.client(node, '42')
    await eventually(() => node.stats().counters['webhookEventsDropped'] === 2)
    await client.close()
    await eventually(() => events().length === 4)
    await eventually(() => node.stats().counters['webhookEventsSent'] === 2)
  })

  it('is told how many it missed when too many waited', async () => {
    const {application, mesh, node, batches} = await world({webhookEventsMax: 3})
    const held: (() => void)[] = []
    application.answer = (_asked, response) => void held.push(() => response.end())
    const clients = [await mesh.client(node, '1'), await mesh.client(node, '2')]
    // The last of these four, or more if the first were sent alone, found no place.
    await eventually(() => node.stats().counters['webhookEventsDropped'] === 1)
    await eventually(() => held.length === 1)
    application.answer = (_asked, response) => void response.end()
    held[0]?.()
    await eventually(() => node.stats().counters['webhookEventsSent'] === 3)
    for (const client of clients) await client.close()
    await eventually(() => batches().at(-1)?.dropped === 1, {what: 'the number of those missed'})
  })

  it('does not keep a node from stopping', async () => {
    const {application, mesh, node} = await world({webhookTimeoutMs: 60_000})
    application.answer = () => {}
    await mesh.client(node, '42')
    await eventually(() => application.asked.length === 1)
    await node.close()
    expect(node.stats().counters['webhookEventsDropped']).toBe(4)
  })
})
