/** The end of `wsmesh reload` for people: what happened, and what to do next. Pure. */
import type {ReloadedSupervisor, ReloadJson} from './reload-all.js'

export function describeReload({supervisors}: ReloadJson): string {
  const count = supervisors.reduce((sum, {replaced}) => sum + replaced.length, 0)
  const done = `${count} ${count === 1 ? 'node' : 'nodes'} replaced`
  const failed = supervisors.find(({outcome}) => outcome === 'failed')
  if (failed === undefined) return `${done}. Next: wsmesh pool list`
  const skipped = supervisors.filter(({outcome}) => outcome === 'skipped')
  const others = skipped.length === 0 ? '' : `; not asked: ${skipped.map(nameOf).join(', ')}`
  return [
    `${done}, then given up${others}`,
    `  ${failed.why ?? 'for a reason that its log names'}`,
    '  All other nodes go on as they were. Put that right, then: wsmesh reload',
  ].join('\n')
}

function nameOf({pid}: ReloadedSupervisor): string {
  return `supervisor ${pid}`
}
