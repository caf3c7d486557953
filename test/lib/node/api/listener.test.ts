import {expect, test} from 'vitest'
import {HELLO, startApi} from '../../../helpers/api-bench.js'
import {connectTestClient} from '../../../helpers/test-client.js'

const HERE = {type: 'port', host: '127.0.0.1', port: 0} as const

test('a listener of its own has the API and nothing for clients and nodes; others have none', async () => {
  await using bench = await startApi({config: {apiListen: HERE}})
  const {apiUrl, httpUrl} = bench.node.addresses
  expect(apiUrl).not.toBe(httpUrl)
  const answer = await bench.post('/publish', HELLO)
  expect([answer.status, answer.headers.get('keep-alive')]).toEqual([200, 'timeout=75'])
  for (const path of ['/publish', '/who', '/openapi.json']) {
    expect((await fetch(httpUrl + path)).status, path).toBe(404)
  }
  const health = await Promise.all([apiUrl, httpUrl].map((url) => fetch(`${url}/healthz`)))
  expect(health.map(({status}) => status)).toEqual([200, 200])
  for (const path of ['/WebSockets', '/mesh']) {
    await expect(connectTestClient(apiUrl.replace('http', 'ws') + path)).rejects.toThrow('404')
  }
})

test('without one it is where nodes and operators come in, not where clients do', async () => {
  await using bench = await startApi({config: {nodeListen: HERE}})
  const {apiUrl, httpUrl, nodeUrl} = bench.node.addresses
  expect(apiUrl).toBe(nodeUrl.replace('ws', 'http').replace('/mesh', ''))
  expect((await bench.post('/publish', HELLO)).status).toBe(200)
  expect((await fetch(`${httpUrl}/publish`, {method: 'POST'})).status).toBe(404)
})

test('a place that is taken is an error, and nothing goes on listening', async () => {
  await using bench = await startApi()
  const port = Number(new URL(bench.node.addresses.httpUrl).port)
  const taken = {...HERE, port}
  await expect(startApi({config: {apiListen: taken}})).rejects.toMatchObject({code: 'ADDRESS_IN_USE'})
})

test('a node that is not told of the others says so', async () => {
  await using bench = await startApi()
  const alone = await bench.mesh.start({}, {apiKeys: bench.keys})
  await alone.ready
  const headers = {authorization: `Bearer ${bench.key()}`}
  const asked = await Promise.all(['/who', '/nodes'].map((path) =>
    fetch(alone.addresses.apiUrl + path, {headers})))
  expect(asked.map(({status}) => status)).toEqual([501, 501])
})
