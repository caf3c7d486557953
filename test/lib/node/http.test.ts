import {describe, expect, it} from 'vitest'
import type {MeshNode} from '../../../src/lib/node/create-node.js'
import type {ForPages} from '../../../src/lib/node/for-pages.js'
import {answerHttp} from '../../../src/lib/node/http.js'
import {NodeStatus} from '../../../src/lib/node/node-status.js'
import type {PlainRequest} from '../../../src/lib/transport/transport.js'
import {connectTestClient} from '../../helpers/test-client.js'
import {startTestMesh} from '../../helpers/test-node.js'

const request = (overrides: Partial<PlainRequest>): PlainRequest => ({
  method: 'GET', path: '/stats', query: new URLSearchParams(), headers: {},
  remoteAddress: '127.0.0.1', readBody: async () => ({ok: true, bytes: new Uint8Array()}),
  ...overrides,
})

const forPages: ForPages = {
  library: undefined,
  door: {isOpen: true, allows: () => true},
  position: () => undefined,
  status: {closedToClients: undefined},
}
const pages = {status: () => undefined, stats: () => undefined, forPages}

describe('/healthz', () => {
  it.each([
    [{state: 'joining'}, 503, 'joining'],
    [{state: 'following', master: 'n-1', term: 1}, 200, undefined],
    [{state: 'mastering', term: 1}, 200, undefined],
    [{state: 'seeking', term: 1}, 503, 'seeking'],
    [{state: 'isolated', term: 1}, 503, 'isolated'],
    [{state: 'drained'}, 503, 'drained'],
  ])('says of %j %i', (standing, code, reason) => {
    const status = new NodeStatus()
    status.standing = standing as NodeStatus['standing']
    const options = {...pages, status: () => status}
    const answer = answerHttp(request({path: '/healthz'}), options)
    const body = JSON.parse(String(answer.body)) as {reason?: string}
    expect([answer.status, body.reason]).toEqual([code, reason])
    status.startDraining()
    expect(answerHttp(request({path: '/healthz'}), options).status).toBe(503)
  })
})

describe('/stats', () => {
  it.each([
    ['another machine', {remoteAddress: '10.0.0.1'}, 403],
    ['a proxy on this machine', {headers: {'x-forwarded-for': '10.0.0.1'}}, 403],
    ['this machine', {}, 503],
    ['this machine, by IPv6', {remoteAddress: '::1'}, 503],
    ['this machine, by IPv4 in IPv6', {remoteAddress: '::ffff:127.0.0.1'}, 503],
    ['this machine, by a name that leads there', {headers: {host: 'evil.example:8080'}}, 403],
    ['this machine, by a name like an address', {headers: {host: '127.0.0.1.evil.example'}}, 403],
    ['this machine, as localhost', {headers: {host: 'localhost:8080'}}, 503],
    ['this machine, as 127.0.0.1', {headers: {host: '127.0.0.1:8080'}}, 503],
    ['this machine, as [::1]', {headers: {host: '[::1]:8080'}}, 503],
    ['this machine, as an address of its own', {headers: {host: '10.0.0.7'}}, 503],
    ['this machine, with POST', {method: 'POST'}, 405],
  ])('asked by %s', (_name, overrides, code) => {
    expect(answerHttp(request(overrides), pages).status).toBe(code)
  })
})

async function get(node: MeshNode, path: string): Promise<{status: number; body: unknown}> {
  const response = await fetch(node.addresses.httpUrl + path)
  return {status: response.status, body: await response.json()}
}

describe('a node', () => {
  it('answers both pages, and opens no WebSocket where none belongs', async () => {
    await using mesh = await startTestMesh(1, {clientsMax: 2, unknownClientsMax: 2})
    const [node] = mesh.nodes
    if (!node) throw new Error('one node')
    expect(await get(node, '/healthz')).toEqual({status: 200, body: {status: 'ok', role: 'master'}})
    await mesh.client(node, '42')
    const stats = await get(node, '/stats')
    expect(stats).toMatchObject({status: 200, body: {role: 'master', connections: 1, users: 1}})
    const {httpUrl, clientUrl, nodeUrl} = node.addresses
    await expect(connectTestClient(`${httpUrl}/other`)).rejects.toThrow('404')
    await expect(connectTestClient(nodeUrl)).rejects.toThrow('400')
    const fromPage = connectTestClient(nodeUrl, ['wsmesh.operator.v1'], {origin: 'http://evil'})
    await expect(fromPage).rejects.toThrow('403')
    await mesh.client(node, '43')
    await expect(connectTestClient(clientUrl)).rejects.toThrow('503')
    expect(node.stats().counters['clientsRefusedTooMany']).toBe(1)
  })
})
