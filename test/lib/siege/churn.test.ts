import {once} from 'node:events'
import type {AddressInfo} from 'node:net'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {WebSocketServer} from 'ws'
import {Churn} from '../../../src/lib/siege/soak/churn.js'
import type {SoakTarget} from '../../../src/lib/siege/soak/soak-target.js'
import {eventually} from '../../helpers/eventually.js'

/** A node that lets nobody in, and ends no connection either. */
const server = new WebSocketServer({host: '127.0.0.1', port: 0})
let came = 0
server.on('connection', (socket) => {
  came += 1
  socket.on('error', () => socket.terminate())
  socket.on('message', () => socket.send(JSON.stringify({
    action: 'Client/authentication:error', details: [503, 'no master'],
  })))
})

beforeAll(async () => {
  if (server.address() === null) await once(server, 'listening')
})
afterAll(() => server.close())

test('a visit that fails leaves no connection behind', async () => {
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const target: SoakTarget = {
    place: {name: 'node', clientUrl: url, operatorUrl: undefined},
    rest: () => Promise.reject(new Error('not asked')),
    sample: () => Promise.reject(new Error('not asked')),
    publish: () => Promise.resolve(),
    post: () => Promise.resolve(),
    close: () => undefined,
  }
  const churn = new Churn({
    targets: [target], protocol: 'wsmesh', secret: undefined, kinds: ['clean', 'tabs'],
    connectPerS: 1000, detailsBytes: 10, seed: 1, signal: new AbortController().signal,
  })
  await churn.run({visitsEach: 10, messageShare: 1, hasHalfOpen: false})
  expect(churn.work.failed).toBe(10)
  expect(came).toBe(10)
  await eventually(() => server.clients.size === 0, {what: 'the last connection to end'})
})
