/** Which network a drill gets. */
import {delimiter, join} from 'node:path'
import {accessSync, constants} from 'node:fs'
import {WsmeshError} from '../../util/errors.js'
import type {NetworkChoice} from '../drill-names.js'
import type {DrillNetwork} from './drill-network.js'
import {LOOPBACK_NETWORK} from './loopback-network.js'
import {removeLeftoverNamespaces} from './namespace-names.js'
import {NamespaceNetwork} from './namespace-network.js'
import {ProxyNetwork} from './proxy-network.js'


export interface NetworkOptions {
  readonly needsCuts: boolean
  readonly choice: NetworkChoice
  /** Names of the nodes' places. */
  readonly places: readonly string[]
  /** Why there are proxies where namespaces would be better. */
  readonly report: (line: string) => void
}

/** Rejects with NODE_FAILED when namespaces are asked for and cannot be made. */
export async function openNetwork(options: NetworkOptions): Promise<DrillNetwork> {
  const {needsCuts, choice, places, report} = options
  if (!needsCuts) return LOOPBACK_NETWORK
  if (choice === 'proxies') return new ProxyNetwork()
  const missing = whatIsMissing()
  if (missing !== undefined) {
    if (choice === 'namespaces') throw cannot(missing)
    report(`  links are cut by proxies: ${missing}`)
    return new ProxyNetwork()
  }
  try {
    return await NamespaceNetwork.open(places)
  } catch (error) {
    if (!(error instanceof WsmeshError)) throw error
    if (choice === 'namespaces') throw cannot(error.message, error)
    report(`  links are cut by proxies: ${error.message}`)
    return new ProxyNetwork()
  }
}

/** What drills left that were killed. Only where they could be made. */
export async function removeLeftNetworks(): Promise<void> {
  if (whatIsMissing() === undefined) await removeLeftoverNamespaces()
}

function whatIsMissing(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are Linux'
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.some((folder) => isProgram(join(folder, 'ip'))) ? undefined : 'no program ip'
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function cannot(why: string, cause?: WsmeshError): WsmeshError {
  return new WsmeshError('NODE_FAILED', `No network namespaces can be made: ${why}`, {
    cause,
    suggestions: ['sudo wsmesh drill NAME', 'apt-get install iproute2', '--network proxies'],
  })
}
