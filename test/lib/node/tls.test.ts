/** Real nodes that speak wss with certificates of a private CA. */
import {mkdtemp, rm, stat} from 'node:fs/promises'
import {get} from 'node:https'
import {connect} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {connect as connectTls} from 'node:tls'
import {afterEach, beforeEach, describe, expect, it} from 'vitest'
import {WebSocket} from 'ws'
import {TlsIdentity} from '../../../src/lib/auth/tls.js'
import {connectOperator} from '../../../src/lib/operator/operator-client.js'
import type {MeshNode} from '../../../src/lib/node/create-node.js'
import type {Log, LogFields} from '../../../src/lib/node/log.js'
import {checkListen} from '../../../src/lib/node/node-addresses.js'
import type {NodeConfig} from '../../../src/lib/node/node-config.js'
import {certificateFiles, putCertificate, type CertificateName} from '../../helpers/certificates.js'
import {eventually, within} from '../../helpers/eventually.js'
import {connectTestClient} from '../../helpers/test-client.js'
import {startTestMesh, type TestMesh} from '../../helpers/test-node.js'

const NODES_PORT = {type: 'port', host: '127.0.0.1', port: 0} as const

let folder: string
let mesh: TestMesh
let lines: {text: string; fields: LogFields}[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wsmesh-wss-'))
  lines = []
  mesh = await startTestMesh(0)
})

afterEach(async () => {
  await mesh[Symbol.asyncDispose]()
  await rm(folder, {recursive: true})
})

const keep = (text: string, fields: LogFields = {}): void => void lines.push({text, fields})
const log: Log = {debug: keep, info: keep, warn: keep, error: keep}

let lastFolder = 0

/** A node with that certificate; what is wrong with it is for others to find out. */
async function start(
  name: CertificateName = 'node',
  {isMutual = false, ...config}: Partial<NodeConfig> & {isMutual?: boolean} = {},
): Promise<{node: MeshNode; tls: TlsIdentity; folder: string}> {
  lastFolder += 1
  const own = await mkdtemp(join(folder, `${lastFolder}-`))
  const files = await certificateFiles(own, name, isMutual)
  const atMs = name === 'expired' ? Date.UTC(2020, 5, 1) : Date.now()
  const tls = await TlsIdentity.load(files, atMs)
  const node = await mesh.start(config, {tls, log})
  return {node, tls, folder: own}
}

/** Whom the certificate that is shown there is for. */
async function shownAt(url: string, ca: string | undefined): Promise<string> {
  const {port} = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connectTls({host: '127.0.0.1', port: Number(port), ca}, () => {
      resolve(String(socket.getPeerCertificate().subject.CN))
      socket.destroy()
    })
    socket.on('error', reject)
  })
}

describe('nodes with certificates', () => {
  it('speak wss to each other, to clients and to operators, and https', async () => {
    const {node: first, tls} = await start()
    await within(first.ready, 'the first to be master')
    const {node: second} = await start('renewed')
    await within(second.ready, 'the second to be linked')
    expect(first.addresses.nodeUrl).toMatch(/^wss:/)
    const {ca = ''} = tls.material
    const operator = await connectOperator({
      url: second.addresses.nodeUrl, secret: mesh.secret, timeoutMs: 5000, tls: {ca},
    })
    const client = new WebSocket(first.addresses.clientUrl, {ca})
    const texts: string[] = []
    client.on('message', (data: Buffer) => texts.push(data.toString()))
    await within(new Promise((resolve) => client.once('open', resolve)), 'a client to be in')
    client.send(JSON.stringify({
      action: 'Client/authentication', details: [{token: await mesh.token('42')}],
    }))
    await eventually(() => texts.length === 1, {what: 'its proof to be accepted'})
    const message = {action: 'hello', details: ['Hi'], target: {user: 42}}
    expect((await operator.publish(message, 5000)).nodes).toBe(1)
    await eventually(() => texts[1] === '{"action":"hello","details":["Hi"]}', {what: 'hello'})
    const health = await new Promise<number | undefined>((resolve, reject) => {
      get(`${first.addresses.httpUrl}/healthz`, {ca}, (response) => {
        response.resume()
        resolve(response.statusCode)
      }).on('error', reject)
    })
    expect(health).toBe(200)
    operator.close()
    client.terminate()
  })

  it('show another one after it changed, to the next that connects', async () => {
    const {node, tls, folder: own} = await start()
    await within(node.ready, 'the node to be master')
    const {ca} = tls.material
    expect(await shownAt(node.addresses.clientUrl, ca)).toBe('node of a test')
    await putCertificate(own, 'renewed')
    expect(await tls.reload(Date.now())).toBe(true)
    expect(await shownAt(node.addresses.clientUrl, ca)).toBe('renewed node')
  })

  it.each([
    ['expired', /CN=old node, signed by CN=wsmesh test CA, valid Jan\s+1 .* 2020 GMT to Jan\s+1 .* 2021 GMT\) is not trusted: certificate has expired/],
    ['foreign', /CN=foreign node, signed by CN=another CA, .*\) is not trusted: /],
  ] as const)('do not link with one whose certificate is %s, and say which', async (name, why) => {
    const {node: wrong} = await start(name)
    await within(wrong.ready, 'the one with the wrong certificate to be master')
    const {node: right} = await start()
    const line = await eventually(() => lines.find(({text}) => text === 'No link with a node'), {
      what: 'a line that says why',
    })
    expect(line.fields).toMatchObject({
      node: wrong.id, url: wrong.addresses.nodeUrl, why: expect.stringMatching(why) as string,
    })
    expect(right.stats().links).toBe(0)
  })

  it('are no nodes to who speaks no TLS, and are unharmed by it', async () => {
    const {node} = await start()
    await within(node.ready, 'the node to be master')
    const {port} = new URL(node.addresses.httpUrl)
    const socket = connect(Number(port), '127.0.0.1', () => {
      socket.write('GET /WebSockets HTTP/1.1\r\nHost: x\r\n\r\n')
    })
    await within(new Promise((resolve) => socket.on('close', resolve).on('error', () => undefined).resume()), 'an end')
    await eventually(() => node.stats().counters['tlsHandshakesFailed'] === 1, {what: 'a count'})
  })
})

describe('a listener of their own for nodes', () => {
  it('is the only door for nodes and operators, and none for clients', async () => {
    const first = await mesh.start({nodeListen: NODES_PORT})
    await within(first.ready, 'the first to be master')
    const second = await mesh.start({nodeListen: NODES_PORT})
    await within(second.ready, 'the second to be linked')
    const {clientUrl, nodeUrl} = first.addresses
    expect(new URL(nodeUrl).port).not.toBe(new URL(clientUrl).port)
    const timeoutMs = 5000
    const {secret} = mesh
    const operator = await connectOperator({url: nodeUrl, secret, timeoutMs})
    operator.close()
    const atClients = clientUrl.replace('/WebSockets', '/mesh')
    await expect(connectOperator({url: atClients, secret, timeoutMs})).rejects.toMatchObject({
      code: 'NODE_UNREACHABLE',
    })
    await mesh.client(first, '42')
    const atNodes = connectTestClient(nodeUrl.replace('/mesh', '/WebSockets'))
    await expect(atNodes).rejects.toThrow('404')
  })

  it('may be a unix socket, one left behind included', async () => {
    const path = join(folder, 'node.sock')
    const first = await mesh.start({nodeListen: {type: 'socket', path}})
    await within(first.ready, 'the first to be master')
    const second = await mesh.start({nodeListen: {type: 'socket', path: join(folder, 'b.sock')}})
    await within(second.ready, 'the second to be linked')
    expect(first.addresses.nodeUrl).toBe(`ws+unix:${path}:/mesh`)
    expect((await stat(path)).isSocket()).toBe(true)
    const client = await mesh.client(second, '42')
    await first.publish('hello', ['Hi'], {user: 42})
    expect(await client.next()).toEqual({action: 'hello', details: ['Hi']})
    await expect(mesh.start({nodeListen: {type: 'socket', path}})).rejects.toMatchObject({
      code: 'ADDRESS_IN_USE',
    })
  })

  it('may ask for certificates: without one of its CA nobody comes as far as the secret', async () => {
    const {node, tls} = await start('node', {nodeListen: NODES_PORT, isMutual: true})
    await within(node.ready, 'the node to be master')
    const {node: second} = await start('renewed', {nodeListen: NODES_PORT, isMutual: true})
    await within(second.ready, 'the second to be linked')
    const {ca, cert, key} = tls.material
    if (ca === undefined || cert === undefined || key === undefined) throw new Error('No material')
    const {secret} = mesh
    const url = node.addresses.nodeUrl
    const timeoutMs = 5000
    const shown = await connectOperator({url, secret, timeoutMs, tls: {ca, cert, key}})
    shown.close()
    const without = connectOperator({url, secret, timeoutMs, tls: {ca}})
    await expect(without).rejects.toMatchObject({code: 'NODE_UNREACHABLE'})
    const foreign = await TlsIdentity.load(await certificateFiles(folder, 'foreign'), Date.now())
    const {cert: otherCert, key: otherKey} = foreign.material
    if (otherCert === undefined || otherKey === undefined) throw new Error('No material')
    const other = connectOperator({url, secret, timeoutMs, tls: {ca, cert: otherCert, key: otherKey}})
    await expect(other).rejects.toMatchObject({code: 'NODE_UNREACHABLE'})
    await eventually(() => lines.some(({text, fields}) =>
      text === 'A TLS handshake failed' && fields['from'] === '127.0.0.1'), {what: 'a line'})
    // Browsers have no certificate, and are asked for none.
    expect(await shownAt(node.addresses.clientUrl, ca)).toBe('node of a test')
  })

  it.each([
    ['10.0.0.5:8081', {type: 'port', host: '10.0.0.5', port: 8081}],
    ['[::1]:0', {type: 'port', host: '::1', port: 0}],
    ['8081', {type: 'port', host: '127.0.0.1', port: 8081}],
    ['unix:/run/wsmesh/node.sock', {type: 'socket', path: '/run/wsmesh/node.sock'}],
  ])('is %s', (text, place) => {
    expect(checkListen('--node-listen', text)).toEqual(place)
  })

  it.each(['', 'x', '1.2.3.4', '1.2.3.4:70000', 'unix:relative', 'ws://x:1', 'unix:/a:b', '::1:80'])(
    'is not %j', (text) => {
      expect(() => checkListen('--node-listen', text)).toThrow('--node-listen')
    },
  )
})
