/**
 * What the master does with the lease row: renews it, rewrites one that was wiped, changes the
 * view, releases it at the end. All are compare-and-set on the row as last known.
 */
import type {NodeAddress} from '../protocol/node-frame.js'
import type {Lease} from './membership.js'
import {isAtLeastHalf, isInView, isMarkHeld, isSameView, type View} from './quorum.js'
import {isAnswered} from './mastering.js'
import {isLeaseMissing} from './pool-watch.js'
import type {Mastering, PendingView} from './role.js'
import {becomeSeeking} from './transition.js'
import {
  addressOf, closeLink, count, isStoreFree, log, selfAddress, send, swapLease, type MeshState,
} from './state.js'

/** More copies do not make a message safer than this, only slower. */
export const VIEW_MAX = 7

/** After a read: is the row still ours? */
export function checkRow(state: MeshState, role: Mastering, lease: Lease | undefined): void {
  const isOurs = lease?.term === role.term && lease.holder === state.self.id
    && lease.epoch === role.epoch
  if (lease && isOurs) {
    adoptRow(state, role, lease)
    return
  }
  if (!lease && isLeaseMissing(state) && !isAnswered(state, role)) {
    // Its view is dead and the row that could say so is gone: the mesh begins anew.
    becomeSeeking(state, 'the row is missing, and nobody acknowledges')
    return
  }
  if (!lease || lease.term < role.term) {
    rewrite(state, role, lease)
    return
  }
  becomeSeeking(state, 'the lease is held by another')
}

/** Takes over what the row says; a view written whose answer was lost is decided here. */
function adoptRow(state: MeshState, role: Mastering, lease: Lease): void {
  role.stamp = {epoch: lease.epoch, term: lease.term, version: lease.version}
  const {pending} = role
  if (pending?.writtenOver === undefined) return
  if (isSameView(lease.view, pending.view)) confirmView(state, role)
  else if (lease.version > pending.writtenOver) pending.writtenOver = undefined
  // It may still be on its way: the same again, over the same version, decides which.
  else writeView(state, role, pending)
}

/**
 * The store was wiped or set back: its holder puts the row right, and the view can wait. A master
 * that nobody acknowledges may have been replaced without knowing: its row would be a lower one.
 */
function rewrite(state: MeshState, role: Mastering, row: Lease | undefined): void {
  if (!isAnswered(state, role)) return
  log(state, 'warn', 'lease row rewritten', {term: role.term, found: row?.term})
  const next: Lease = {
    epoch: role.epoch, term: role.term, view: role.view,
    version: Math.max(row?.version ?? 0, role.stamp.version) + 1, holder: state.self.id,
  }
  role.viewFrozenUntil = state.now + 2 * state.config.heartbeatMs
  swapLease(state, 'rewrite', row, next)
}

/**
 * Renews once a heartbeat, after the read that showed the row. Not without a majority: then others
 * shall take over (b), and this master could commit nothing anyway.
 */
export function renew(state: MeshState, role: Mastering): void {
  const {now, config} = state
  if (!isStoreFree(state) || now - role.majorityAt >= config.silenceMs) return
  swapLease(state, 'renew', role.stamp, {
    ...role.stamp, version: role.stamp.version + 1, holder: state.self.id, view: role.view,
  })
}

/** The answer to any write of the row. A lost one is not decided here: the next read tells. */
export function onSwapped(state: MeshState, role: Mastering, won: boolean, next: Lease): void {
  if (!won) {
    state.pool.askedAt = -Infinity
    return
  }
  role.stamp = {epoch: next.epoch, term: next.term, version: next.version}
  if (!role.pending) return
  if (isSameView(next.view, role.pending.view)) confirmView(state, role)
  // Our own later write went through with the old view: the new one can no longer arrive.
  else role.pending.writtenOver = undefined
}

function confirmView(state: MeshState, role: Mastering): void {
  if (!role.pending) return
  role.view = role.pending.view
  role.pending = undefined
  count(state, 'viewChanges')
  log(state, 'info', 'view changed', {view: role.view.map((member) => member.id).join(' ')})
}

/** Starts, drives and gives up changes of the view. */
export function progressView(state: MeshState, role: Mastering): void {
  if (!role.pending) {
    letGo(state, role)
    startChange(state, role)
  }
  const {pending} = role
  if (!pending || pending.writtenOver !== undefined || !isStoreFree(state)) return
  if (isMarkHeld(pending.view, pending.mark, (id) => heldBy(state, role, id))) {
    writeView(state, role, pending)
  } else if (!isSameView(pending.view, nextView(state, role))) {
    // Whom we wait for may be gone by now, and nothing was written: the next turn chooses anew.
    role.pending = undefined
  }
}

function writeView(state: MeshState, role: Mastering, pending: PendingView): void {
  pending.writtenOver = role.stamp.version
  swapLease(state, 'view', role.stamp, {
    ...role.stamp, version: role.stamp.version + 1, holder: state.self.id, view: pending.view,
  })
}

/** Members outside of the view that leave, or that nobody waits for any more. */
function letGo(state: MeshState, role: Mastering): void {
  for (const [id, member] of role.members) {
    if (!member.isLeaving && (member.isWaitedFor || member.link !== undefined)) continue
    if (isInView(role.view, id)) continue
    if (member.link !== undefined && member.isLeaving) {
      send(state, member.link, {type: 'leave', term: role.term})
    }
    closeLink(state, member.link, 'left')
    closeLink(state, member.probe, 'left')
    if (member.isLeaving) state.pool.beats.delete(id)
    role.members.delete(id)
  }
}

function startChange(state: MeshState, role: Mastering): void {
  if (state.now < role.viewFrozenUntil) return
  const next = nextView(state, role)
  if (isSameView(next, role.view)) return
  role.pending = {view: next, mark: state.log.last.seq, writtenOver: undefined}
}

/**
 * The view as it should be: without those that left, are proved gone, or are given up while at
 * least half remains; with linked followers that hold everything stable.
 */
export function nextView(state: MeshState, role: Mastering): View {
  if (isViewRight(state, role)) return role.view
  const isLost = (id: NodeAddress['id']): boolean => {
    if (id === state.self.id) return false
    const member = role.members.get(id)
    return !member || (member.link === undefined && !member.isWaitedFor)
  }
  const isOut = (id: NodeAddress['id']): boolean =>
    role.gone.has(id) || role.members.get(id)?.isLeaving === true
  let kept = role.view.filter((member) => !isOut(member.id))
  const present = kept.filter((member) => !isLost(member.id))
  const isHalfLeft = isAtLeastHalf(role.view, (id) => isInView(present, id))
  if (isHalfLeft || present.length === kept.length) kept = present
  const added: NodeAddress[] = []
  if (!isInView(kept, state.self.id)) added.push(selfAddress(state))
  for (const [id, member] of role.members) {
    if (kept.length + added.length >= VIEW_MAX) break
    if (isInView(kept, id) || member.isLeaving || member.link === undefined) continue
    if (member.held < Math.max(state.stable, 1)) continue
    const address = member.address.url ? member.address : addressOf(state, id)
    if (address) added.push(address)
  }
  return [...kept, ...added]
}

/** Nearly always: full, with this node in it, and nobody of it lost. */
function isViewRight({self}: MeshState, {view, members, gone}: Mastering): boolean {
  if (view.length < VIEW_MAX && members.size >= view.length) return false
  let hasSelf = false
  for (const {id} of view) {
    if (gone.has(id)) return false
    if (id === self.id) {
      hasSelf = true
      continue
    }
    const member = members.get(id)
    if (!member || member.isLeaving) return false
    if (member.link === undefined && !member.isWaitedFor) return false
  }
  return hasSelf
}

/** A mesh that ends in order leaves no holder and no copies: the next start need not wait. */
export function release(state: MeshState, role: Mastering): void {
  swapLease(state, 'release', role.stamp, {
    ...role.stamp, version: role.stamp.version + 1, holder: undefined, view: [],
  })
}

function heldBy(state: MeshState, role: Mastering, id: NodeAddress['id']): number {
  return id === state.self.id ? state.log.last.seq : (role.members.get(id)?.held ?? 0)
}
