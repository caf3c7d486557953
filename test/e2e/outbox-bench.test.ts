/** bench/outbox.mjs in short: rows of concurrent transactions, some rolled back, a master killed. */
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {join} from 'node:path'
import {expect, test} from 'vitest'

const BENCH = join(import.meta.dirname, '..', '..', 'bench', 'outbox.mjs')

interface Report {
  readonly load: {readonly committed: number; readonly delivered: number}
  readonly idle: {readonly queriesPerS: number}
  readonly faults: readonly string[]
}

test('what was committed is delivered, each row once, past the death of a master', async () => {
  const args = ['--rows', '4000', '--kills', '1', '--idle', '5', '--backlog', '5000', '--json']
  const child = spawn(process.execPath, [BENCH, ...args], {stdio: ['ignore', 'pipe', 'pipe']})
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()))
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
  const [code] = (await once(child, 'close')) as [number]
  expect(stderr).toBe('')
  const report = JSON.parse(stdout) as Report
  expect(report.faults).toEqual([])
  expect(report.load.delivered).toBe(report.load.committed)
  expect(report.load.committed).toBeGreaterThanOrEqual(4000)
  expect(report.idle.queriesPerS).toBeLessThanOrEqual(20)
  expect(code).toBe(0)
}, 300_000)
