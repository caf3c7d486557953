/** `wsmesh drill`: one drill or all, one after the other. */
import {join} from 'node:path'
import {parsePoolUrl} from '../pool/pool-url.js'
import {redactUrl} from '../sql/redact-url.js'
import {MariadbProcess} from '../process/mariadb-process.js'
import {WsmeshError} from '../util/errors.js'
import type {Drill} from './drill.js'
import {drillsNamed} from './drills.js'
import {removeLeftovers} from './leftovers.js'
import type {LeftTables} from './leftovers.js'
import {removeLeftNetworks} from './network/open-network.js'
import type {DrillOptions} from './options.js'
import {renderDetails, renderVerdict} from './report.js'
import type {Colours, RenderTable} from './report.js'
import {runDrill, skipped} from './run-drill.js'
import type {DrillResult} from './run-drill.js'
import {dropLeftTables} from './store/mysql-store.js'

export interface DrillsOptions extends Omit<DrillOptions, 'binFile'> {
  readonly packageRoot: string
  readonly print: (text: string) => void
  readonly colours: Colours
  readonly renderTable: RenderTable
}

export interface DrillsResult {
  readonly verdict: 'pass' | 'fail' | 'interrupted'
  readonly drills: readonly DrillResult[]
}

/** Ends early, with all cleaned up, when the signal says so. */
export async function runDrills(name: string, options: DrillsOptions): Promise<DrillsResult> {
  const binFile = join(options.packageRoot, 'bin', 'run.js')
  const drills: DrillResult[] = []
  await removeLeftovers((tables) => dropTables(tables, options.pool))
  await removeLeftNetworks()
  for (const drill of drillsNamed(name)) {
    const misfit = misfitOf(drill, options)
    if (misfit !== undefined) {
      drills.push(skipped(drill, misfit))
      options.print(renderVerdict(skipped(drill, misfit), options.colours))
      continue
    }
    const missing = drill.store === 'own-mariadb' ? MariadbProcess.missing() : []
    if (missing.length > 0 && name !== 'all') throw isMissing(drill, missing)
    try {
      const result = missing.length > 0
        ? skipped(drill, `no ${missing.join(' and ')} on this machine`)
        : await runDrill(drill, {...options, binFile})
      drills.push(result)
      options.print(renderVerdict(result, options.colours))
      for (const line of renderDetails(result, options.renderTable)) options.print(line)
    } catch (error) {
      if (options.signal.aborted) return {verdict: 'interrupted', drills}
      throw error
    }
  }
  const isBroken = drills.some(({verdict}) => verdict === 'fail')
  return {verdict: isBroken ? 'fail' : 'pass', drills}
}

/** Why a drill makes no sense with that relay. */
function misfitOf(drill: Drill, {relay}: Pick<DrillOptions, 'relay'>): string | undefined {
  if (relay === 'nats' && drill.needsCuts) return 'nodes have no links to cut, with --relay nats'
  const isOther = relay !== 'auto' && drill.relay !== undefined && drill.relay !== relay
  return isOther ? `it is one of --relay ${drill.relay}` : undefined
}

function isMissing(drill: Drill, programs: readonly string[]): WsmeshError {
  return new WsmeshError(
    'NODE_FAILED', `${drill.name} needs a MariaDB of its own: no ${programs.join(' and ')} here`,
    {suggestions: ['apt-get install mariadb-server']},
  )
}

/** What a killed drill left in the database that this one is given. */
async function dropTables({pool, prefix}: LeftTables, url: string | undefined): Promise<boolean> {
  if (url === undefined || redactUrl(url) !== pool) return false
  const address = parsePoolUrl(url, '/')
  if (address.type === 'mysql') await dropLeftTables(address, prefix)
  return true
}
