/**
 * Faults that nobody told siege of: each must be named for what it is, and nothing else. Sieges of
 * so little load wait more than they work: some at once.
 */
import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import type {RunReport} from '../../../src/lib/siege/run-report.js'
import {FaultyServer} from '../../helpers/faulty-server.js'
import type {Fault} from '../../helpers/faulty-server.js'
import {besiege, booksOf} from '../../helpers/siege.js'

const RIGHT = {lost: 0, duplicated: 0, reordered: 0, misdelivered: 0, corrupted: 0}
/** 600 messages to 20 connections in 1.5 s: 30 to each, one of which is hit. */
const ONE_EACH = 20

function failed({thresholds}: RunReport): readonly string[] {
  return thresholds.filter(({ok}) => !ok).map(({text}) => text)
}

describe.concurrent('what comes is looked at, not only that it comes', () => {
  test.each<[string, Fault, Partial<typeof RIGHT>, readonly string[]]>([
    ['cut off behind its number', {fault: 'cut-off'}, {corrupted: 20}, ['corrupted==0']],
    ['cut off within it', {fault: 'cut-short'}, {corrupted: 20, lost: 20},
      ['lost==0', 'corrupted==0']],
    ['one byte is another', {fault: 'alter'}, {corrupted: 20}, ['corrupted==0']],
    ['two are glued into one', {fault: 'glue'}, {corrupted: 20, lost: 20},
      ['lost==0', 'corrupted==0']],
    ['the one before comes again instead', {fault: 'old-payload'}, {duplicated: 20, lost: 20},
      ['lost==0', 'duplicated==0']],
    ['it has the number of another sender', {fault: 'sender'}, {misdelivered: 18, lost: 18},
      ['lost==0', 'misdelivered==0']],
  ])('%s', async (_, fault, wrong, thresholds) => {
    await using server = await FaultyServer.start({...fault, every: 20})
    const {report} = await besiege([server.url])
    expect(booksOf(report)).toEqual({...RIGHT, ...wrong})
    expect(failed(report)).toEqual(thresholds)
    expect(report.connections).toHaveLength(ONE_EACH - (wrong.misdelivered === undefined ? 0 : 2))
  })

  test('answers out of order, none of them missing', async () => {
    await using server = await FaultyServer.start({fault: 'shuffle', delayMs: 300})
    const {report} = await besiege([server.url])
    expect(report.counts.reordered).toBeGreaterThan(20)
    expect(booksOf(report)).toEqual({...RIGHT, reordered: report.counts.reordered})
  })
})

describe.concurrent('what is no fault is none', () => {
  test.each(['parts', 'greets'])('a server of the kind %s passes', async (fault) => {
    await using server = await FaultyServer.start({fault})
    const {report} = await besiege([server.url])
    expect(booksOf(report)).toEqual(RIGHT)
    expect(failed(report)).toEqual([])
  })
})

describe.concurrent('what percentiles hide is said', () => {
  test('silence from some time on, while connections stay', async () => {
    await using server = await FaultyServer.start({fault: 'mute', every: 200})
    const {report} = await besiege([server.url], {time: 5000, drain: 200})
    expect(report.counts).toMatchObject({delivered: 200, lost: 1800, closedByServer: 0})
    expect(report.notes.join()).toMatch(
      /nothing was delivered after \d s, though [\d ]+ messages were sent/)
  })

  test('a few connections that are slow all the time', async () => {
    await using server = await FaultyServer.start({fault: 'late-some', every: 10, delayMs: 2000})
    const {report} = await besiege([server.url], {drain: 10_000})
    expect(booksOf(report)).toEqual(RIGHT)
    expect(report.notes.join()).toMatch(/^2 of 20 connections are slow all the time: .* took 2(\.\d+)? s/)
  })

  test('a latency that rises while the load does not', async () => {
    await using server = await FaultyServer.start({fault: 'drift', delayMs: 1})
    const {report} = await besiege([server.url], {time: 10_000, rate: '100', drain: 10_000})
    expect(report.notes.join()).toMatch(/^latency rose while the load did not: p50 [\d.]+ ms/)
  }, 30_000)

  test('connections that are not let in, for the others it goes on', async () => {
    await using server = await FaultyServer.start({fault: 'shut', every: 10})
    const {report} = await besiege([server.url], {timeout: 600})
    expect(failed(report)).toContain('unconnected==0')
    expect(report.errors[0]?.text).toBe('no answer within 0.6 s')
  })
})

async function besiegeMesh(fault: Fault): Promise<RunReport> {
  await using server = await FaultyServer.start({...fault, protocol: 'wsmesh'})
  const folder = await mkdtemp(join(tmpdir(), 'wsmesh-users-'))
  try {
    const users = join(folder, 'users.ndjson')
    const lines = Array.from({length: 20}, (_, n) => JSON.stringify({user: `u${n}`, token: 't'}))
    await writeFile(users, lines.join('\n'))
    const {report} = await besiege([server.url],
      {protocol: 'wsmesh', target: 'echo', 'users-file': users}, {dataDir: folder})
    return report
  } finally {
    await rm(folder, {recursive: true})
  }
}

describe.concurrent('a client of wsmesh that comes back', () => {
  test('gets no message before it has proved who it is', async () => {
    const report = await besiegeMesh({fault: 'early', every: 100})
    expect(report.counts.misdelivered).toBeGreaterThan(2)
    expect(failed(report)).toContain('misdelivered==0')
    expect(report.counts.duplicated).toBe(0)
  })

  test('gets nothing twice', async () => {
    const report = await besiegeMesh({fault: 'again', every: 100})
    expect(report.counts.duplicated).toBeGreaterThan(2)
    expect(failed(report)).toContain('duplicated==0')
  })
})
