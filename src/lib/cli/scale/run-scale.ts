/** `wsmesh simulate --relay …`: what is asked, by which costs. */
import {NODE_LIMITS} from '../../node/limits.js'
import {DEFAULT_COSTS} from '../../scale/default-costs.js'
import type {Mix, Question, RelayKind} from '../../scale/question.js'
import {readCostFile} from './cost-file.js'
import type {ScreenOptions} from '../pool-screen.js'
import {scaleCsv} from './scale-csv.js'
import {nodesAsked} from './scale-flags.js'
import {scaleScreen} from './scale-screen.js'
import {type ScaleJson, scaleJson} from './scale-view.js'

export interface ScaleFlags {
  readonly relay: RelayKind
  readonly nodes?: string | undefined
  readonly rate?: number | undefined
  readonly users?: number | undefined
  readonly tabs?: number | undefined
  readonly mix?: Mix | undefined
  readonly 'group-users'?: number | undefined
  readonly bytes?: number | undefined
  readonly visit?: number | undefined
  readonly 'max-clients'?: number | undefined
  readonly 'history-bytes'?: number | undefined
  readonly tls: boolean
  readonly memory?: number | undefined
  readonly gbit?: number | undefined
  readonly replicas?: number | undefined
  readonly slots?: number | undefined
  readonly cost?: string | undefined
}

const NODES = '1..1000'

/** What is meant where nothing is said; of nodes, what `serve` has by default. */
export const USUAL: Omit<Question, 'relay' | 'nodes'> = {
  users: 100_000,
  tabs: 1.3,
  ratePerS: 100,
  mix: {user: 1, group: 0, everyone: 0},
  groupUsers: 50,
  textBytes: 128,
  visitMs: 600_000,
  isTls: false,
  memoryBytes: 4 * 1024 ** 3,
  networkBitsPerS: 10e9,
  clientsMax: NODE_LIMITS.clientsMax.default,
  connectsPerS: NODE_LIMITS.connectsPerSecond.default,
  historyBytes: 16 * 1024 ** 2,
  historyMs: 60_000,
  slots: 65_536,
  replicas: 3,
  serverCores: 4,
}

export async function runScale(flags: ScaleFlags, version: string): Promise<ScaleJson> {
  const {relay, cost: file} = flags
  const asked = nodesAsked(flags.nodes ?? NODES)
  const costs = file === undefined ? DEFAULT_COSTS : await readCostFile(file)
  const {users, tabs, rate, mix, bytes, visit, memory, gbit, replicas, slots} = flags
  const question = {
    ...USUAL,
    relay,
    isTls: flags.tls,
    users: users ?? USUAL.users,
    tabs: tabs ?? USUAL.tabs,
    ratePerS: rate ?? USUAL.ratePerS,
    mix: mix ?? USUAL.mix,
    groupUsers: flags['group-users'] ?? USUAL.groupUsers,
    textBytes: bytes ?? USUAL.textBytes,
    visitMs: visit ?? USUAL.visitMs,
    clientsMax: flags['max-clients'] ?? USUAL.clientsMax,
    historyBytes: flags['history-bytes'] ?? USUAL.historyBytes,
    memoryBytes: memory === undefined ? USUAL.memoryBytes : memory * 1024 ** 3,
    networkBitsPerS: gbit === undefined ? USUAL.networkBitsPerS : gbit * 1e9,
    replicas: replicas ?? USUAL.replicas,
    slots: slots ?? USUAL.slots,
  }
  return scaleJson(question, asked, costs, {version, file})
}

export function scaleText(
  result: ScaleJson, {isCsv, ...screen}: ScreenOptions & {readonly isCsv: boolean},
): string {
  return (isCsv ? scaleCsv(result) : scaleScreen(result, screen)).join('\n')
}
