import {describe, expect, test} from 'vitest'
import {signPublishToken} from '../../../src/lib/auth/publish-token.js'
import {MeshSecret} from '../../../src/lib/auth/mesh-secret.js'
import {startTestMesh} from '../../helpers/test-node.js'
import type {TestMesh} from '../../helpers/test-node.js'

const HELLO = {action: 'hello', details: ['Hi'], target: {user: '42'}}

async function post(
  mesh: TestMesh, body: string, headers: Record<string, string>, method = 'POST',
): Promise<{status: number; body: unknown; headers: Headers}> {
  const [node] = mesh.nodes
  const response = await fetch(`${node?.addresses.httpUrl}/publish`, {
    method, headers, ...(method === 'POST' && {body}),
  })
  const text = await response.text()
  return {status: response.status, body: text === '' ? '' : JSON.parse(text), headers: response.headers}
}

async function bearer({secret}: Pick<TestMesh, 'secret'>, ttlMs = 60_000) {
  return {authorization: `Bearer ${await signPublishToken({by: 'shop', ttlMs}, secret)}`}
}

describe('POST /publish', () => {
  test('publishes one message, answered with its receipt', async () => {
    await using mesh = await startTestMesh(2)
    const [first, second] = mesh.nodes
    if (!first || !second) throw new Error('two nodes')
    const client = await mesh.client(second, '42')
    const {status, body} = await post(mesh, JSON.stringify(HELLO), await bearer(mesh))
    expect(status).toBe(200)
    expect(body).toMatchObject({connections: 1, nodes: 1, byNode: [{node: second.id, connections: 1}]})
    expect(await client.next()).toEqual({action: 'hello', details: ['Hi']})
    const twice = JSON.stringify({...HELLO, messageId: 'order-7'})
    const receipts = [await post(mesh, twice, await bearer(mesh)), await post(mesh, twice, await bearer(mesh))]
    expect(receipts.map((receipt) => receipt.body)[1]).toMatchObject({connections: 1})
    expect(client.texts.filter((text) => text.includes('hello'))).toHaveLength(2)
  })

  test('nobody else may: no token, another mesh, a client, an old one, a page', async () => {
    await using mesh = await startTestMesh(1)
    const other = {secret: new MeshSecret('the secret of another mesh', 'test')}
    const ofClient = {authorization: `Bearer ${await mesh.token('42')}`}
    const refused = [{}, {authorization: 'Bearer x'}, {authorization: 'Basic eDp5'}, ofClient,
      await bearer(other)]
    for (const headers of refused) {
      const answer = await post(mesh, JSON.stringify(HELLO), headers)
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toBe('Bearer')
    }
    const fromPage = await post(mesh, '{}', {...(await bearer(mesh)), origin: 'http://evil'})
    expect(fromPage.status).toBe(403)
    expect(mesh.nodes[0]?.stats().counters['operatorsRefused']).toBe(refused.length)
    expect(mesh.nodes[0]?.stats().counters['messagesPublished']).toBe(0)
  })

  test.each([
    ['', 'not JSON'],
    ['[]', 'a message is an object'],
    ['{"action":"hello"}', 'target'],
    ['{"action":"hello","target":{"user":"1"},"id":5}', 'unknown field "id"'],
    ['{"action":"Client/x","target":{"user":"1"}}', 'Client/'],
    ['{"action":"hello","target":{"users":"1"}}', 'unknown target'],
  ])('%s is answered 400 with the reason', async (body, why) => {
    await using mesh = await startTestMesh(1)
    const answer = await post(mesh, body, await bearer(mesh))
    expect(answer.status).toBe(400)
    expect(JSON.stringify(answer.body)).toContain(why.replaceAll('"', '\\"'))
  })

  test('GET is answered 405; a body beyond the limit 413, unread', async () => {
    await using mesh = await startTestMesh(1)
    const get = await post(mesh, '', await bearer(mesh), 'GET')
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST'])
    const [node] = mesh.nodes
    const tooBig = await fetch(`${node?.addresses.httpUrl}/publish`, {
      method: 'POST', headers: await bearer(mesh), body: 'x'.repeat(9 * 1024 * 1024),
    }).then(({status}) => status, () => 'cut off')
    // Who goes on sending may see the end of the connection before the answer.
    expect([413, 'cut off']).toContain(tooBig)
    expect((await fetch(`${node?.addresses.httpUrl}/healthz`)).status).toBe(200)
  })
})
