import {chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test} from 'vitest'

import {claimReportFiles, writeReportFiles} from '../../../../src/lib/siege/report/report-files.js'
import {fixtureReport} from '../fixture-report.js'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wsmesh-files-'))
})

afterEach(() => rm(folder, {recursive: true, force: true}))

test('a claim leaves nothing behind, and what is there as it is', async () => {
  const old = join(folder, 'old.xml')
  await writeFile(old, 'old')
  const files = await claimReportFiles({junit: old, hdr: join(folder, 'new.hlog')})
  expect(files.map(({format}) => format)).toEqual(['junit', 'hdr'])
  expect(await readdir(folder)).toEqual(['old.xml'])
  expect(await readFile(old, 'utf8')).toBe('old')
})

test('nothing asked for, nothing claimed', async () => {
  expect(await claimReportFiles({junit: undefined})).toEqual([])
})

test.each([
  ['', 'USAGE', 'not an empty one'],
  ['-', 'USAGE', 'not -'],
  ['.', 'USAGE', 'is a folder'],
  ['./', 'USAGE', 'is a folder'],
  ['/nowhere/deep/siege.xml', 'FILE_UNWRITABLE', 'cannot write /nowhere/deep/siege.xml'],
  ['/proc/siege.xml', 'FILE_UNWRITABLE', 'cannot write'],
])('the path %j is refused before the load', async (path, code, text) => {
  await expect(claimReportFiles({junit: path})).rejects.toMatchObject({
    code, message: expect.stringContaining(text),
  })
})

test('a folder that is missing: what to type', async () => {
  const path = join(folder, 'reports', 'siege.xml')
  await expect(claimReportFiles({junit: path})).rejects.toMatchObject({
    suggestions: [`mkdir -p ${join(folder, 'reports')}`],
  })
})

test('one file for two reports, by whatever name, is refused', async () => {
  const path = join(folder, 'siege.out')
  await writeFile(path, '')
  await symlink(path, join(folder, 'link'))
  await mkdir(join(folder, 'inner'))
  for (const other of [path, join(folder, 'link'), join(folder, 'inner', '..', 'siege.out')]) {
    await expect(claimReportFiles({junit: path, hdr: other})).rejects.toMatchObject({
      code: 'USAGE', message: expect.stringContaining('--hdr and --junit are the same file'),
    })
  }
})

test('a report is not written over what it is made from', async () => {
  const path = join(folder, 'run.json')
  await writeFile(path, '{}')
  await expect(claimReportFiles({junit: path}, [path])).rejects.toMatchObject({
    code: 'USAGE', message: expect.stringContaining('--junit and the input are the same file'),
  })
})

test('a device may be named twice', async () => {
  expect(await claimReportFiles({junit: '/dev/null', hdr: '/dev/null'})).toHaveLength(2)
})

test('files are replaced whole, keep their mode, and leave no drafts', async () => {
  const path = join(folder, 'siege.xml')
  await writeFile(path, 'old')
  await chmod(path, 0o640)
  await symlink(path, join(folder, 'link.xml'))
  const files = await claimReportFiles({junit: join(folder, 'link.xml')})
  expect(await writeReportFiles(files, fixtureReport())).toEqual([])
  expect(await readFile(path, 'utf8')).toContain('<testsuites')
  expect((await stat(path)).mode & 0o777).toBe(0o640)
  expect((await readdir(folder)).toSorted()).toEqual(['link.xml', 'siege.xml'])
})

test('a file that can be written no more is told of, the others are written', async () => {
  const gone = join(folder, 'gone')
  await mkdir(gone)
  const files = await claimReportFiles({junit: join(gone, 'siege.xml'), hdr: '/dev/null'})
  await rm(gone, {recursive: true})
  const empty = {...fixtureReport(), latency: noLatency()}
  const failures = await writeReportFiles(files, empty)
  expect(failures.map(({code}) => code)).toEqual(['FILE_UNWRITABLE'])
})

function noLatency() {
  const kinds = ['message', 'service', 'local', 'relayed', 'user', 'accept', 'connect', 'own'] as const
  return Object.fromEntries(kinds.map((kind) => [kind, null])) as Record<(typeof kinds)[number], null>
}
