import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'

import {runCli} from '../helpers/cli.js'
import {fixtureReport} from '../lib/siege/fixture-report.js'

let folder: string
let run: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wsmesh-report-'))
  run = join(folder, 'run.json')
  await writeFile(run, JSON.stringify(fixtureReport()))
})

afterAll(() => rm(folder, {recursive: true, force: true}))

test('a report is shown, and written for people and for CI', async () => {
  const [page, cases] = [join(folder, 'siege.html'), join(folder, 'siege.xml')]
  const result = await runCli(['report', run, '--html', page, '--junit', cases])
  expect(result).toMatchObject({exit: 0, stderr: `written: ${page}\nwritten: ${cases}\n`})
  expect(result.stdout).toMatch(/^FAIL {2}latency\.p99<4ms: 4\.6 ms\n/)
  expect(await readFile(page, 'utf8')).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/)
  expect(await readFile(cases, 'utf8')).toMatch(/^<\?xml [\s\S]*<\/testsuites>\n$/)
})

test('from a pipe, as JSON again', async () => {
  const {exit, stdout} = await runCli(['report', '-', '--json'], {
    input: JSON.stringify(fixtureReport()),
  })
  expect(exit).toBe(0)
  expect(JSON.parse(stdout)).toEqual(fixtureReport())
})

test.each([
  [[], 2, 'Missing 1 required arg'],
  [['-'], 2, 'stdin is no report of wsmesh siege: it is empty'],
  [['RUN', '--html', '/nowhere/siege.html'], 1, '--html: cannot write /nowhere/siege.html'],
])('report %j exits with %i', async (args, exit, text) => {
  const result = await runCli(['report', ...args.map((arg) => arg === 'RUN' ? run : arg)])
  expect(result.stderr).toContain(text)
  expect(result.exit).toBe(exit)
  expect(result.stderr).not.toContain('    at ')
  expect(result.stdout).toBe('')
})
