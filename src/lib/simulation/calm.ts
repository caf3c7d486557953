/** What must hold once everything has healed: looked at after a while of calm. */
import {VIEW_MAX} from '../mesh/lease-keeping.js'
import type {SimMesh} from './sim-mesh.js'
import {check, violate} from './violation.js'
import type {Message} from './message.js'

/** One master, every living node its follower, and nobody in between. */
export function isSettled(mesh: SimMesh): boolean {
  const [master, another] = mesh.masters
  if (!master || another) return false
  const {standing} = master.core
  return (
    standing.state === 'mastering' &&
    mesh.living.every((process) => {
      if (process.state !== 'running') return false
      if (process === master) return true
      const other = process.core.standing
      return (
        other.state === 'following' && other.master === master.id && other.term === standing.term
      )
    })
  )
}

/** Whatever was accepted is delivered everywhere and answered. */
export function isQuiet(mesh: SimMesh): boolean {
  const seqs = new Set<number | undefined>()
  for (const process of mesh.living) {
    const record = mesh.recordOf(process)
    if (process.core.stats().outboxMessages > 0 || record.waiting.size > 0) return false
    seqs.add(record.cursor?.seq)
  }
  return seqs.size === 1
}

export function describeStandings(mesh: SimMesh): string {
  return mesh.hosts
    .map((host) => {
      const process = mesh.processAt(host)
      if (!process) return `h${host.index + 1} empty`
      return `${process.id} ${process.state} ${JSON.stringify(process.core.standing)}`
    })
    .join('; ')
}

/** Messages published in calm: answered at once, by all. */
export function checkCalmReceipts(mesh: SimMesh, messages: readonly Message[]): void {
  for (const message of messages) {
    const {receipt} = message
    if (receipt?.type !== 'stable') {
      violate('calmReceipts', `${message.key} of ${message.origin}: ${JSON.stringify(receipt)}`)
    }
    check(receipt.missing.length === 0, 'calmReceipts', () => {
      return `${message.key}: missing ${receipt.missing.join(', ')}`
    })
    const seq = receipt.position?.seq ?? 0
    const entry = mesh.invariants.ledger.find(receipt.position?.epoch ?? '', seq)
    for (const process of mesh.living) {
      const connections = entry?.deliveredBy.get(process.id)
      const named = receipt.byNode.find(({node}) => node === process.id)
      check((named?.connections ?? 0) === connections, 'calmReceipts', () => {
        return `${message.key}: ${process.id} reached ${connections}, named ${named?.connections}`
      })
    }
  }
}

export function checkNothingLost(mesh: SimMesh): void {
  const {ledger} = mesh.invariants
  for (const message of mesh.messages) {
    const {id} = message
    if (id === undefined || ledger.has(id)) continue
    const record = mesh.invariants.record({id: message.origin})
    const {drainAskedMs, drainedMs} = record
    const hasDrainedInTime =
      drainedMs !== undefined && drainedMs - (drainAskedMs ?? 0) < mesh.config.drainMs - 100
    check(!hasDrainedInTime, 'drainEnds', () => {
      return `${id} (${message.key}) of ${message.origin}, which drained, was never delivered`
    })
    check(!record.process.isAlive, 'nothingLost', () => {
      return `${id} (${message.key}) of ${message.origin} was never delivered`
    })
  }
}

export function checkHealed(mesh: SimMesh): void {
  const {ledger} = mesh.invariants
  const epoch = mesh.masters[0]?.core.stats().epoch ?? ''
  const last = ledger.lastSeq(epoch)
  const alive = mesh.living.map(({id}) => id).toSorted()
  for (const process of mesh.living) {
    const {cursor, links} = mesh.recordOf(process)
    const stats = process.core.stats()
    check(cursor?.epoch === epoch && cursor.seq === last, 'everywhere', () => {
      return `${process.id} is at ${cursor?.epoch} ${cursor?.seq}, others at ${epoch} ${last}`
    })
    check(stats.outboxMessages === 0, 'outboxEmpties', () => {
      return `${process.id} keeps ${stats.outboxMessages} messages`
    })
    check(stats.historyBytes <= mesh.config.historyBytes, 'limits', () => {
      return `${process.id} keeps ${stats.historyBytes} bytes of what everybody has`
    })
    const isMaster = process.core.standing.state === 'mastering'
    check(links.count === (isMaster ? alive.length - 1 : 1), 'oneLink', () => {
      return `${process.id} has ${links.count} links of ${alive.length} nodes`
    })
    check(process.links.size === links.count, 'oneLink', () => {
      return `${process.id} knows ${links.count} links, there are ${process.links.size}`
    })
  }
  const view = (mesh.store.lease?.view ?? []).map(({id}) => id)
  const isViewFull = view.length === Math.min(alive.length, VIEW_MAX)
  const isViewAlive = view.every((id) => alive.includes(id))
  check(isViewFull && isViewAlive, 'viewHeals', () => `view ${view.join()} of ${alive.join()}`)
  const pool = mesh.store.members.map(({id}) => id).toSorted()
  check(alive.every((id) => pool.includes(id)), 'poolHeals', () => {
    return `pool ${pool.join()}, alive ${alive.join()}`
  })
}
