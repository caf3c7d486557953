import {describe, expect, test} from 'vitest'
import type {Lease, Member} from '../../../../src/lib/mesh/membership.js'
import {Members} from '../../../../src/lib/node/nats/members.js'
import {nodeId} from '../../../../src/lib/util/brand.js'

const SELF = nodeId('n1')
const OTHER = nodeId('n2')

function member(id: string, beat: number): Member {
  return {id: nodeId(id), url: '', clientUrl: '', version: '', pid: 1, order: 1, beat}
}

/** A pool in memory, and one node's side of it; `step` is one heartbeat of it. */
function bench(hasOutbox = true) {
  const pool: {members: Member[]; lease: Lease | undefined} = {
    members: [member('n1', 1)],
    lease: {epoch: 'e', term: 3, version: 7, holder: undefined, view: []},
  }
  const clock = {nowMs: 0}
  const removed: string[] = []
  const heard = new Map<string, number>()
  let swaps = true
  const members: Members = new Members({
    self: SELF,
    config: {heartbeatMs: 1000, leaseMs: 3000},
    hasOutbox,
    now: () => clock.nowMs,
    changed: () => {},
    silentMs: (node) => heard.get(node),
    store: {
      readPool: (request) => members.answered({type: 'pool-read', request, pool: {...pool}}),
      swapLease: (request, _expected, next) => {
        if (swaps) pool.lease = next
        members.answered(swaps
          ? {type: 'lease-swapped', request, won: true} : {type: 'store-failed', request})
      },
      removeMember: (id) => void removed.push(id),
    },
  })
  const step = (ms = 1000): void => {
    clock.nowMs += ms
    members.tick()
  }
  return {pool, removed, heard, members, step, fail: () => (swaps = false)}
}

describe('who sends the rows of the outbox', () => {
  test('a lease that nobody holds is taken, in a new term, and kept', () => {
    const {pool, members, step} = bench()
    step()
    expect(pool.lease).toMatchObject({holder: SELF, term: 4, version: 8})
    expect(members.outboxTerm).toBe(4)
    step()
    expect(pool.lease).toMatchObject({holder: SELF, term: 4, version: 9})
  })

  test("another's is taken when it was not renewed for so long, not before", () => {
    const {pool, members, step} = bench()
    pool.lease = {epoch: 'e', term: 3, version: 7, holder: OTHER, view: []}
    for (let n = 0; n < 3; n += 1) step()
    expect(members.outboxTerm).toBeUndefined()
    step()
    expect(members.outboxTerm).toBe(4)
  })

  test('who cannot renew it stops before anybody else may take it', () => {
    const {members, step, fail} = bench()
    step()
    fail()
    step()
    expect(members.outboxTerm).toBe(4)
    step()
    expect(members.outboxTerm).toBeUndefined()
  })

  test('after a wipe it is made anew, in a later term', () => {
    const {pool, members, step} = bench()
    step()
    pool.lease = undefined
    for (let n = 0; n < 4; n += 1) step()
    expect(pool.lease).toMatchObject({holder: SELF, term: 5})
    expect(members.outboxTerm).toBe(5)
  })

  test('a node without an outbox leaves it alone', () => {
    const {pool, step} = bench(false)
    step()
    expect(pool.lease?.holder).toBeUndefined()
  })
})

test('the row of a node that neither beats nor is heard is removed by the first that lives', () => {
  const {pool, removed, heard, step} = bench(false)
  pool.members = [member('n1', 1), member('n2', 5), member('n3', 5)]
  heard.set('n3', 0)
  for (let n = 1; n <= 6; n += 1) {
    pool.members = [member('n1', n), member('n2', 5), member('n3', 5)]
    step()
  }
  expect(removed).toEqual([])
  pool.members = [member('n1', 9), member('n2', 5), member('n3', 5)]
  step()
  expect(removed).toEqual(['n2'])
})
