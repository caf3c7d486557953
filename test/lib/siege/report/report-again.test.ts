import {Chalk} from 'chalk'
import {mkdtemp, readdir, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'

import {reportAgain} from '../../../../src/lib/siege/report/report-again.js'
import type {ReportRequest} from '../../../../src/lib/siege/report/report-again.js'
import {fixtureReport} from '../fixture-report.js'

let folder: string
let run: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wsmesh-again-'))
  run = join(folder, 'run.json')
  await writeFile(run, JSON.stringify(fixtureReport()))
})

afterAll(() => rm(folder, {recursive: true, force: true}))

function again(request: Partial<ReportRequest>, piped = '') {
  return reportAgain(
    {paths: [run], isComparison: false, files: {}, stdin: stdinOf(piped), ...request},
    {colours: new Chalk({level: 0}), widthMax: 80},
  )
}

function stdinOf(text: string): ReportRequest['stdin'] {
  return {
    async *[Symbol.asyncIterator]() {
      yield Buffer.from(text)
    },
  }
}

test('one report is shown as it was at the end of its run', async () => {
  const {json, lines, notices} = await again({})
  expect(json).toEqual(fixtureReport())
  expect(lines[0]).toBe('FAIL  latency.p99<4ms: 4.6 ms')
  expect(notices).toEqual([])
})

test('several are compared, under names that tell them apart', async () => {
  const {json, lines} = await again({paths: [run, '-']}, JSON.stringify(fixtureReport()))
  expect(json).toMatchObject({runs: [{file: 'run.json'}, {file: '-'}]})
  expect(lines[1]).toMatch(/^B {2}- {2}FAIL/)
  const twice = await again({paths: [run, run]})
  expect(twice.json).toMatchObject({runs: [{file: run}, {file: run}]})
})

test.each<[string, Partial<ReportRequest>, string, string]>([
  ['no such file', {paths: ['none.json']}, 'FILE_UNREADABLE', 'Cannot read the report none.json'],
  ['nothing piped', {paths: ['-']}, 'INPUT_INVALID', 'stdin is no report'],
  ['stdin twice', {paths: ['-', '-']}, 'USAGE', 'can be read once only'],
  ['one compared', {isComparison: true}, 'USAGE', '--compare needs two reports'],
  ['two as a page', {paths: ['a', 'b'], files: {html: 'x'}}, 'USAGE', '--html is made of one run'],
  ['a folder', {files: {html: '/'}}, 'USAGE', '--html / is a folder'],
  ['no histograms', {files: {hdr: '/dev/null'}}, 'INPUT_INVALID', 'has no histograms'],
])('%s is refused', async (_name, request, code, text) => {
  await expect(again(request)).rejects.toMatchObject({code, message: expect.stringContaining(text)})
})

test('what it reads is not what it writes', async () => {
  await expect(again({files: {junit: run}})).rejects.toMatchObject({code: 'USAGE'})
  expect(await readdir(folder)).toEqual(['run.json'])
})

test('a terminal has nothing to read', async () => {
  const stdin = {...stdinOf(''), isTTY: true}
  await expect(again({paths: ['-'], stdin})).rejects.toMatchObject({code: 'USAGE'})
})
