/** What the operating system must allow, looked at before the first connection. */
import {readFile} from 'node:fs/promises'
import {availableParallelism, cpus, freemem, hostname, release, totalmem, type} from 'node:os'
import {WsmeshError} from '../util/errors.js'
import type {AttackTarget} from './attack/job.js'
import type {RunEnvironment} from './run-report.js'
import type {SiegeSettings} from './settings.js'

export interface Preflight {
  readonly environment: RunEnvironment
  /** Source addresses to take in turn; empty: whatever the system takes. */
  readonly localAddresses: readonly string[]
  readonly notes: readonly string[]
}

/** Files of a process beside its connections. */
const OTHER_FILES = 100
/** Of the ports of one source address; others need some too. */
const PORTS_SHARE = 0.7
/** Of the generator, measured: docs/SIEGE.md. */
const CONNECTION_BYTES = 24 * 1024
const LOOPBACK_MAX = 200

/** What the machine gives; undefined or null where it does not say. */
export interface Machine {
  readonly openFilesMax: number | null
  readonly ports: number | undefined
  readonly freeBytes: number
}

type Load = Pick<SiegeSettings, 'connections' | 'processes'>

/** Throws USAGE, with what to type, when it cannot work. */
export async function preflight(
  load: Load, targets: readonly AttackTarget[],
): Promise<Preflight> {
  const openFilesMax = await openFiles()
  const environment = {
    host: hostname(), os: `${type()} ${release()}`, node: process.version,
    cpu: cpus()[0]?.model ?? '', cpus: availableParallelism(), memoryBytes: totalmem(),
    openFilesMax,
  }
  const machine = {openFilesMax, ports: await ephemeralPorts(), freeBytes: freemem()}
  return {environment, ...checkMachine(load, targets, machine)}
}

/** Pure. Throws USAGE. */
export function checkMachine(
  load: Load, targets: readonly AttackTarget[], machine: Machine,
): Pick<Preflight, 'localAddresses' | 'notes'> {
  checkFiles(load, machine)
  const {connections} = load
  const neededBytes = connections * CONNECTION_BYTES
  const notes = neededBytes <= machine.freeBytes ? [] : [
    `${connections} connections need about ${Math.ceil(neededBytes / 2 ** 20)} MiB here, `
      + `${Math.floor(machine.freeBytes / 2 ** 20)} MiB are free`,
  ]
  return {localAddresses: sourceAddresses(connections, targets, machine), notes}
}

function checkFiles({connections, processes}: Load, {openFilesMax}: Machine): void {
  const perProcess = Math.ceil(connections / processes)
  if (openFilesMax === null || perProcess + OTHER_FILES <= openFilesMax) return
  throw new WsmeshError('USAGE', `Not more than ${openFilesMax} open files are allowed here, `
    + `${perProcess} connections need ${perProcess + OTHER_FILES}`, {
    suggestions: [
      `ulimit -n ${Math.ceil((perProcess + OTHER_FILES) * 1.2)}   (then again)`,
      `--processes ${Math.ceil(connections / Math.max(1, openFilesMax - OTHER_FILES))}`,
    ],
  })
}

/** Of loopback a machine has millions of addresses, each with ports of its own. */
function sourceAddresses(
  connections: number, targets: readonly AttackTarget[], {ports}: Machine,
): readonly string[] {
  const perTarget = Math.ceil(connections / Math.max(1, targets.length))
  if (ports === undefined || perTarget <= ports * PORTS_SHARE) return []
  const isLoopback = targets.every(({clientUrl}) => new URL(clientUrl).hostname.startsWith('127.'))
  // Of all connections: which of them go to which target is not asked.
  const needed = Math.ceil(connections / (ports * PORTS_SHARE))
  if (isLoopback && needed <= LOOPBACK_MAX) {
    return Array.from({length: needed}, (_, index) => `127.0.0.${index + 2}`)
  }
  throw new WsmeshError('USAGE', `${perTarget} connections to one address need more ports than the `
    + `${ports} that this machine gives`, {
    suggestions: [
      'sysctl -w net.ipv4.ip_local_port_range="1024 65535"   (as root)',
      'lay siege from several machines',
    ],
  })
}

async function openFiles(): Promise<number | null> {
  const text = await readIfThere('/proc/self/limits')
  const limit = /^Max open files\s+(\d+|unlimited)/m.exec(text)?.[1]
  if (limit === undefined) return null
  return limit === 'unlimited' ? null : Number(limit)
}

async function ephemeralPorts(): Promise<number | undefined> {
  const text = await readIfThere('/proc/sys/net/ipv4/ip_local_port_range')
  const [from, to] = text.trim().split(/\s+/).map(Number)
  return from === undefined || to === undefined ? undefined : to - from + 1
}

/** Other systems have no /proc: then nothing is known, and nothing refused. */
async function readIfThere(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '')
}
