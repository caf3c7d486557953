/** What is tried at /mesh of a real node, by who has no right to be there. */
import {afterEach, beforeEach, describe, expect, it} from 'vitest'
import {proofOf, makeNonce} from '../../../src/lib/auth/challenge.js'
import {dialerHandshake} from '../../../src/lib/auth/handshake.js'
import {deriveKey, viewerSecret} from '../../../src/lib/auth/keys.js'
import {MeshSecret} from '../../../src/lib/auth/mesh-secret.js'
import {connectOperator} from '../../../src/lib/operator/operator-client.js'
import type {Log, LogFields} from '../../../src/lib/node/log.js'
import type {MeshNode} from '../../../src/lib/node/create-node.js'
import {SUBPROTOCOL} from '../../../src/lib/protocol/version.js'
import {eventually, within} from '../../helpers/eventually.js'
import {connectTestClient, type TestClient} from '../../helpers/test-client.js'
import {startTestMesh, type TestMesh} from '../../helpers/test-node.js'

const SECRET = 'a secret for tests only'

let mesh: TestMesh
let node: MeshNode
let lines: {level: string; text: string; fields: LogFields}[]

beforeEach(async () => {
  lines = []
  const keep = (level: string) => (text: string, fields: LogFields = {}) =>
    void lines.push({level, text, fields})
  const log: Log = {
    debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error'),
  }
  mesh = await startTestMesh(0)
  node = await mesh.start({}, {log})
  await within(node.ready, 'the node to be master')
})

afterEach(async () => {
  await mesh[Symbol.asyncDispose]()
})

function knock(role: 'node' | 'operator' = 'node'): Promise<TestClient> {
  return connectTestClient(node.addresses.nodeUrl, [SUBPROTOCOL[role]])
}

/** A handshake as it goes over the wire: challenge, proof, proved. */
async function recorded(role: 'node' | 'operator' = 'operator'): Promise<string[]> {
  const client = await knock(role)
  const handshake = dialerHandshake({secret: mesh.secret, role, self: 'a-stranger'})
  await client.next()
  const step = handshake.receive(client.texts[0] ?? '')
  client.sendRaw(step.send ?? '')
  await client.next()
  client.ws.terminate()
  expect(client.texts[1]).toContain('proved')
  return [client.texts[0] ?? '', step.send ?? '', client.texts[1] ?? '']
}

/** Sends a proof and sees it refused, closed, counted and logged without anything secret. */
async function expectRefused(client: TestClient, proof: string, why: RegExp): Promise<void> {
  const before = node.stats().counters['handshakesFailed'] ?? 0
  client.sendRaw(proof)
  expect(await client.next()).toEqual({type: 'denied', reason: 'wrong-secret'})
  const {code} = await within(client.closed, 'the refused one to be closed')
  expect(code).toBe(4500)
  expect(node.stats().counters['handshakesFailed']).toBe(before + 1)
  const line = await eventually(() => lines.find(({text}) => text.includes('was turned away')))
  expect(line).toMatchObject({
    level: 'warn', fields: {from: '127.0.0.1', why: expect.stringMatching(why) as string},
  })
  expect(JSON.stringify(lines)).not.toContain(SECRET)
  expect(node.stats().links + node.stats().operators).toBe(0)
}

describe('at the door of a node', () => {
  it('a recorded handshake that is played again opens nothing', async () => {
    for (const role of ['node', 'operator'] as const) {
      lines.length = 0
      const [, proof = ''] = await recorded(role)
      await eventually(() => node.stats().operators === 0 && node.stats().links === 0)
      const client = await knock(role)
      await client.next()
      await expectRefused(client, proof, /a-stranger does not have the secret/)
    }
  })

  it('no two challenges have one nonce, and a proof over another one opens nothing', async () => {
    const [challenge = '', , proved = ''] = await recorded()
    const client = await knock('operator')
    const fresh = (await client.next()) as {nonce: string; node: string; versions: number[]}
    const old = JSON.parse(challenge) as {nonce: string}
    expect(fresh.nonce).not.toBe(old.nonce)
    // Made with the right secret, but for the nonce that was used before.
    const transcript = {
      role: 'operator', version: 1, versions: fresh.versions, dialer: 'a-stranger',
      acceptor: fresh.node, dialerNonce: makeNonce(), acceptorNonce: old.nonce,
    } as const
    const mac = proofOf(deriveKey(mesh.secret, 'link'), 'dialer', transcript)
    const {role, version, dialer, dialerNonce} = transcript
    const proof = {type: 'proof', role, node: dialer, nonce: dialerNonce, version, mac}
    await expectRefused(client, JSON.stringify(proof), /does not have the secret/)
    // And a node that is not one, playing both of its frames again, is not believed.
    const dialler = dialerHandshake({secret: mesh.secret, role: 'operator', self: 'a-stranger'})
    dialler.receive(challenge)
    expect(dialler.receive(proved).fail?.reason).toBe('wrong-secret')
  })

  it.each([
    ['another node id', {node: 'somebody-else'}],
    ['another nonce', {nonce: makeNonce()}],
  ])('a proof under %s opens nothing', async (_, change) => {
    const client = await knock()
    await client.next()
    const handshake = dialerHandshake({secret: mesh.secret, role: 'node', self: 'n-other'})
    const {send = ''} = handshake.receive(client.texts[0] ?? '')
    const changed = {...(JSON.parse(send) as object), ...change}
    await expectRefused(client, JSON.stringify(changed), /does not have the secret/)
  })

  it('a secret that differs in one bit opens nothing', async () => {
    const bytes = Buffer.from(SECRET)
    bytes[5] = (bytes[5] ?? 0) ^ 1
    const wrong = new MeshSecret(bytes, 'a test')
    const client = await knock()
    await client.next()
    const handshake = dialerHandshake({secret: wrong, role: 'node', self: 'n-other'})
    await expectRefused(client, handshake.receive(client.texts[0] ?? '').send ?? '', /n-other/)
  })
})

describe('a viewer at a real node', () => {
  it('sees who is there and how it is, and sends nothing', async () => {
    const secret = new MeshSecret(viewerSecret(mesh.secret), 'a test', {rights: 'viewer'})
    const viewer = await connectOperator({url: node.addresses.nodeUrl, secret, timeoutMs: 5000})
    const client = await mesh.client(node, '42')
    expect((await viewer.stats(5000)).role).toBe('master')
    expect((await viewer.who({limit: 10, filter: {}}, 5000)).matching).toBe(1)
    const message = {action: 'hello', details: ['Hi'], target: {user: 42}}
    await expect(viewer.publish(message, 5000)).rejects.toMatchObject({code: 'NOT_ALLOWED'})
    expect(node.stats().counters['messagesPublished']).toBe(0)
    expect(client.texts).toHaveLength(1)
    viewer.close()
  })
})

describe('while the secret is being changed', () => {
  it('nodes and operators that know only one of the two find in, and messages go on', async () => {
    const next = 'the secret after this one'
    const second = await mesh.start({}, {
      secret: new MeshSecret(next, 'a test', {others: [SECRET]}),
    })
    await within(second.ready, 'a node with the new secret to be linked to one with the old')
    const old = await connectOperator({
      url: second.addresses.nodeUrl, secret: mesh.secret, timeoutMs: 5000,
    })
    const client = await mesh.client(node, '42')
    const message = {action: 'hello', details: ['Hi'], target: {user: 42}}
    expect((await old.publish(message, 5000)).connections).toBe(1)
    expect(await client.next()).toEqual({action: 'hello', details: ['Hi']})
    old.close()
  })
})
