import {availableParallelism} from 'node:os'
import {Flags} from '@oclif/core'

import {HANG_FILES, type HangFile} from '../process/hang-file.js'
import {WsmeshError} from '../util/errors.js'
import {durationFlag} from './flags.js'

const WORKERS_MAX = 64
const RSS_BYTES_MIN = 128 * 1024 * 1024
const UNITS: Readonly<Record<string, number>> = {M: 1024 ** 2, G: 1024 ** 3}

/** "512M", "2G": bytes. Throws USAGE. */
export function rssBytesOf(text: string): number {
  const [, amount, unit = ''] = /^(\d{1,6})([MG])(?:i?B)?$/.exec(text) ?? []
  const bytes = Number(amount) * (UNITS[unit] ?? Number.NaN)
  if (bytes >= RSS_BYTES_MIN) return bytes
  const why = Number.isNaN(bytes) ? 'is no size' : 'is less than a node needs, 128M'
  throw new WsmeshError('USAGE', `--max-rss ${JSON.stringify(text)} ${why}`, {
    suggestions: ['--max-rss 512M', '--max-rss 2G'],
  })
}

/** "auto": one for each processor. Throws USAGE. */
export function workersOf(text: string): number {
  if (text === 'auto') return Math.min(availableParallelism(), WORKERS_MAX)
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0
  if (count >= 1 && count <= WORKERS_MAX) return count
  throw new WsmeshError('USAGE',
    `--workers ${JSON.stringify(text)}: 1 to ${WORKERS_MAX} nodes, or auto`,
    {suggestions: ['--workers auto   (one for each processor)', '--workers 4']})
}

/** "report,cpu", or "nothing". Throws USAGE. */
export function onHangOf(text: string): ReadonlySet<HangFile> {
  if (text === 'nothing') return new Set()
  const names = text.split(',')
  const found = names.map((name) => HANG_FILES.find((each) => each === name))
  const wrong = names.find((_, index) => found[index] === undefined)
  if (wrong === undefined) return new Set(found.filter((each) => each !== undefined))
  throw new WsmeshError('USAGE', `--on-hang knows no ${JSON.stringify(wrong)}`, {
    suggestions: [`--on-hang ${HANG_FILES.join(',')}   (or some of them)`, '--on-hang nothing'],
  })
}

export function superviseFlags() {
  const helpGroup = 'SUPERVISION'
  return {
    supervise: Flags.boolean({
      env: 'WSMESH_SUPERVISE', default: false, helpGroup,
      summary: 'keep the node: start it again when it crashes, replace it when it hangs',
    }),
    workers: Flags.string({
      env: 'WSMESH_WORKERS', helpGroup, helpValue: 'N|auto',
      summary: 'so many nodes behind the one port; needs --supervise',
    }),
    'max-rss': Flags.string({
      env: 'WSMESH_MAX_RSS', helpGroup, helpValue: 'SIZE',
      summary: 'replace a node that takes more memory (512M, 2G); needs --supervise',
    }),
    'probe-interval': durationFlag({
      env: 'WSMESH_PROBE_INTERVAL', default: 10_000, minMs: 1000, maxMs: 600_000, helpGroup,
      summary: 'how often nodes are probed by a test connection',
    }),
    'on-hang': Flags.string({
      env: 'WSMESH_ON_HANG', default: 'report', helpGroup, helpValue: 'FILES',
      summary: 'what is kept of a node that hangs: report, cpu, heap or nothing',
    }),
  }
}

export interface SuperviseFlagValues {
  readonly supervise: boolean
  readonly workers?: string | undefined
  readonly 'max-rss'?: string | undefined
  readonly 'probe-interval': number
  readonly 'on-hang': string
}

/** Undefined: no supervision. Throws USAGE for what does not fit. */
export function superviseOptionsOf(flags: SuperviseFlagValues) {
  const {supervise, workers, 'max-rss': rss, 'probe-interval': probeMs, 'on-hang': hang} = flags
  if (!supervise) {
    const lonely = workers === undefined ? rss && '--max-rss' : '--workers'
    if (lonely === undefined) return undefined
    throw new WsmeshError('USAGE', `${lonely} needs --supervise`, {
      suggestions: [`wsmesh serve --supervise ${lonely} …`],
    })
  }
  return {
    workers: workers === undefined ? 1 : workersOf(workers),
    rssBytesMax: rss === undefined ? undefined : rssBytesOf(rss),
    probeMs,
    onHang: onHangOf(hang),
  }
}
