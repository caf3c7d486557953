/** How long a process is waited for that shares its processor with others. */
import {spawn} from 'node:child_process'
import {existsSync} from 'node:fs'
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, onTestFinished, test} from 'vitest'
import {bePatient, leftOf, waitedMs} from '../../../src/lib/process/patience.js'
import {eventually} from '../../helpers/eventually.js'

test.each([
  ['has had its time', 300, 300, 0, 0],
  ['has had less, as others ran', 300, 300, 100, 100],
  ['gets next to nothing: five times as long is enough', 300, 1500, 1490, 0],
  ['is waited for no longer than that in all', 300, 1450, 1450, 50],
  ['had all but a moment', 300, 299.5, 0, 0],
])('one that %s', (_what, ms, elapsedMs, waited, leftMs) => {
  expect(leftOf(ms, elapsedMs, waited)).toBe(leftMs)
})

function spin(): number {
  const child = spawn('taskset', ['-c', '0', process.execPath, '-e', 'for (;;);'])
  onTestFinished(() => void child.kill('SIGKILL'))
  return child.pid ?? 0
}

test('two on one processor wait for each other; who has ended, for nobody', async () => {
  const pids = [spin(), spin()]
  await eventually(() => pids.every((pid) => waitedMs(pid) > 20), {timeoutMs: 20_000})
  expect(waitedMs(2 ** 30)).toBe(0)
})

test('what has arrived is read before the time is over', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wsmesh-patience-'))
  onTestFinished(() => rm(folder, {recursive: true}))
  const said = join(folder, 'said')
  const child = spawn('sh', ['-c', `read line; echo "$line"; : > ${said}`])
  onTestFinished(() => void child.kill('SIGKILL'))
  const seen: string[] = []
  child.stdout.once('data', () => seen.push('answer'))
  await new Promise<void>((resolve) => {
    child.stdin.end('x\n', () => {
      bePatient(child.pid ?? 0, 1, () => {
        seen.push('over')
        resolve()
      })
      // This process stands still until the answer is there: its timer is late.
      while (!existsSync(said)) continue
    })
  })
  expect(seen).toEqual(['answer', 'over'])
})

test('nobody is told who has stopped waiting', async () => {
  const told: string[] = []
  bePatient(process.pid, 1, () => told.push('stopped'))()
  await new Promise<void>((resolve) => {
    bePatient(process.pid, 5, () => resolve())
  })
  expect(told).toEqual([])
})
