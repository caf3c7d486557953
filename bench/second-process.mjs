/**
 * What a second process costs by itself: the least that two workers can cost more than one node.
 * A message of so many bytes goes to another process over a unix socket, as a link does it, and an
 * answer of 40 bytes comes back; neither looks at them. CPU of both processes for each message,
 * less that of the same schedule without a socket.
 *
 *   node bench/second-process.mjs [--bytes 200] [--rates 100,1000,4000] [--seconds 5]
 */
import {fork} from 'node:child_process'
import {once} from 'node:events'
import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs'
import {connect, createServer} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {parseArgs} from 'node:util'

const {values} = parseArgs({
  options: {
    bytes: {type: 'string', default: '200'},
    rates: {type: 'string', default: '100,1000,4000'},
    seconds: {type: 'string', default: '5'},
    at: {type: 'string'},
  },
})
const ANSWER = Buffer.alloc(40)

function cpuMsOf(pid) {
  const tasks = readdirSync(`/proc/${pid}/task`)
  const ns = tasks.map((task) =>
    Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]))
  return ns.reduce((sum, each) => sum + each, 0) / 1e6
}

/** One answer for whatever came in one piece, as a follower acknowledges. */
function answerAt(path) {
  const server = createServer((socket) => socket.on('data', () => socket.write(ANSWER)))
  server.listen(path, () => process.send('ready'))
}

/** Milliseconds of CPU of these processes while `send` is called at the rate. */
async function during(pids, rate, send) {
  const cpuMs = () => pids.reduce((sum, pid) => sum + cpuMsOf(pid), 0)
  const beforeMs = cpuMs()
  const startMs = performance.now()
  let sent = 0
  const timer = setInterval(() => {
    for (; sent < ((performance.now() - startMs) * rate) / 1000; sent += 1) send()
  }, 1)
  await sleep(Number(values.seconds) * 1000)
  clearInterval(timer)
  return {usedMs: cpuMs() - beforeMs, sent}
}

async function measure() {
  const folder = mkdtempSync(join(tmpdir(), 'wsmesh-second-'))
  const path = join(folder, 'link.sock')
  const child = fork(import.meta.filename, ['--at', path])
  await once(child, 'message')
  const socket = connect(path)
  await once(socket, 'connect')
  socket.on('data', () => {})
  const message = Buffer.alloc(Number(values.bytes))
  const pids = [process.pid, child.pid]
  const link = () => socket.write(message)
  await during(pids, 1000, link)
  for (const rate of values.rates.split(',').map(Number)) {
    const idle = await during(pids, rate, () => {})
    const linked = await during(pids, rate, link)
    const us = ((linked.usedMs - idle.usedMs) * 1000) / linked.sent
    console.log(`${rate} a second: ${us.toFixed(1)} µs of CPU a message, there and back`)
  }
  socket.destroy()
  child.kill()
  rmSync(folder, {recursive: true})
}

if (values.at === undefined) await measure()
else answerAt(values.at)
