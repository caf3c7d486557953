import {once} from 'node:events'
import {mkdtemp, rm} from 'node:fs/promises'
import {createServer, type AddressInfo} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, onTestFinished, test} from 'vitest'

import {listensAt} from '../../../src/lib/transport/port-owner.js'

test('whether a process listens at a port or at a path', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wsmesh owner-'))
  onTestFinished(() => rm(folder, {recursive: true}))
  const path = join(folder, 'a.sock')
  const [tcp, unix] = [createServer().listen(0, '127.0.0.1'), createServer().listen(path)]
  await Promise.all([once(tcp, 'listening'), once(unix, 'listening')])
  const {port} = tcp.address() as AddressInfo
  for (const at of [{port}, {path}]) {
    expect(await listensAt(process.pid, at)).toBe(true)
    expect(await listensAt(process.ppid, at)).toBe(false)
    expect(await listensAt(2 ** 30, at)).toBe(false)
  }
  expect(await listensAt(process.pid, {path: `${path}.other`})).toBe(false)
  await Promise.all([tcp, unix].map((server) => new Promise((done) => server.close(done))))
  for (const at of [{port}, {path}]) expect(await listensAt(process.pid, at)).toBe(false)
})
