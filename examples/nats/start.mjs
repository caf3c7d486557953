#!/usr/bin/env node
/**
 * Three NATS servers in a cluster and three nodes of a mesh on them, on this machine.
 *
 *   apt-get install nats-server
 *   node examples/nats/start.mjs
 *
 * Ctrl-C ends all; everything is kept in a folder of its own, which goes with it.
 */
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as delay} from 'node:timers/promises'
import process from 'node:process'

const BIN = join(import.meta.dirname, '..', '..', 'bin', 'run.js')
/** A client's port, and one for the others of the cluster, of each server. */
const SERVERS = [[4222, 6222], [4223, 6223], [4224, 6224]]
const NODES = [8080, 8081, 8082]

const folder = await mkdtemp(join(tmpdir(), 'wsmesh-nats-example-'))
const children = []
let isUp = false
let isEnding = false

function start(name, command, args, env = {}) {
  const child = spawn(command, args, {
    env: {...process.env, PATH: `${process.env.PATH}:/usr/sbin`, ...env},
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  children.push(child)
  child.stderr.on('data', (text) => {
    // NATS says much when all is well, and while its servers look for each other.
    const isSaid = isUp ? /^(?!.*\[INF\])./ : /\[FTL\]|nats-server:|^\{/
    for (const line of String(text).split('\n')) if (isSaid.test(line)) console.error(`${name}: ${line}`)
  })
  child.on('error', (error) => end(`${name}: ${error.message}`))
  child.on('exit', (code, signal) => {
    if (!isEnding) console.error(`${name} ended (${signal ?? code})`)
  })
}

async function end(why) {
  if (isEnding) return
  isEnding = true
  if (why !== undefined) console.error(why)
  process.exitCode = why === undefined ? 0 : 1
  // Nodes first: they hand on what they have accepted.
  for (const child of children.toReversed()) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) continue
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    await exited
  }
  await rm(folder, {recursive: true, force: true})
}
process.on('SIGINT', () => end())
process.on('SIGTERM', () => end())

for (const [index, [port, route]] of SERVERS.entries()) {
  const file = join(folder, `nats-${index + 1}.conf`)
  const routes = SERVERS.map(([, other]) => `"nats://127.0.0.1:${other}"`).join(', ')
  await writeFile(file, `server_name: nats-${index + 1}
listen: "127.0.0.1:${port}"
jetstream { store_dir: "${join(folder, `store-${index + 1}`)}" }
cluster { name: example, listen: "127.0.0.1:${route}", routes: [${routes}] }
`)
  start(`nats-${index + 1}`, 'nats-server', ['-c', file])
}
// They choose who leads them.
await delay(5000)
isUp = true

const relay = `nats://${SERVERS.map(([port]) => `127.0.0.1:${port}`).join(',')}`
for (const port of NODES) {
  if (isEnding) break
  start(`node ${port}`, process.execPath, [
    BIN, 'serve', '--port', String(port), '--relay', relay, '--relay-replicas', '3',
    '--log-level', 'warn',
  ], {WSMESH_DATA_DIR: folder})
  await delay(1500)
}
if (!isEnding) {
  console.log(`Three nodes on three NATS servers. In another terminal:
  export WSMESH_DATA_DIR=${folder}
  npx wsmesh pool list
  npx wsmesh tail
  npx wsmesh send hello '"to all"' --everyone
  kill -9 ${children[0].pid}   # the first server
Ctrl-C ends all.`)
}
