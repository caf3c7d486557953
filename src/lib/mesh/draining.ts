/**
 * Stopping in order: hand over, empty the outbox, leave; never longer than drainMs. And stepping
 * down: handing over alone, to follow then; never longer than STEP_DOWN_MS.
 */
import {finishLeaving, leaveMaster} from './following.js'
import {isInView} from './quorum.js'
import {release} from './lease-keeping.js'
import type {Mastering, MasterMember} from './role.js'
import {count, isStoreFree, log, send, type MeshState} from './state.js'
import {unreachable} from '../util/assert.js'

/** How long a hand-over may take before the master goes on and tries again. */
const HANDOVER_MS = 500
/** Who steps down orders nothing meanwhile: after some tries it goes on as master. */
const STEP_DOWN_MS = 2000

export function startDraining(state: MeshState): void {
  if (state.isDraining) return
  state.isDraining = true
  state.drainSince = state.now
}

/** Only a master can; it stays master when nobody can take over in time. */
export function startSteppingDown(state: MeshState): void {
  if (state.role.type === 'mastering') state.stepDownUntil = state.now + STEP_DOWN_MS
}

function progressSteppingDown(state: MeshState): void {
  const {role, stepDownUntil} = state
  if (stepDownUntil === undefined) return
  if (role.type !== 'mastering') {
    state.stepDownUntil = undefined
    return
  }
  if (state.now < stepDownUntil) {
    handOver(state, role)
    return
  }
  state.stepDownUntil = undefined
  role.frozenUntil = undefined
  log(state, 'warn', 'nobody took over in time: this node goes on as master', {term: role.term})
}

/** Called whenever something may have changed. */
export function progressDraining(state: MeshState): void {
  const {role} = state
  if (role.type === 'drained') return
  if (!state.isDraining) {
    progressSteppingDown(state)
    return
  }
  if (state.now - state.drainSince >= state.config.drainMs) {
    log(state, 'warn', 'drain took too long', {outbox: state.outbox.size})
    finishLeaving(state)
    return
  }
  switch (role.type) {
    case 'following':
      if (state.outbox.size === 0) leaveMaster(state, role)
      return
    case 'mastering':
      handOver(state, role)
      return
    case 'seeking':
      // Never part of a mesh, or the mesh was ended in order: there is nobody to wait for.
      if (state.outbox.size === 0 && (!state.hasJoined || isMeshEnded(state))) finishLeaving(state)
      return
    case 'claimed':
      return
    default:
      unreachable(role)
  }
}

function isMeshEnded(state: MeshState): boolean {
  const lease = state.pool.snapshot?.lease
  return lease !== undefined && lease.holder === undefined
}

/** Nodes that are linked and stay. */
export function othersOf({members}: Mastering): readonly MasterMember[] {
  return [...members.values()].filter((member) => member.link !== undefined && !member.isLeaving)
}

/** Nothing new is ordered until the heir holds everything; then it is told to claim. */
function handOver(state: MeshState, role: Mastering): void {
  const others = othersOf(role)
  if (others.length === 0) {
    role.frozenUntil = undefined
    if (state.isDraining) endMesh(state, role)
    return
  }
  if (!state.pool.isUp) {
    // Nobody could take over: messages go on here until the store is back, or the time is up.
    role.frozenUntil = undefined
    return
  }
  if (role.pending || !others.some((member) => isInView(role.view, member.address.id))) return
  if (role.frozenUntil === undefined || state.now >= role.frozenUntil) {
    // An earlier try came to nothing if it is over: the next may choose another heir.
    role.frozenUntil = state.now + HANDOVER_MS
    role.handedTo = undefined
  }
  if (role.handedTo !== undefined) return
  const heir = findHeir(state, role, others)
  if (heir?.link === undefined) return
  role.handedTo = heir.address.id
  count(state, 'handovers')
  log(state, 'info', 'handing over', {to: heir.address.id, term: role.term})
  send(state, heir.link, {type: 'handover', term: role.term})
}

/** A copy that holds everything; the first of the pool that stays, if there are several. */
function findHeir(
  state: MeshState, role: Mastering, others: readonly MasterMember[],
): MasterMember | undefined {
  const last = state.log.last.seq
  const ready = others.filter(
    (member) => isInView(role.view, member.address.id) && member.held === last,
  )
  const order = (state.pool.snapshot?.members ?? []).map((member) => member.id)
  const placeOf = ({address, hasDeclined}: MasterMember): number =>
    order.indexOf(address.id) + (hasDeclined ? order.length + 1 : 0)
  return ready.toSorted((a, b) => placeOf(a) - placeOf(b))[0]
}

/** The last node: nobody to hand over to. */
function endMesh(state: MeshState, role: Mastering): void {
  const isWaiting = [...role.members.values()].some(
    (member) => member.isWaitedFor && !member.isLeaving,
  )
  if (state.outbox.size > 0 || isWaiting || role.pending || !isStoreFree(state)) return
  if (!hasOthers(state)) release(state, role)
}

/** Nodes that live but are cut off: what they miss would be lost with this node. */
function hasOthers(state: MeshState): boolean {
  const {pool, now, config, self} = state
  for (const [id, beat] of pool.beats) {
    if (id !== self.id && now - beat.changedAt < config.leaseMs) return true
  }
  return false
}
