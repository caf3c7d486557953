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

/** Throws USAGE, with what to type, when it cannot work. */
export async function preflight(
  {connections, processes}: Pick<SiegeSettings, 'connections' | 'processes'>,
  targets: readonly AttackTarget[],
): Promise<Preflight> {
  const openFilesMax = await openFiles()
  const environment = {
    host: hostname(), os: `${type()} ${release()}`, node: process.version,
    cpu: cpus()[0]?.model ?? '', cpus: availableParallelism(), memoryBytes: totalmem(),
    openFilesMax,
  }
  const perProcess = Math.ceil(connections / processes)
  if (openFilesMax !== null && perProcess + OTHER_FILES > openFilesMax) {
    throw new WsmeshError('USAGE', `Not more than ${openFilesMax} open files are allowed here, `
      + `${perProcess} connections need ${perProcess + OTHER_FILES}`, {
      suggestions: [
        `ulimit -n ${Math.ceil((perProcess + OTHER_FILES) * 1.2)}   (then again)`,
        `--processes ${Math.ceil(connections / Math.max(1, openFilesMax - OTHER_FILES))}`,
      ],
    })
  }
  const notes: string[] = []
  const neededBytes = connections * CONNECTION_BYTES
  if (neededBytes > freemem()) {
    const neededMiB = Math.ceil(neededBytes / 2 ** 20)
    notes.push(`${connections} connections need about ${neededMiB} MiB here, `
      + `${Math.floor(freemem() / 2 ** 20)} MiB are free`)
  }
  return {environment, localAddresses: await sourceAddresses(connections, targets), notes}
}

async function sourceAddresses(
  connections: number,
  targets: readonly AttackTarget[],
): Promise<readonly string[]> {
  const ports = await ephemeralPorts()
  const perTarget = Math.ceil(connections / Math.max(1, targets.length))
  if (ports === undefined || perTarget <= ports * PORTS_SHARE) return []
  const isLoopback = targets.every(({clientUrl}) => new URL(clientUrl).hostname.startsWith('127.'))
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
