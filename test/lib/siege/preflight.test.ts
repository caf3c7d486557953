import {describe, expect, test} from 'vitest'
import type {AttackTarget} from '../../../src/lib/siege/attack/job.js'
import {checkMachine} from '../../../src/lib/siege/preflight.js'
import type {Machine} from '../../../src/lib/siege/preflight.js'
import {FaultyServer} from '../../helpers/faulty-server.js'
import {WireSocket} from '../../../src/lib/siege/wire/wire-socket.js'

const MACHINE: Machine = {openFilesMax: 1_000_000, ports: 28_000, freeBytes: 2 ** 34}

function at(host: string): AttackTarget {
  return {name: host, clientUrl: `ws://${host}:9000/`, operatorUrl: undefined, httpUrl: undefined}
}

describe('before the first connection', () => {
  test('one address is enough as long as its ports are', () => {
    const {localAddresses, notes} = checkMachine(
      {connections: 19_000, processes: 1}, [at('127.0.0.1')], MACHINE)
    expect([localAddresses, notes]).toEqual([[], []])
  })

  test('of loopback as many as it takes', () => {
    const load = {connections: 50_000, processes: 1}
    expect(checkMachine(load, [at('127.0.0.1')], MACHINE).localAddresses).toEqual(
      ['127.0.0.2', '127.0.0.3', '127.0.0.4'])
    // Three targets: the ports of one address are enough for each.
    const three = [at('127.0.0.1'), at('127.0.0.8'), at('127.0.0.9')]
    expect(checkMachine(load, three, MACHINE).localAddresses).toEqual([])
  })

  test('not of another network: it is said what to type', () => {
    const load = {connections: 50_000, processes: 1}
    expect(() => checkMachine(load, [at('10.0.0.1')], MACHINE)).toThrow(expect.objectContaining({
      message: '50000 connections to one address need more ports than the 28000 that this machine '
        + 'gives',
      suggestions: expect.arrayContaining([expect.stringContaining('ip_local_port_range')]),
    }))
  })

  test('open files: of each process', () => {
    const machine = {...MACHINE, openFilesMax: 1024}
    const check = (processes: number) =>
      checkMachine({connections: 2000, processes}, [at('127.0.0.1')], machine)
    expect(() => check(1)).toThrow(expect.objectContaining({
      message: 'Not more than 1024 open files are allowed here, 2000 connections need 2100',
      suggestions: ['ulimit -n 2520   (then again)', '--processes 3'],
    }))
    expect(check(3).localAddresses).toEqual([])
  })

  test('memory that is missing is a note: others may give it back', () => {
    const {notes} = checkMachine(
      {connections: 10_000, processes: 1}, [at('127.0.0.1')], {...MACHINE, freeBytes: 2 ** 27})
    expect(notes).toEqual(['10000 connections need about 235 MiB here, 128 MiB are free'])
  })
})

test('a connection comes from the address that it is told to', async () => {
  await using server = await FaultyServer.start({fault: 'tells-address'})
  const address = await new Promise<string>((resolve, reject) => {
    const wire = new WireSocket({
      url: new URL(server.url), localAddress: '127.0.0.7', timeoutMs: 10_000, maxFrameBytes: 1000,
    }, {
      onOpen: () => undefined, onRead: () => undefined, onWritten: () => undefined,
      onEnd: ({error}) => reject(new Error(error)),
      onMessage: (bytes, start, end) => {
        resolve(bytes.toString('utf8', start, end))
        wire.destroy()
      },
    })
  })
  expect(address).toBe('127.0.0.7')
})
