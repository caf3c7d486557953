import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {expect, test} from 'vitest'
import {isMarkAlive, markOf, pidOf, readMark} from '../../../src/lib/process/process-mark.js'

test('a process has a mark as long as it lives', async () => {
  const child = spawn('sleep', ['1000'])
  const pid = child.pid ?? 0
  const mark = markOf(pid)
  expect(mark).toMatch(new RegExp(`^${pid}-\\d+$`))
  if (mark === undefined) return
  expect(isMarkAlive(mark)).toBe(true)
  expect(pidOf(mark)).toBe(pid)
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(isMarkAlive(mark)).toBe(false)
  expect(markOf(pid)).toBeUndefined()
})

test('another process of the same pid is another', () => {
  expect(markOf(process.pid)).not.toBe(`${process.pid}-1`)
  expect(isMarkAlive(`${process.pid}-1`)).toBe(false)
})

test.each(['', '1', '1-', '-1', '0-5', '01-5', '1-05', '1-2-3', ' 1-2', '1-2x', '12345678901-1'])(
  '%j is no mark', (text) => expect(readMark(text)).toBeUndefined(),
)

test('a mark is read as it was written', () => {
  expect(readMark('4711-0')).toBe('4711-0')
  expect(readMark('4711-812345')).toBe('4711-812345')
})
