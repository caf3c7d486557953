/** Nodes whose supervisor was killed: they end, or are killed, and the address is free again. */
import {spawn, type ChildProcess} from 'node:child_process'
import {once} from 'node:events'
import {mkdtemp, readdir, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, onTestFinished, test} from 'vitest'

import {isMarkAlive, markOf, type ProcessMark} from '../../../src/lib/process/process-mark.js'
import {FOLDER, listSupervisors} from '../../../src/lib/supervisor/node-files.js'
import {bindAfter, endOrphans, findOrphans} from '../../../src/lib/supervisor/orphans.js'
import {ensureDataDir} from '../../../src/lib/auth/data-dir.js'
import {WsmeshError} from '../../../src/lib/util/errors.js'

const DEAD = '999999999-1'

async function node(code: string): Promise<{child: ChildProcess; mark: ProcessMark}> {
  const child = spawn(process.execPath, ['-e', `console.log('up'); ${code}`])
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return {child, mark: markOf(child.pid ?? 0) ?? '0-0'}
}

async function folderWith(files: Readonly<Record<string, unknown>>): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'wsmesh-orphans-'))
  onTestFinished(() => rm(dataDir, {recursive: true}))
  await ensureDataDir(join(dataDir, FOLDER))
  for (const [name, value] of Object.entries(files)) {
    await writeFile(join(dataDir, FOLDER, name), JSON.stringify(value))
  }
  return dataDir
}

test('one that hangs is found by the file of its dead supervisor, killed, and forgotten', async () => {
  const [hung, ending] = await Promise.all([
    node('while (true);'), node('process.stdin.on("data", () => process.exit())'),
  ])
  const own = markOf(process.pid)
  const rest = {nodes: [], startedAt: 1, command: 'wsmesh serve'}
  const dataDir = await folderWith({
    '999999999.json': {...rest, mark: DEAD, processes: [hung.mark, ending.mark, '1-2', 'x', 7]},
    [`${process.pid}.json`]: {...rest, mark: own, processes: [own]},
    '3.json': {mark: 'x'},
    '999999999-1.sock': null,
  })
  const folder = join(dataDir, FOLDER)
  expect(await listSupervisors(dataDir)).toHaveLength(1)
  const marks = await findOrphans(folder)
  expect(new Set(marks)).toEqual(new Set([hung.mark, ending.mark]))
  ending.child.stdin?.write('end')
  await once(ending.child, 'exit')
  expect(await endOrphans(marks, 100)).toEqual(expect.arrayContaining([
    {pid: hung.child.pid, hung: true}, {pid: ending.child.pid, hung: false},
  ]))
  expect(isMarkAlive(hung.mark)).toBe(false)
  expect(await findOrphans(folder)).toEqual([])
  await listSupervisors(dataDir)
  expect(new Set(await readdir(folder))).toEqual(new Set([`${process.pid}.json`, '3.json']))
})

test('an address is tried until they have ended, and once more; other errors are final', async () => {
  let tries = 0
  const taken = new WsmeshError('ADDRESS_IN_USE', 'taken')
  const failing = (times: number, error: Error) => async (): Promise<string> => {
    tries += 1
    if (tries <= times) throw error
    return 'bound'
  }
  const forever = new Promise<void>(() => {})
  expect(await bindAfter(forever, failing(2, taken))).toBe('bound')
  tries = 0
  await expect(bindAfter(Promise.resolve(), failing(Infinity, taken))).rejects.toBe(taken)
  expect(tries).toBe(2)
  tries = 0
  const denied = new WsmeshError('ADDRESS_NOT_AVAILABLE', 'denied')
  await expect(bindAfter(forever, failing(1, denied))).rejects.toBe(denied)
})

test('no folder has no orphans', async () => {
  expect(await findOrphans('/nonexistent')).toEqual([])
})
