/** What a service manager is told, by a socket as systemd has one. */
import {spawn, spawnSync} from 'node:child_process'
import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, onTestFinished, test} from 'vitest'

import {openServiceManager} from '../../../src/lib/process/service-manager.js'
import {listenForNotices} from '../../helpers/notify-socket.js'

function nobody(): never {
  throw new Error('nothing is to be sent')
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'wsmesh-notify-'))
  onTestFinished(() => rm(path, {recursive: true}))
  return path
}

test('it is told in order, and the watchdog is fed', async () => {
  const socket = await listenForNotices(join(await folder(), 'notify'))
  onTestFinished(() => socket.close())
  const env = {
    PATH: process.env['PATH'], NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '200000',
    WATCHDOG_PID: '4711',
  }
  const manager = openServiceManager(env, 4711, (error) => {
    throw error
  })
  expect(Object.keys(env)).toEqual(['PATH'])
  const before = process.hrtime.bigint() / 1000n
  manager?.ready()
  manager?.status('2 of 2 nodes run')
  manager?.status('2 of 2 nodes run')
  manager?.reloading()
  manager?.stopping()
  await socket.says('WATCHDOG=1')
  await manager?.close()
  const told = socket.notices().filter((each) => each !== 'WATCHDOG=1')
  const [, usec = ''] = /^RELOADING=1\nMONOTONIC_USEC=(\d+)$/.exec(told[2] ?? '') ?? []
  expect(told).toEqual([
    'READY=1\nMAINPID=4711', 'STATUS=2 of 2 nodes run', told[2], 'STOPPING=1',
  ])
  expect(Number(BigInt(usec) - before)).toBeGreaterThanOrEqual(0)
  expect(Number(BigInt(usec) - before)).toBeLessThan(60_000_000)
})

test('one that is not there is said once, and stops nothing', async () => {
  const failures: unknown[] = []
  const env = {PATH: process.env['PATH'], NOTIFY_SOCKET: join(await folder(), 'none')}
  const manager = openServiceManager(env, 1, (error) => failures.push(error))
  manager?.ready()
  manager?.stopping()
  await manager?.close()
  expect(failures).toHaveLength(1)
  const noProgram = {PATH: '/nonexistent', NOTIFY_SOCKET: '/nonexistent'}
  const other = openServiceManager(noProgram, 1, (error) => failures.push(error))
  other?.ready()
  await other?.close()
  expect(failures[1]).toMatchObject({code: 'ENOENT'})
})

test('where nobody asks nothing is told; a watchdog of another process is not fed', async () => {
  expect(openServiceManager({NOTIFY_SOCKET: ''}, 1, nobody)).toBeUndefined()
  expect(openServiceManager({WATCHDOG_USEC: '1000'}, 1, nobody)).toBeUndefined()
  const env = {NOTIFY_SOCKET: '/nonexistent', WATCHDOG_USEC: '2000', WATCHDOG_PID: '2'}
  const manager = openServiceManager(env, 1, nobody)
  // What would be sent in that time fails, and would throw.
  await new Promise((resolve) => spawn(process.execPath, ['-e', '']).once('exit', resolve))
  await manager?.close()
})

test('the unit of examples/systemd has nothing that systemd does not know', async () => {
  const unit = await readFile('examples/systemd/wsmesh.service', 'utf8')
  const path = join(await folder(), 'wsmesh.service')
  const verify = async (text: string): Promise<string> => {
    await writeFile(path, text.replaceAll('/usr/local/bin/wsmesh', '/bin/true'))
    const {stdout, stderr} = spawnSync('systemd-analyze', ['verify', path], {encoding: 'utf8'})
    return stdout + stderr
  }
  expect(await verify(unit)).toBe('')
  expect(await verify(unit.replace('WatchdogSec', 'Watchdog'))).toContain('Unknown key')
})
