import {Chalk} from 'chalk'
import {describe, expect, test} from 'vitest'

import {PingBook} from '../../../src/lib/cli/ping/ping-book.js'
import {pingJson, pingLine, summaryScreen} from '../../../src/lib/cli/ping/ping-screen.js'
import type {Pinger, Pong} from '../../../src/lib/cli/ping/pinger.js'
import {runPing, type PingEvent} from '../../../src/lib/cli/ping/run-ping.js'
import {clientUrlOf} from '../../../src/lib/cli/wire/client-url.js'
import {WsmeshError, type ErrorCode} from '../../../src/lib/util/errors.js'

const plain = new Chalk({level: 0})
const forEver = new AbortController().signal

function pingerOf(name: string, pongs: readonly Pong[]): Pinger & {closed: number} {
  let next = 0
  return {
    name, url: `ws://${name}/mesh`, closed: 0,
    async ping() {
      return pongs[next++] ?? {ok: true, ms: 1, connected: undefined}
    },
    close() {
      this.closed += 1
    },
  }
}

const reply = (ms: number): Pong => ({ok: true, ms, connected: undefined})
const lost = (code?: ErrorCode): Pong =>
  ({ok: false, why: 'gone', error: code && new WsmeshError(code, 'gone')})

async function run(pingers: readonly Pinger[], count = 2, signal: AbortSignal = forEver) {
  const events: PingEvent[] = []
  const onEvent = (event: PingEvent) => void events.push(event)
  const result = await runPing(pingers, {count, intervalMs: 1, waitMs: 5, signal, onEvent})
  return {result, events}
}

describe('PingBook', () => {
  test('has least, mean, 99th percentile and most, and counts what was lost', () => {
    const book = new PingBook()
    for (let ms = 1; ms <= 200; ms += 1) book.answered(ms)
    book.lost()
    expect(book.summary()).toEqual({
      sent: 201, answered: 200, lost: 1, minMs: 1, avgMs: 100.5, p99Ms: 198, maxMs: 200,
    })
  })

  test('knows no time where nothing came back', () => {
    const book = new PingBook()
    book.lost()
    expect(book.summary()).toMatchObject({sent: 1, lost: 1, minMs: null, p99Ms: null, maxMs: null})
  })

  test('stays small: the percentile is of the newest', () => {
    const book = new PingBook()
    for (let index = 0; index < 2000; index += 1) book.answered(900)
    for (let index = 0; index < 100_000; index += 1) book.answered(1)
    expect(book.summary()).toMatchObject({answered: 102_000, p99Ms: 1, maxMs: 900})
  })
})

describe('runPing', () => {
  test('counts each target and all of them, and closes what it opened', async () => {
    const a = pingerOf('a', [reply(2), lost('NODE_UNREACHABLE')])
    const b = pingerOf('b', [reply(4), reply(6)])
    const {result, events} = await run([a, b])
    expect(result.all).toMatchObject({sent: 4, answered: 3, lost: 1, minMs: 2, avgMs: 4, maxMs: 6})
    expect(result.targets).toMatchObject([
      {target: 'a', sent: 2, lost: 1, maxMs: 2}, {target: 'b', sent: 2, lost: 0, avgMs: 5},
    ])
    expect(result.refused).toBeUndefined()
    expect(events.filter(({target}) => target === 'a').map(({seq, outcome}) => [seq, outcome.type]))
      .toEqual([[1, 'reply'], [2, 'lost']])
    expect([a.closed, b.closed]).toEqual([1, 1])
  })

  test('a refusal is kept, silence is not', async () => {
    const {result} = await run([pingerOf('a', [lost('TIMED_OUT'), lost('AUTH_REJECTED')])])
    expect(result.refused?.code).toBe('AUTH_REJECTED')
  })

  test('what is under way when it is ended does not count', async () => {
    const ended = new AbortController()
    const slow: Pinger = {
      ...pingerOf('a', []),
      async ping() {
        ended.abort()
        return {ok: false, why: 'ended', error: undefined}
      },
    }
    const {result, events} = await run([slow], Infinity, ended.signal)
    expect(result.all.sent).toBe(0)
    expect(events).toEqual([])
  })

  test('a connection that was made is told before its reply', async () => {
    const connected = {node: 'n1', tookMs: 12}
    const {events} = await run([pingerOf('wss://x', [{ok: true, ms: 1, connected}])], 1)
    expect(events.map((event) => pingLine(event, 7, plain))).toEqual([
      'wss://x  connected to n1 in 12 ms', 'wss://x  seq=1  1.00 ms',
    ])
    expect(events.map((event) => JSON.parse(pingJson(event, 5)))).toEqual([
      {type: 'connected', at: 5, target: 'wss://x', url: 'ws://wss://x/mesh', node: 'n1', ms: 12},
      {type: 'reply', at: 5, target: 'wss://x', url: 'ws://wss://x/mesh', seq: 1, ms: 1},
    ])
  })
})

describe('the screen', () => {
  test('never calls a loss nothing', async () => {
    const {result} = await run([pingerOf('a', [lost()])], 300)
    const [head = ''] = summaryScreen(result, {colours: plain, widthMax: 60})
    expect(head).toMatch(/^300 pings in .*, 299 answered, 1 lost \(< 1 %\)$/)
  })

  test('fits a narrow terminal, and shows what others say harmless', async () => {
    const {result} = await run([pingerOf('a'.repeat(60), [])], 1)
    const lines = summaryScreen(result, {colours: plain, widthMax: 40})
    expect(lines.slice(1).filter((line) => line.length > 40)).toEqual([])
    const event = {target: 'a', url: 'u', seq: 1, outcome: {type: 'lost', why: '\u001B[2Jhi'}} as const
    expect(pingLine(event, 1, plain)).toBe('a  seq=1  lost: \\x1b[2Jhi')
  })
})

describe('clientUrlOf', () => {
  test.each([
    ['example.com', 'wss://example.com/WebSockets'],
    ['https://example.com', 'wss://example.com/WebSockets'],
    ['wss://example.com/ws?a=1', 'wss://example.com/ws?a=1'],
    ['127.0.0.1:8080', 'ws://127.0.0.1:8080/WebSockets'],
    ['http://[::1]:8080/x', 'ws://[::1]:8080/x'],
  ])('%s is %s', (text, url) => {
    expect(clientUrlOf(text)).toBe(url)
  })

  test.each(['', 'ftp://x', 'wss://', 'a b', 'wss://u:hunter2@example.com'])('%j is none', (text) => {
    expect(() => clientUrlOf(text)).toThrowError(expect.objectContaining({code: 'USAGE'}) as Error)
    expect(() => clientUrlOf(text)).not.toThrowError(/hunter2/)
  })
})
