/** The module as nodes load it: built, in a process of its own, told over its channel. */
import {spawn} from 'node:child_process'
import type {ChildProcess} from 'node:child_process'
import {once} from 'node:events'
import {afterEach, expect, test} from 'vitest'
import {assertBuilt} from '../../helpers/built.js'

const HOUR_MS = 3_600_000
let child: ChildProcess | undefined

afterEach(() => child?.kill('SIGKILL'))

function start(script: string): ChildProcess {
  assertBuilt('lib/process')
  const module = new URL('../../../dist/lib/process/inner-faults.js', import.meta.url).pathname
  child = spawn(process.execPath, ['--import', module, '--input-type=module', '-e', script], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  return child
}

async function nextMessage(from: ChildProcess): Promise<Record<string, number>> {
  const [message] = await once(from, 'message') as [Record<string, number>]
  return message
}

test('the wall clock jumps, the monotonic clock and timers do not', async () => {
  const node = start(`
    const say = () => process.send({
      now: Date.now(), made: new Date().getTime(), given: new Date(5).getTime(),
      text: new Date(Date()).getTime(), monotonic: performance.now(),
    })
    say()
    setInterval(say, 20)
  `)
  const before = await nextMessage(node)
  node.send({fault: 'shift-clock', ms: HOUR_MS})
  let after = before
  while ((after['now'] ?? 0) - (before['now'] ?? 0) < HOUR_MS / 2) after = await nextMessage(node)
  const monotonicMs = (after['monotonic'] ?? 0) - (before['monotonic'] ?? 0)
  expect(monotonicMs).toBeLessThan(HOUR_MS / 2)
  for (const name of ['now', 'made', 'text']) {
    expect(Math.abs((after[name] ?? 0) - (before[name] ?? 0) - HOUR_MS)).toBeLessThan(HOUR_MS / 10)
  }
  expect(after['given']).toBe(5)
})

test('threads hear late, and at once when it is over', async () => {
  const node = start(`
    import {Worker} from 'node:worker_threads'
    const echo = 'require("worker_threads").parentPort.on("message", (m) => '
      + 'require("worker_threads").parentPort.postMessage(m))'
    const thread = new Worker(echo, {eval: true, execArgv: []})
    thread.on('message', ({asked, from}) => process.send({asked, ms: performance.now() - from}))
    let asked = 0
    process.on('message', () => thread.postMessage({asked: ++asked, from: performance.now()}))
    process.send({ready: 1})
  `)
  await nextMessage(node)
  node.send({fault: 'slow-threads', ms: 300})
  const {asked, ms} = await nextMessage(node)
  expect(asked).toBe(1)
  expect(ms).toBeGreaterThanOrEqual(299)
  node.send({fault: 'slow-threads', ms: 100_000_000})
  node.send({fault: 'slow-threads', ms: 0})
  expect(await nextMessage(node)).toMatchObject({asked: 3})
})
