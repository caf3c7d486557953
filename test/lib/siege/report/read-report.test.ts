import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'

import {parseReport, readReport} from '../../../../src/lib/siege/report/read-report.js'
import {fixtureReport} from '../fixture-report.js'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wsmesh-report-'))
})

afterAll(() => rm(folder, {recursive: true, force: true}))

test('what --json printed is read back whole', async () => {
  const path = join(folder, 'run.json')
  await writeFile(path, JSON.stringify(fixtureReport(), null, 2))
  expect(await readReport(path)).toEqual(fixtureReport())
})

test('fields of a later wsmesh are no reason to refuse a report', () => {
  const report = {...fixtureReport(), weather: 'fair'}
  expect(parseReport(JSON.stringify(report), 'run.json')).toEqual(report)
})

test('who wrote it may not have measured what was the siege\'s own', () => {
  const {own: _, ...latency} = fixtureReport().latency
  const read = parseReport(JSON.stringify({...fixtureReport(), latency}), 'run.json')
  expect(read.latency).toEqual({...latency, own: null})
})

test('a file that is not there, and a folder', async () => {
  const missing = join(folder, 'none.json')
  await expect(readReport(missing)).rejects.toMatchObject({
    code: 'FILE_UNREADABLE', message: `Cannot read the report ${missing}`,
  })
  await expect(readReport(folder)).rejects.toMatchObject({code: 'FILE_UNREADABLE'})
})

const WHOLE = JSON.stringify(fixtureReport())

describe.each([
  ['an empty file', '', 'it is empty'],
  ['cut off', WHOLE.slice(0, -100), 'it is cut off'],
  ['cut off, on several lines', JSON.stringify(fixtureReport(), null, 1).slice(0, 900), 'it is cut off'],
  ['the page', '<!doctype html><p>', 'it is HTML or XML'],
  ['some text', 'hello', 'it is no JSON'],
  ['a list', '[]', 'its JSON is no object'],
  ['damaged', '{"a":}', 'its JSON is damaged'],
  ['seconds', '{"atS":1}\n{"atS":2}\n', 'it holds several JSON values'],
  ['an error', '{"error":{"code":"USAGE","message":"No such flag"}}', 'an error instead: No such flag'],
  ['other JSON', '{"name":"wsmesh"}', 'it has no "schema"'],
  ['another schema', '{"schema":"k6/1"}', 'its "schema" is another'],
  ['a later version', '{"schema":"wsmesh.siege/2"}', 'is a report of version wsmesh.siege/2'],
  ['a field missing', WHOLE.replace('"verdict":"fail",', ''), 'verdict is missing'],
  ['a field of another type', WHOLE.replace('"p99Us":4616', '"p99Us":"4616"'),
    'latency.message.p99Us is "4616", not a number'],
  ['a verdict unknown', WHOLE.replace('"verdict":"fail"', '"verdict":"superb"'), 'verdict is "superb"'],
])('%s', (_name, text, why) => {
  test('is refused with the reason and the name of the file', () => {
    expect(() => parseReport(text, 'run.json')).toThrow(
      expect.objectContaining({code: 'INPUT_INVALID', message: expect.stringContaining(why)}),
    )
    expect(() => parseReport(text, 'run.json')).toThrow(/run\.json/)
  })
})

test('what a file says of itself cannot move the cursor', () => {
  const text = '{"error":{"message":"\\u001b[2J"}}'
  expect(() => parseReport(text, 'run.json')).toThrow('\\x1b[2J')
})
