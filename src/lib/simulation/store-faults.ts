/** Faults of the store: away, flaky, slow, emptied. */
import type {BeginFault, FaultKind} from './fault.js'
import type {SimMesh} from './sim-mesh.js'

/**
 * An emptied lease row is written again by its holder, as long as there is one that lives, is
 * master and will stay so. Without one the mesh starts a new epoch and gives up what was not
 * delivered (design section 7): so only runs that allow a loss do that.
 */
function hasSteadyMaster(mesh: SimMesh): boolean {
  if (mesh.isLossAllowed) return true
  const {lease} = mesh.store
  const {masters} = mesh
  return (
    masters.length === 1 &&
    masters[0]?.state === 'running' &&
    masters[0].id === lease?.holder &&
    mesh.running.length === mesh.living.length
  )
}

export const storeFaults = {
  'store-outage': (mesh) => {
    mesh.store.setDown(true)
    return {what: 'store down', end: () => mesh.store.setDown(false)}
  },
  'store-flaky': (mesh) => {
    mesh.store.setFlaky(true)
    return {what: 'store flaky', end: () => mesh.store.setFlaky(false)}
  },
  'store-slow': (mesh) => {
    mesh.store.setSlow(true)
    return {what: 'store slow', end: () => mesh.store.setSlow(false)}
  },
  'wipe-members': (mesh) => {
    mesh.store.wipeMembers()
    return {what: 'members wiped', end: () => {}}
  },
  'wipe-all': (mesh) => {
    if (!hasSteadyMaster(mesh)) return undefined
    mesh.store.wipeAll()
    return {what: 'store wiped', end: () => {}}
  },
  'store-restart-empty': (mesh) => {
    if (!hasSteadyMaster(mesh)) return undefined
    mesh.store.setDown(true)
    return {
      what: 'store down, then empty',
      end: () => {
        mesh.store.wipeAll()
        mesh.store.setDown(false)
      },
    }
  },
} satisfies Partial<Record<FaultKind, BeginFault>>
