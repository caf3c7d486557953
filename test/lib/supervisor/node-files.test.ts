import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdir, mkdtemp, readdir, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, onTestFinished, test} from 'vitest'

import {
  findSupervisor, FOLDER, forget, listSupervisors, NO_RELOADS, remember,
} from '../../../src/lib/supervisor/node-files.js'
import {ReloadBook} from '../../../src/lib/supervisor/reload-book.js'
import {requestReload, takeReloadRequest} from '../../../src/lib/supervisor/reload-request.js'

const {pid} = process
const file = {
  pid, nodes: ['n-1', 'n-2'], startedAt: 5, command: 'wsmesh serve', trouble: null,
  reloads: NO_RELOADS,
}

async function dataFolder(): Promise<{dataDir: string; folder: string}> {
  const dataDir = await mkdtemp(join(tmpdir(), 'wsmesh-node-files-'))
  onTestFinished(() => rm(dataDir, {recursive: true}))
  const folder = join(dataDir, FOLDER)
  await mkdir(folder)
  return {dataDir, folder}
}

test('what a supervisor says of itself is found as long as it lives', async () => {
  const {dataDir, folder} = await dataFolder()
  expect(await listSupervisors(dataDir)).toEqual([])
  await remember(folder, file)
  const trouble = {why: 'no such file', hint: ''}
  await remember(folder, {...file, nodes: [], trouble})
  expect(await listSupervisors(dataDir)).toEqual([{...file, nodes: [], trouble}])
  await remember(folder, file)
  expect(await findSupervisor(dataDir, pid)).toEqual(file)
  await forget(folder, pid)
  expect(await listSupervisors(dataDir)).toEqual([])
})

test('the file of a process that has ended, or whose pid is another one now, goes', async () => {
  const {dataDir, folder} = await dataFolder()
  for (const mark of [`${pid}-1`, `${2 ** 30}-1`]) {
    await writeFile(join(folder, `${mark.split('-')[0]}.json`), JSON.stringify({...file, mark}))
  }
  await expect(requestReload(dataDir, pid)).rejects.toMatchObject({code: 'NODE_UNREACHABLE'})
  expect(await listSupervisors(dataDir)).toEqual([])
  expect(await readdir(folder)).toEqual([])
})

test.each(['', '{', '[]', '{}', '{"mark":7}', '{"mark":"1-1"}', '{"mark":"x","startedAt":1}'])(
  'rubbish is no supervisor: %j', async (text) => {
    const {dataDir, folder} = await dataFolder()
    await writeFile(join(folder, '1.json'), text)
    await writeFile(join(folder, 'notes.json'), '{}')
    expect(await listSupervisors(dataDir)).toEqual([])
  })

test('a supervisor knows a reload that was asked for from a terminal that was closed', async () => {
  const {dataDir, folder} = await dataFolder()
  const child = spawn(process.execPath, ['-e', 'process.on("SIGHUP", () => process.exit(7)); '
    + 'setInterval(() => {}, 1000); console.log("up")'], {stdio: ['ignore', 'pipe', 'inherit']})
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  const own = child.pid ?? 0
  await remember(folder, {...file, pid: own})
  const ended = once(child, 'exit')
  expect(takeReloadRequest(folder, own)).toBe(false)
  expect((await requestReload(dataDir, own)).reloads).toEqual(NO_RELOADS)
  expect(await ended).toEqual([7, null])
  expect(takeReloadRequest(folder, own)).toBe(true)
  expect(takeReloadRequest(folder, own)).toBe(false)
})

test('reloads that are written down are read', async () => {
  const {dataDir, folder} = await dataFolder()
  const book = new ReloadBook()
  book.began(new Map([[0, 'n-1']]))
  book.replaced(0, 'n-3')
  book.replaced(1, 'n-4')
  book.ended('the new node ended')
  await remember(folder, {...file, reloads: book.reloads})
  const replaced = [{before: 'n-1', now: 'n-3'}, {before: null, now: 'n-4'}]
  const reloads = {begun: 1, ended: 1, replaced, failed: 'the new node ended'}
  expect((await findSupervisor(dataDir, pid))?.reloads).toEqual(reloads)
  book.began(new Map())
  expect(book.reloads).toEqual({begun: 2, ended: 1, replaced: [], failed: null})
})

test('a data folder that is not there has none', async () => {
  expect(await listSupervisors('/nonexistent')).toEqual([])
})
