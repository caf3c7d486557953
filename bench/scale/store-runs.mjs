/** What the pool costs a database and a node: one beat of a node, among so many rows. */
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {execFileSync} from 'node:child_process'
import {MariadbProcess} from '../../dist/lib/process/mariadb-process.js'
import {openPoolStore} from '../../dist/lib/pool/open-pool-store.js'
import {cpuUs} from './lab.mjs'

export async function storeRuns(seconds, keep) {
  const folder = await mkdtemp(join(tmpdir(), 'wsmesh-db-'))
  let server
  try {
    server = await MariadbProcess.start(folder)
    execFileSync('mariadb', ['--no-defaults', '-S', server.socketPath, '-u', 'root', '-e',
      "CREATE DATABASE mesh; CREATE USER m@'%' IDENTIFIED BY 'm'; GRANT ALL ON mesh.* TO m@'%'"])
    const url = `mysql://m:m@127.0.0.1:${server.port}/mesh`
    const store = await openPoolStore({url, dataDir: folder})
    await store.init()
    let rows = 0
    for (const size of [5, 100, 500]) {
      for (; rows < size; rows += 1) await store.join(memberOf(rows))
      const beat = async (n) => {
        await store.heartbeat(memberOf(n % size).id)
        await Promise.all([store.list(), store.readLease()])
      }
      for (let n = 0; n < 300; n += 1) await beat(n)
      const [before, own] = [cpuUs(server.pid), cpuUs(process.pid)]
      const endMs = performance.now() + seconds * 1000
      let beats = 0
      for (; performance.now() < endMs; beats += 1) await beat(beats)
      const us = (cpuUs(server.pid) - before) / beats
      keep({kind: 'store', rows: size, us, nodeUs: (cpuUs(process.pid) - own) / beats})
    }
    await store.close()
  } finally {
    await server?.end('SIGKILL')
    await rm(folder, {recursive: true, force: true})
  }
}

function memberOf(n) {
  return {
    id: `n-${(0xe0000000 + n).toString(16)}`, url: `ws://10.0.${n >> 8}.${n & 255}:8080/mesh`,
    clientUrl: 'wss://example.com/WebSockets', version: '0.1.0', pid: 1000 + n,
  }
}
