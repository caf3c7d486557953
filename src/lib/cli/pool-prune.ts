import type {MeshAccess} from '../operator/mesh-access.js'
import {type SurveyedNode, surveyPool} from '../operator/pool-survey.js'
import {nodeId} from '../util/brand.js'
import {WsmeshError} from '../util/errors.js'
import {ask} from './ask.js'
import {plural} from './plural.js'

/** What `pool prune --json` prints; an API. */
export interface PruneJson {
  /** Ids of the rows removed; with --dry-run those that would be. */
  readonly removed: readonly string[]
  readonly kept: readonly string[]
  readonly dryRun: boolean
}

export interface PruneOptions {
  readonly isDryRun: boolean
  /** Asked with the plan before anything is removed. */
  confirm(plan: readonly string[]): Promise<boolean>
}

/** Removes the rows of nodes that do not answer a probe. Rejects as the store does. */
export async function prunePool(access: MeshAccess, options: PruneOptions): Promise<PruneJson> {
  await assertOperator(access)
  const store = await access.store()
  const {nodes} = await surveyPool(access, {remembers: false})
  const silent = nodes.filter(({stats}) => stats === undefined)
  const kept = ids(nodes.filter(({stats}) => stats !== undefined))
  if (silent.length === 0) return {removed: [], kept, dryRun: options.isDryRun}
  const isAgreed = await options.confirm(planOf(silent, kept.length))
  if (!isAgreed || options.isDryRun) {
    return {removed: options.isDryRun ? ids(silent) : [], kept, dryRun: options.isDryRun}
  }
  for (const {id} of silent) await store.remove(nodeId(id))
  return {removed: ids(silent), kept, dryRun: false}
}

/** The store asks nobody for rights of the mesh; whoever has its password has it all. */
async function assertOperator(access: MeshAccess): Promise<void> {
  const {rights, source} = await access.secret()
  if (rights === 'operator') return
  throw new WsmeshError('NOT_ALLOWED', `${source} is a viewer's secret: it prunes nothing`, {
    suggestions: ["--secret-file FILE   (the mesh's own secret)"],
  })
}

function ids(nodes: readonly SurveyedNode[]): readonly string[] {
  return nodes.map(({id}) => id)
}

function planOf(silent: readonly SurveyedNode[], keptCount: number): string[] {
  const rows = silent.map(({id, url, state, why}) => `  ${id}  ${url}  ${state}: ${why}`)
  const none = keptCount === 0 ? ['No node answers at all: can this machine reach them?'] : []
  return [`${plural(silent.length, 'row')} to remove:`, ...rows, ...none]
}

/** What happened, with what to do next. */
export function describePruned({removed, kept, dryRun}: PruneJson): string {
  if (removed.length === 0) {
    return kept.length === 0
      ? 'nothing removed'
      : `nothing removed: ${plural(kept.length, 'node')} answered`
  }
  if (dryRun) return `would remove ${removed.join(', ')}. Next: wsmesh pool prune --yes`
  return `removed ${removed.join(', ')}. Next: wsmesh pool list`
}

/** Throws USAGE where nobody is there to answer. */
export function assertCanConfirm(): void {
  if (process.stdin.isTTY && process.stderr.isTTY) return
  throw new WsmeshError('USAGE', 'Nobody is here to confirm: this is no terminal', {
    suggestions: ['wsmesh pool prune --dry-run', 'wsmesh pool prune --yes'],
  })
}

export async function confirmRemoval(plan: readonly string[]): Promise<boolean> {
  process.stderr.write(`${plan.join('\n')}\n`)
  return /^y(es)?$/i.test((await ask('Remove them? [y/N] ')) ?? '')
}
