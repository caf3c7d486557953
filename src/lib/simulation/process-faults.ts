/** Faults of processes and machines: killed, without power, stopped, drained, evicted. */
import type {ActiveFault, BeginFault, FaultKind} from './fault.js'
import {pickMaster, pickProcess} from './fault.js'
import type {SimMesh} from './sim-mesh.js'
import type {SimProcess} from './sim-process.js'

/** Fewer would leave nobody to test. */
const RUNNING_MIN = 2

function hasSpare(mesh: SimMesh): boolean {
  return mesh.running.length > RUNNING_MIN
}

function lose(
  mesh: SimMesh, process: SimProcess | undefined, how: 'killed' | 'powerless',
): ActiveFault | undefined {
  if (!process || !hasSpare(mesh) || !mesh.mayLose(process, how)) return undefined
  mesh.kill(process, how)
  return {
    what: `${process.id} ${how}`,
    end: () => {
      if (!mesh.processAt(process.host)) mesh.start(process.host)
    },
  }
}

function stop(mesh: SimMesh, process: SimProcess | undefined): ActiveFault | undefined {
  if (!process || !hasSpare(mesh)) return undefined
  mesh.pause(process)
  return {what: `${process.id} stopped`, end: () => mesh.continue(process)}
}

export const processFaults = {
  kill: (mesh, random) => lose(mesh, pickProcess(mesh, random), 'killed'),
  'kill-master': (mesh) => lose(mesh, pickMaster(mesh), 'killed'),
  'power-loss': (mesh, random) => lose(mesh, pickProcess(mesh, random), 'powerless'),
  pause: (mesh, random) => stop(mesh, pickProcess(mesh, random)),
  'pause-master': (mesh) => stop(mesh, pickMaster(mesh)),
  stall: (mesh, random) => stop(mesh, pickProcess(mesh, random)),
  drain: (mesh, random) => {
    const process = pickProcess(mesh, random)
    if (!process || !hasSpare(mesh) || mesh.recordOf(process).drainAskedMs !== undefined) {
      return undefined
    }
    if (!mesh.mayLose(process, 'killed')) return undefined
    mesh.drain(process)
    return {
      what: `${process.id} drains`,
      end: () => {
        // Ctrl-C twice: what has not drained by now ends at once, where that loses nothing.
        if (process.isAlive) {
          if (!mesh.mayLose(process, 'killed')) return
          mesh.kill(process, 'killed')
        }
        if (!mesh.processAt(process.host)) mesh.start(process.host)
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
