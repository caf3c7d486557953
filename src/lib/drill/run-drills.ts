/** `wsmesh drill`: one drill or all, one after the other. */
import {join} from 'node:path'
import {drillsNamed} from './drills.js'
import type {DrillOptions} from './options.js'
import {renderDetails, renderVerdict} from './report.js'
import type {Colours, RenderTable} from './report.js'
import {runDrill} from './run-drill.js'
import type {DrillResult} from './run-drill.js'

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
  for (const drill of drillsNamed(name)) {
    try {
      const result = await runDrill(drill, {...options, binFile})
      drills.push(result)
      options.print(renderVerdict(result, options.colours))
      for (const line of renderDetails(result, options.renderTable)) options.print(line)
    } catch (error) {
      if (options.signal.aborted) return {verdict: 'interrupted', drills}
      throw error
    }
  }
  const isPass = drills.every(({verdict}) => verdict === 'pass')
  return {verdict: isPass ? 'pass' : 'fail', drills}
}
