/** What every relay must do for the nodes above it: each relay's test runs this suite over itself. */
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import type {MeshNode} from '../../src/lib/node/create-node.js'
import {parsePosition} from '../../src/lib/protocol/position.js'
import {eventually, within} from '../helpers/eventually.js'
import {connectTestClient, nextMessage, type Got, type TestClient} from '../helpers/test-client.js'
import type {TestMesh} from '../helpers/test-node.js'

interface Answer {
  readonly position: string
  readonly recovered: boolean
}

/** `open`: three nodes that reach each other. */
export function relayContract(name: string, open: () => Promise<TestMesh>): void {
  describe(`${name} relay`, () => {
    let mesh: TestMesh
    const clients: TestClient[] = []

    beforeAll(async () => {
      mesh = await open()
    }, 60_000)

    afterAll(async () => {
      for (const client of clients) client.ws.terminate()
      await mesh[Symbol.asyncDispose]()
    })

    function node(index: number): MeshNode {
      const found = mesh.nodes[index]
      if (found === undefined) throw new Error(`no node ${index}`)
      return found
    }

    async function come(
      at: MeshNode, user: string, resume?: string, groups: string[] = [],
    ): Promise<{readonly client: TestClient; readonly answer: Answer}> {
      const client = await connectTestClient(at.addresses.clientUrl, ['wsmesh.v1'])
      clients.push(client)
      const token = await mesh.token(user, {groups, session: `s-${user}`})
      client.send({action: 'Client/authentication', details: [{token, resume}]})
      const {details} = (await client.next()) as {details: [string, Answer]}
      expect(details[0]).toBe('ok')
      return {client, answer: details[1]}
    }

    test('a receipt names the position, and every connection of every node once', async () => {
      const {client: a} = await come(node(0), 'r1', undefined, ['g1', 'g2'])
      const {client: b} = await come(node(2), 'r1')
      const receipt = await node(1).publish('one', ['x'], {user: ['r1', 'r-nobody']})
      expect(receipt).toMatchObject({connections: 2, nodes: 2, missing: []})
      expect(await nextMessage(a)).toMatchObject({details: ['x'], position: receipt.position})
      expect(await nextMessage(b)).toMatchObject({details: ['x'], position: receipt.position})
      const both = await node(1).publish('two', [], {group: ['g1', 'g2']})
      expect(both.connections).toBe(1)
      expect(await nextMessage(a)).toMatchObject({action: 'two'})
      expect((await node(2).publish('three', [], {user: 'r-nobody'})).connections).toBe(0)
    })

    test.each([
      ['user', {user: 't1'}], ['group', {group: 'team'}], ['session', {session: 's-t1'}],
      ['filter', {filter: {user: 't1'}}], ['registered', {registered: true as const}],
      ['everyone', {everyone: true as const}],
    ])('a message for a %s reaches whom it names, through any node', async (_kind, target) => {
      const {client} = await come(node(1), 't1', undefined, ['team'])
      for (const from of mesh.nodes) {
        await from.publish('kind', [from.id], target)
        expect(await nextMessage(client)).toMatchObject({action: 'kind', details: [from.id]})
      }
    })

    test('what one publisher sends to one target keeps its order, by growing positions', async () => {
      const {client} = await come(node(2), 'o1')
      const sent = Array.from({length: 200}, (_, index) => index)
      await Promise.all(sent.map((index) => node(0).publish('n', [index], {user: 'o1'})))
      const got: Got[] = []
      while (got.length < sent.length) got.push(await nextMessage(client))
      expect(got.map(({details}) => details[0])).toEqual(sent)
      const seqs = got.map(({position}) => parsePosition(position)?.seq ?? 0)
      expect(seqs).toEqual(seqs.toSorted((a, b) => a - b))
      expect(new Set(seqs).size).toBe(seqs.length)
    })

    test('a message of the same id is delivered once, whoever sends it again', async () => {
      const {client} = await come(node(2), 'd1')
      const id = `order-${node(0).id}`
      const first = await node(0).publish('once', [1], {user: 'd1'}, {id})
      const again = await node(1).publish('once', [1], {user: 'd1'}, {id})
      expect(again).toMatchObject({id, position: first.position, connections: 1})
      await node(1).publish('end', [], {user: 'd1'})
      expect(await nextMessage(client)).toMatchObject({action: 'once'})
      expect(await nextMessage(client)).toMatchObject({action: 'end'})
    })

    test('who comes back to any node gets all that he missed, in order and once', async () => {
      const {client, answer} = await come(node(0), 'b1', undefined, ['back'])
      await node(1).publish('seen', [0], {user: 'b1'})
      const {position} = await nextMessage(client)
      await client.close()
      const targets = [{user: 'b1'}, {group: 'back'}, {everyone: true as const}, {user: 'other'}]
      for (const [index, target] of targets.entries()) {
        await node(1).publish('missed', [index], target)
      }
      const back = await come(node(2), 'b1', position, ['back'])
      expect(back.answer.recovered).toBe(true)
      for (const index of [0, 1, 2]) {
        expect(await nextMessage(back.client)).toMatchObject({action: 'missed', details: [index]})
      }
      await node(0).publish('live', [], {user: 'b1'})
      expect(await nextMessage(back.client)).toMatchObject({action: 'live'})
      const all = await come(node(1), 'b1', answer.position, ['back'])
      for (const action of ['seen', 'missed', 'missed', 'missed', 'live']) {
        expect(await nextMessage(all.client)).toMatchObject({action})
      }
    })

    test('a place that no history has is not recovered, and said to be so', async () => {
      const {answer} = await come(node(0), 'l1')
      const [, term, seq] = answer.position.split('.')
      const {answer: other} = await come(node(1), 'l1', `nowhere.${term}.${seq}`)
      expect(other.recovered).toBe(false)
    })

    test('a client that comes between two messages misses none and sees none twice', async () => {
      let {client, answer} = await come(node(0), 'c1')
      const seen: unknown[] = []
      const publishing = (async () => {
        for (let n = 0; n < 300; n += 1) {
          await node(n % 3).publish('flow', [n], {user: 'c1'})
        }
      })()
      let {position} = answer
      for (let turn = 1; turn <= 6; turn += 1) {
        for (let n = 0; n < 20; n += 1) {
          const frame = await nextMessage(client)
          seen.push(frame.details[0])
          position = frame.position
        }
        client.ws.terminate()
        ;({client, answer} = await come(node(turn % 3), 'c1', position))
        expect(answer.recovered).toBe(true)
      }
      await publishing
      while (seen.length < 300) seen.push((await nextMessage(client)).details[0])
      expect(seen).toEqual(Array.from({length: 300}, (_, n) => n))
    })

    test('a node that drains has delivered what it accepted', async () => {
      const {client} = await come(node(0), 'w1')
      const leaving = await mesh.start()
      await within(leaving.ready, 'the node that leaves')
      const sent = Array.from({length: 50}, (_, n) => leaving.publish('last', [n], {user: 'w1'}))
      const settled = Promise.allSettled(sent)
      await leaving.drain()
      const taken = (await settled).filter(({status}) => status === 'fulfilled').length
      expect(taken).toBe(50)
      for (let n = 0; n < taken; n += 1) {
        expect(await nextMessage(client)).toMatchObject({details: [n]})
      }
      await eventually(() => leaving.standing.state === 'drained')
    })
  })
}
