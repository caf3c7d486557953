/** Server processes of the bench: started, found again by their first line, ended. */
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {readFileSync, readdirSync} from 'node:fs'
import {createServer} from 'node:net'
import {setTimeout as sleep} from 'node:timers/promises'

const PATIENCE_MS = 30_000

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const {port} = server.address()
  server.close()
  return port
}

/** The first line of JSON that a process prints, and the process. */
export async function startJson(command, args, {ipc = false, ...options} = {}) {
  const stdio = ['ignore', 'pipe', 'inherit', ...(ipc ? ['ipc'] : [])]
  const child = start(command, args, {...options, stdio})
  let out = ''
  child.stdout.setEncoding('utf8')
  for await (const chunk of child.stdout.iterator({destroyOnReturn: false})) {
    out += chunk
    if (out.includes('\n')) break
  }
  child.stdout.resume()
  if (!out.includes('\n')) throw new Error(`${command} ${args.join(' ')} did not start: ${out}`)
  return {child, line: JSON.parse(out.slice(0, out.indexOf('\n')))}
}

/** Nothing outlives the bench, however it ends. */
const running = new Set()

export function start(command, args, options = {}) {
  const child = spawn(command, args, {stdio: ['ignore', 'ignore', 'inherit'], ...options})
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

export function stopAll() {
  for (const child of running) child.kill('SIGKILL')
}

/** Waits until something listens on a port of this machine. */
export async function listening(port) {
  await until(() => fetch(`http://127.0.0.1:${port}/`).then(() => true, ({cause}) =>
    cause?.code !== 'ECONNREFUSED'), `port ${port}`)
}

export async function until(check, what) {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    const value = await check()
    if (value) return value
    if (performance.now() > deadline) throw new Error(`in vain: ${what}`)
    await sleep(10)
  }
}

export async function stop(children) {
  for (const child of children) child.kill('SIGKILL')
  await Promise.all(children.map((child) =>
    child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined))
}

/** Children of a process, by /proc. */
export function childrenOf(pid) {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').match(/\d+/g)?.map(Number) ?? [])
}

/** Bytes of memory that processes hold. */
export function residentBytes(pids) {
  const sum = pids.map((pid) => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024
  })
  return sum.reduce((all, bytes) => all + bytes, 0)
}
