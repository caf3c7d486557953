/** The bench's own books: a comparison that leaves out what it lost would be worth nothing. */
import {join} from 'node:path'
import {once} from 'node:events'
import {WebSocketServer} from 'ws'
import {expect, test} from 'vitest'
import {Driver} from '../../bench/suite/driver.mjs'
import {faultOf, figuresOf, spread} from '../../bench/suite/measure.mjs'
import {ratios} from '../../bench/suite/report.mjs'

const DRIVER = [process.execPath, join(import.meta.dirname, '../../bench/suite/driver-node.mjs')]
const CLIENTS = 5
const stream = {
  sent: 10, delivered: 100, missing: 0, extra: 0, lateUs: 5, p50Us: 1, p90Us: 1, p99Us: 1, p999Us: 1,
  maxUs: 1,
}
const run = {
  seconds: 2, serverNs: 1_000_000, ownNs: 500_000, busyNs: 1_500_000, stealNs: 0, reads: 50,
  bytes: 20_000, closed: 0, streams: [stream],
}

test('figures of a run are for each delivery and for each write', () => {
  expect(figuresOf(run)).toMatchObject({
    cpuUs: 10, writeUs: 20, batch: 2, perSecond: 50, frameBytes: 200, serverShare: 0.0005,
  })
  expect(faultOf(run)).toBeUndefined()
})

test.each([
  [{streams: [{...stream, missing: 1}]}, '1 messages were not delivered'],
  [{streams: [{...stream, extra: 2}]}, '2 messages were delivered twice'],
  [{closed: 3}, '3 connections were closed'],
  [{stealNs: 5e7}, 'the machine was taken away for 2.5 %'],
  [{busyNs: 5e8}, 'other programs used 24.9 % of a core'],
])('a run with %o does not count', (wrong, why) => {
  expect(faultOf({...run, ...wrong})).toBe(why)
})

test('a driver behind its schedule counts against runs that have one', () => {
  const late = {...run, streams: [{...stream, lateUs: 20_000}]}
  expect(faultOf(late, 'r50')).toBe('the driver was 20000 us late')
  expect(faultOf(late, 'w16')).toBeUndefined()
})

function one(peer: string, round: string, cpuUs: number, fault?: string): object {
  return {row: 'one', mode: 'w1', peer, round, cpuUs, fault}
}

test('ratios are of runs of one round, and of such that count', () => {
  const runs = [
    one('wsmesh', 'a', 4), one('uws', 'a', 2), one('wsmesh', 'b', 9), one('uws', 'b', 3),
    one('wsmesh', 'c', 100), one('uws', 'c', 1, 'lost'), one('uws', 'd', 1),
  ]
  const found = ratios(runs, 'one', {mode: 'w1', peer: 'uws', figure: 'cpuUs'})
  expect(found).toEqual([2, 3])
  expect(spread(found)).toEqual({median: 2.5, min: 2, max: 3, n: 2})
})

/** Sends on what it gets to all, but for every tenth message to the first client. */
async function forgetful(isForgetful: boolean): Promise<WebSocketServer> {
  const server = new WebSocketServer({host: '127.0.0.1', port: 0, perMessageDeflate: false})
  let seen = 0
  server.on('connection', (socket) => {
    socket.on('message', (data: Buffer) => {
      seen += 1
      for (const client of [...server.clients].slice(isForgetful && seen % 10 === 0 ? 1 : 0)) {
        client.send(data.toString())
      }
    })
  })
  await once(server, 'listening')
  return server
}

test.each([false, true])('the driver misses what is not delivered: %s', async (isForgetful) => {
  const server = await forgetful(isForgetful)
  const driver = new Driver(DRIVER)
  try {
    const address = server.address() as {port: number}
    await driver.open({port: address.port}, CLIENTS)
    await driver.stream(0, {from: 0, prefix: '', suffix: '', expected: CLIENTS, bytes: 64})
    const made = await driver.run(0.2, 0, {0: 'r100'})
    const [{sent, delivered, missing}] = made.streams
    expect(sent).toBeGreaterThan(10)
    expect(delivered + missing).toBe(sent * CLIENTS)
    expect(missing).toBe(isForgetful ? Math.floor(sent / 10) : 0)
  } finally {
    await driver.end()
    server.close()
    for (const client of server.clients) client.terminate()
  }
})
