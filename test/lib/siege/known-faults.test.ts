/**
 * A siege can only be believed if it names what is known to be wrong, and nothing else. Sieges of
 * so little load wait more than they work: some at once.
 */
import {describe, expect, test} from 'vitest'
import type {RunReport} from '../../../src/lib/siege/run-report.js'
import {FaultyServer} from '../../helpers/faulty-server.js'
import {besiege, booksOf} from '../../helpers/siege.js'

const RIGHT = {lost: 0, duplicated: 0, reordered: 0, misdelivered: 0, corrupted: 0}

function failed({thresholds}: RunReport): readonly string[] {
  return thresholds.filter(({ok}) => !ok).map(({text}) => text)
}

describe.concurrent('a siege names the known fault of its server', () => {
  test('none: everything comes, once, in order', async () => {
    await using server = await FaultyServer.start({fault: 'none'})
    const {report} = await besiege([server.url])
    expect(booksOf(report)).toEqual(RIGHT)
    expect(failed(report)).toEqual([])
    expect(report.exit).toBe(0)
    expect(report.counts).toMatchObject({sent: 600, expected: 600, delivered: 600, dropped: 0})
  })

  test('each 100th message is lost', async () => {
    await using server = await FaultyServer.start({fault: 'lose', every: 100})
    const {report} = await besiege([server.url])
    expect(booksOf(report)).toEqual({...RIGHT, lost: 6})
    expect(failed(report)).toEqual(['lost==0'])
    expect(report).toMatchObject({verdict: 'fail', exit: 99})
    expect(report.connections.length).toBeGreaterThan(0)
  })

  test('each 100th message comes twice', async () => {
    await using server = await FaultyServer.start({fault: 'duplicate', every: 100})
    const {report} = await besiege([server.url])
    expect(booksOf(report)).toEqual({...RIGHT, duplicated: 6})
    expect(failed(report)).toEqual(['duplicated==0'])
  })

  test('some messages change their places', async () => {
    // 30 for each connection: its 16th comes after its 17th.
    await using server = await FaultyServer.start({fault: 'reorder', every: 16})
    const {report} = await besiege([server.url])
    expect(booksOf(report)).toEqual({...RIGHT, reordered: 20})
    expect(failed(report)).toEqual(['reordered==0'])
  })

  test('each 100th message comes to somebody else', async () => {
    await using server = await FaultyServer.start({fault: 'misdeliver', every: 100})
    const {report} = await besiege([server.url])
    expect(booksOf(report)).toEqual({...RIGHT, misdelivered: 6, lost: 6})
    expect(failed(report)).toEqual(['lost==0', 'misdelivered==0'])
  })

  test('connections end without a word', async () => {
    await using server = await FaultyServer.start({fault: 'close', every: 100})
    const {report} = await besiege([server.url])
    const {closedByServer, reconnects, lost} = report.counts
    // What is on its way to a connection that ends is not counted by the server.
    expect(closedByServer).toBeGreaterThanOrEqual(4)
    expect(report.closeCodes).toEqual([{code: 1006, reason: '', count: closedByServer}])
    expect(failed(report)).toEqual(['lost==0', 'closed==0'])
    expect(reconnects).toBe(closedByServer)
    expect(lost).toBeGreaterThanOrEqual(closedByServer)
  })

  test('connections are closed with a code', async () => {
    await using server = await FaultyServer.start({fault: 'close-code', every: 200})
    const {report} = await besiege([server.url])
    const [close] = report.closeCodes
    expect(close).toMatchObject({code: 1011, reason: 'went wrong'})
    expect(close?.count).toBe(report.counts.closedByServer)
    expect(report.closeCodes).toHaveLength(1)
  })

  test('a server that breaks the protocol is cut off, and it is said why', async () => {
    await using server = await FaultyServer.start({fault: 'garbage', every: 300})
    const {report} = await besiege([server.url])
    const [error] = report.errors
    expect(error?.text).toBe('the server breaks the WebSocket protocol: a masked frame from a server')
    expect(report.counts.closedByServer).toBe(error?.count)
  })

  test('a server that never reads: nothing is delivered', async () => {
    await using server = await FaultyServer.start({fault: 'deaf'})
    const {report} = await besiege([server.url])
    expect(report.counts).toMatchObject({sent: 600, delivered: 0, lost: 600})
    expect(report.latency.message).toBeNull()
    expect(failed(report)).toEqual(['lost==0'])
  })
})

describe('latency counts from when a message should have been sent', () => {
  test('a stall of 500 ms shows in the percentiles as large as it was', async () => {
    await using server = await FaultyServer.start({fault: 'stall', afterMs: 500, lastsMs: 500})
    const {report} = await besiege([server.url], {rate: '500', time: 2000})
    const delays = await server.delaysUs()
    const {message, service} = report.latency
    const {loopDelayMaxMs} = report.generator
    expect(delays).toHaveLength(1000)
    for (const [percent, measuredUs] of [[90, message?.p90Us], [99, message?.p99Us]] as const) {
      const idealUs = delays[delays.length * (percent / 100) - 1] ?? 0
      expect(idealUs).toBeGreaterThan(200_000)
      // Nothing is hidden; and what is too much is what the generator says that it stood still.
      expect(measuredUs).toBeGreaterThan(idealUs * 0.95)
      expect(measuredUs).toBeLessThan(idealUs * 1.05 + loopDelayMaxMs * 2000)
    }
    expect(message?.meanUs).toBeGreaterThanOrEqual(service?.meanUs ?? 0)
    expect(booksOf(report)).toEqual(RIGHT)
  })

  test('a threshold on latency fails by it', async () => {
    await using server = await FaultyServer.start({fault: 'none', delayMs: 60})
    const {report} = await besiege([server.url], {
      threshold: ['latency.p50<20ms', 'service.p50<60s'], time: 800,
    })
    expect(failed(report)).toEqual(['latency.p50<20ms'])
    // Timers count whole milliseconds: one may end up to 1 ms early.
    expect(report.latency.message?.p50Us).toBeGreaterThan(59_000)
  })
})
