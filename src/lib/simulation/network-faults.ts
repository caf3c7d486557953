/** Faults of the network: cut, one way, in groups; lossy, slow, reset. */
import {
  bothWays,
  cutWays,
  pickMaster,
  pickProcess,
  type BeginFault,
  type FaultKind,
} from './fault.js'
import type {SimMesh} from './sim-mesh.js'
import type {Host} from './sim-network.js'
import type {SimRandom} from './sim-random.js'

function twoHosts(mesh: SimMesh, random: SimRandom): [Host, Host] | undefined {
  const first = pickProcess(mesh, random)?.host
  const second = random.pick(mesh.hosts.filter((host) => host !== first))
  return first && second && [first, second]
}

export const networkFaults = {
  'cut-pair': (mesh, random) => {
    const pair = twoHosts(mesh, random)
    if (!pair) return undefined
    const end = cutWays(mesh, bothWays(pair[0], [pair[1]]))
    return {what: `h${pair[0].index + 1} - h${pair[1].index + 1} cut`, end}
  },
  'cut-one-way': (mesh, random) => {
    const pair = twoHosts(mesh, random)
    if (!pair) return undefined
    const end = cutWays(mesh, [pair])
    return {what: `h${pair[0].index + 1} > h${pair[1].index + 1} cut`, end}
  },
  'cut-from-master': (mesh, random) => {
    const master = pickMaster(mesh)
    const other = random.pick(mesh.running.filter((process) => process !== master))
    if (!master || !other) return undefined
    const end = cutWays(mesh, bothWays(master.host, [other.host]))
    return {what: `${other.id} cut from its master`, end}
  },
  partition: (mesh, random) => {
    const hosts = random.shuffled(mesh.hosts)
    const size = random.chance(0.5)
      ? Math.floor(hosts.length / 2)
      : random.integer(1, hosts.length - 1)
    const [left, right] = [hosts.slice(0, size), hosts.slice(size)]
    const end = cutWays(mesh, left.flatMap((host) => bothWays(host, right)))
    return {what: `partition ${names(left)} | ${names(right)}`, end}
  },
  isolate: (mesh, random) => {
    const host = pickProcess(mesh, random)?.host
    if (!host) return undefined
    const end = cutWays(mesh, bothWays(host, mesh.hosts.filter((other) => other !== host)))
    return {what: `h${host.index + 1} isolated from nodes`, end}
  },
  'isolate-from-store': (mesh, random) => {
    const host = pickProcess(mesh, random)?.host
    if (!host) return undefined
    mesh.store.setReachable(host.url, false)
    return {
      what: `h${host.index + 1} isolated from the store`,
      end: () => mesh.store.setReachable(host.url, true),
    }
  },
  'isolate-wholly': (mesh, random) => {
    const host = pickProcess(mesh, random)?.host
    if (!host) return undefined
    mesh.store.setReachable(host.url, false)
    const mend = cutWays(mesh, bothWays(host, mesh.hosts.filter((other) => other !== host)))
    return {
      what: `h${host.index + 1} isolated wholly`,
      end: () => {
        mend()
        mesh.store.setReachable(host.url, true)
      },
    }
  },
  loss: (mesh, random) => {
    const chance = random.between(0.005, 0.05)
    mesh.network.setLoss(chance)
    return {what: `loss of ${(chance * 100).toFixed(1)} %`, end: () => mesh.network.setLoss(0)}
  },
  delay: (mesh, random) => {
    const pair = twoHosts(mesh, random)
    if (!pair) return undefined
    const extraMs = random.between(20, 400)
    mesh.network.setDelay(pair[0], pair[1], extraMs)
    return {
      what: `h${pair[0].index + 1} > h${pair[1].index + 1} slow by ${extraMs.toFixed(0)} ms`,
      end: () => mesh.network.setDelay(pair[0], pair[1], 0),
    }
  },
  reset: (mesh, random) => {
    const pair = twoHosts(mesh, random)
    if (!pair) return undefined
    mesh.network.reset(...pair)
    return {what: `h${pair[0].index + 1} - h${pair[1].index + 1} reset`, end: () => {}}
  },
} satisfies Partial<Record<FaultKind, BeginFault>>

function names(hosts: readonly Host[]): string {
  return hosts.map((host) => `h${host.index + 1}`).join(' ')
}
