import {mkdir, mkdtemp, readdir, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, onTestFinished, test} from 'vitest'

import {
  findSupervisor, FOLDER, forget, listSupervisors, reloadSupervisor, remember,
} from '../../../src/lib/supervisor/node-files.js'

const {pid} = process
const file = {pid, nodes: ['n-1', 'n-2'], startedAt: 5, command: 'wsmesh serve', trouble: null}

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
  await expect(reloadSupervisor(dataDir, pid)).rejects.toMatchObject({code: 'NODE_UNREACHABLE'})
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

test('a data folder that is not there has none', async () => {
  expect(await listSupervisors('/nonexistent')).toEqual([])
})
