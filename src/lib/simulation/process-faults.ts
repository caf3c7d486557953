/** Faults of processes and machines: killed, without power, stopped, drained, evicted. */
import type {ActiveFault, BeginFault, FaultKind} from './fault.js'
import {pickMaster, pickProcess} from './fault.js'
import type {SimMesh} from './sim-mesh.js'
import type {SimRandom} from './sim-random.js'
import type {SimProcess} from './sim-process.js'

/** Fewer would leave nobody to test; of two nodes one must do. */
const RUNNING_MIN = 2

function hasSpare(mesh: SimMesh): boolean {
  return mesh.running.length > Math.min(RUNNING_MIN, mesh.hosts.length - 1)
}

function lose(
  mesh: SimMesh, process: SimProcess | undefined, how: 'killed' | 'powerless',
): ActiveFault | undefined {
  if (!process || !hasSpare(mesh) || !mesh.mayLose(process, how)) return undefined
  mesh.kill(process, how)
  return {
    what: `${process.id} ${how}`,
    end: () => {
      if (!mesh.processAt(process.host)) mesh.start(process.host, 'supervisor')
    },
  }
}

function stop(mesh: SimMesh, process: SimProcess | undefined): ActiveFault | undefined {
  if (!process || !hasSpare(mesh)) return undefined
  mesh.pause(process)
  return {what: `${process.id} stopped`, end: () => mesh.continue(process)}
}

/** Those of them that may go; undefined when none may. */
function drainAll(
  mesh: SimMesh, processes: readonly (SimProcess | undefined)[],
): ActiveFault | undefined {
  const drained: SimProcess[] = []
  for (const process of processes) {
    if (!process || mesh.recordOf(process).drainAskedMs !== undefined) continue
    if (!hasSpare(mesh) || !mesh.mayLose(process, 'killed')) continue
    mesh.drain(process)
    drained.push(process)
  }
  if (drained.length === 0) return undefined
  return {
    what: `${drained.map(({id}) => id).join(' ')} drains`,
    end: () => {
      for (const process of drained) endDrain(mesh, process)
    },
  }
}

/** Ctrl-C twice: what has not drained by now ends at once, where that loses nothing. */
function endDrain(mesh: SimMesh, process: SimProcess): void {
  if (process.isAlive) {
    if (!mesh.mayLose(process, 'killed')) return
    mesh.kill(process, 'killed')
  }
  if (!mesh.processAt(process.host)) mesh.start(process.host)
}

/** In the middle of a hand-over, a good-bye, a change of the view. */
function killSoon(
  mesh: SimMesh, random: SimRandom, isMeant: (process: SimProcess) => boolean,
): void {
  const meant = random.shuffled(mesh.running).find(isMeant)
  if (!meant) return
  const {host} = meant
  mesh.scheduler.after(100 * random.next() ** 2, () => {
    if (!meant.isAlive || !mesh.mayLose(meant, 'killed')) return
    mesh.kill(meant, 'killed')
    // Its supervisor starts another.
    mesh.scheduler.after(random.between(200, 4000), () => {
      if (!mesh.processAt(host)) mesh.start(host, 'supervisor')
    })
  })
}

export const processFaults = {
  kill: (mesh, random) => lose(mesh, pickProcess(mesh, random), 'killed'),
  'kill-master': (mesh) => lose(mesh, pickMaster(mesh), 'killed'),
  'power-loss': (mesh, random) => lose(mesh, pickProcess(mesh, random), 'powerless'),
  pause: (mesh, random) => stop(mesh, pickProcess(mesh, random)),
  'pause-master': (mesh) => stop(mesh, pickMaster(mesh)),
  stall: (mesh, random) => stop(mesh, pickProcess(mesh, random)),
  drain: (mesh, random) => drainAll(mesh, [pickProcess(mesh, random)]),
  'drain-several': (mesh, random) => drainAll(mesh, random.shuffled(mesh.running).slice(0, 3)),
  'drain-then-kill': (mesh, random) => {
    const drain = drainAll(mesh, [pickProcess(mesh, random)])
    const isStaying = (process: SimProcess): boolean =>
      mesh.recordOf(process).drainAskedMs === undefined
    if (drain) killSoon(mesh, random, isStaying)
    return drain
  },
  'kill-while-draining': (mesh, random) => {
    const process = pickProcess(mesh, random)
    const drain = drainAll(mesh, [process])
    if (drain) killSoon(mesh, random, (other) => other === process)
    return drain
  },
  'drain-in-outage': (mesh, random) => {
    const drain = drainAll(mesh, [pickProcess(mesh, random)])
    if (!drain) return undefined
    mesh.store.setDown(true)
    return {
      what: `store down, ${drain.what}`,
      end: () => {
        mesh.store.setDown(false)
        drain.end()
      },
    }
  },
  evict: (mesh, random) => {
    const process = pickProcess(mesh, random)
    if (!process) return undefined
    mesh.store.evict(process.id)
    return {what: `${process.id} evicted`, end: () => {}}
  },
  'late-node': (mesh, random) => {
    const free = mesh.hosts.filter((host) => !host.process && host.hasPower)
    const host = random.pick(free)
    if (!host) return undefined
    const process = mesh.start(host)
    return {what: `${process.id} joins late`, end: () => {}}
  },
} satisfies Partial<Record<FaultKind, BeginFault>>
