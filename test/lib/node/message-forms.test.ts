import {describe, expect, it} from 'vitest'
import {MessageRun} from '../../../src/lib/node/message-run.js'
import type {Envelope} from '../../../src/lib/protocol/envelope.js'
import {encodePayload} from '../../../src/lib/protocol/payload.js'
import {nodeId} from '../../../src/lib/util/brand.js'
import {connectTestClient, type TestClient} from '../../helpers/test-client.js'
import {startTestMesh} from '../../helpers/test-node.js'

describe('a message', () => {
  it('is built once for each form, however many get it', () => {
    const payload = encodePayload('hello', 'Hi')
    const envelope: Envelope = {
      origin: nodeId('n-2'), counter: 1, callerId: undefined, target: {kind: 'everyone'}, payload,
    }
    const run = new MessageRun([{envelope, term: 1, seq: 1, repeatOf: undefined}], 0, 'e')
    const forms = ['object', 'v1', 'array'] as const
    for (const form of forms) expect(run.frame(form)).toBe(run.frame(form))
    expect(new Set(forms.map((form) => run.frame(form))).size).toBe(3)
  })

  it('reaches the tabs of one user on two nodes, each in the form that it speaks', async () => {
    await using mesh = await startTestMesh(2)
    const tabs: {object: TestClient; v1: TestClient; array: TestClient}[] = []
    for (const node of mesh.nodes) {
      const array = await connectTestClient(node.addresses.clientUrl)
      array.send(['Client/authentication', {token: await mesh.token('42')}])
      expect(await array.next()).toEqual(['Client/authentication', 'ok'])
      const object = await mesh.client(node, '42')
      tabs.push({array, object, v1: await mesh.client(node, '42', {isV1: true})})
    }
    const published = ['Hi', ['Hi', {a: 1}], {a: 1}, 0, null, 'Привіт 😀']
    for (const details of published) await mesh.nodes[0]?.publish('hello', details, {user: 42})
    for (const {array, object, v1} of tabs) {
      for (const details of published) {
        const list = Array.isArray(details) ? details : details === null ? [] : [details]
        expect(await array.next()).toEqual(['hello', details])
        expect(await object.next()).toEqual({action: 'hello', details: list})
        const frame = {action: 'hello', details: list, id: expect.any(String)}
        expect(await v1.next()).toMatchObject(frame)
      }
    }
    // The same bytes wherever they are delivered.
    expect(tabs[0]?.array.texts).toEqual(tabs[1]?.array.texts)
    for (const {array} of tabs) array.ws.terminate()
  })
})
