import {expect, it} from 'vitest'
import type {Member, MemberInfo} from '../../../src/lib/mesh/membership.js'
import type {MeshEvent} from '../../../src/lib/mesh/event.js'
import {Counters} from '../../../src/lib/node/counters.js'
import {silentLog} from '../../../src/lib/node/log.js'
import {StoreLoop} from '../../../src/lib/node/store-loop.js'
import type {PoolStore} from '../../../src/lib/pool/pool-store.js'
import {nodeId} from '../../../src/lib/util/brand.js'
import {WsmeshError} from '../../../src/lib/util/errors.js'

const self: MemberInfo = {
  id: nodeId('n-1'), url: 'ws://a/mesh', clientUrl: 'ws://a', version: '1', pid: 1,
}

function bench() {
  const calls: string[] = []
  const events: MeshEvent[] = []
  const changes: string[] = []
  const warnings: string[] = []
  const state = {members: [] as string[], isDown: false, beat: 1}
  const note = async <T>(call: string, value: () => T): Promise<T> => {
    calls.push(call)
    if (state.isDown) throw new WsmeshError('POOL_UNREACHABLE', 'no answer')
    return Promise.resolve(value())
  }
  const member = (id: string, order: number): Member => ({
    ...self,
    id: nodeId(id),
    order,
    beat: state.beat,
  })
  const store: PoolStore = {
    label: 'test:',
    init: () => note('init', () => undefined),
    join: ({id}) => note('join', () => state.members.push(id)),
    heartbeat: (id) => note('heartbeat', () => state.members.includes(id)),
    list: () => note('list', () => state.members.map(member)),
    readLease: () => note('readLease', () => undefined),
    swapLease: () => note('swapLease', () => true),
    remove: (id) =>
      note('remove', () => {
        state.members = state.members.filter((other) => other !== id)
      }),
    close: () => note('close', () => undefined),
  }
  const warn = (text: string): void => void warnings.push(text)
  const loop = new StoreLoop({
    store,
    self,
    push: (event) => void events.push(event),
    counters: new Counters(),
    log: {...silentLog, warn, info: warn, error: warn},
    onMembers: (change, node) => void changes.push(`${change} ${node}`),
  })
  return {calls, events, changes, warnings, state, loop}
}

it('joins when there is no row, then beats, and tells who came and went', async () => {
  const {calls, changes, events, loop, state} = bench()
  loop.readPool(1)
  await loop.settled()
  expect(calls).toEqual(['heartbeat', 'join', 'list', 'readLease'])
  expect(events).toMatchObject([{type: 'pool-read', request: 1, pool: {members: [{id: 'n-1'}]}}])
  state.members.push('n-2')
  loop.readPool(2)
  await loop.settled()
  state.members.pop()
  loop.readPool(3)
  await loop.settled()
  expect(changes).toEqual(['joined n-2', 'left n-2'])
  expect(calls.filter((call) => call === 'join')).toHaveLength(1)
})

it('turns failures into events, and logs a change of state once', async () => {
  const {events, loop, state, warnings} = bench()
  state.isDown = true
  for (const request of [1, 2, 3]) loop.readPool(request)
  loop.swapLease(4, undefined, {epoch: 'e', term: 1, version: 1, holder: self.id, view: []})
  loop.removeMember(nodeId('n-2'))
  await loop.settled()
  expect(events.map((event) => event.type)).toEqual(Array(4).fill('store-failed'))
  expect(warnings).toEqual(['The pool store does not answer'])
  state.isDown = false
  loop.readPool(5)
  await loop.settled()
  expect(warnings).toHaveLength(2)
})

it('does not join again after it left', async () => {
  const {calls, loop, state} = bench()
  loop.readPool(1)
  await loop.settled()
  loop.removeMember(self.id)
  loop.readPool(2)
  await loop.settled()
  expect(state.members).toEqual([])
  expect(calls.filter((call) => call === 'join')).toHaveLength(1)
})

it('warns of a living node with the same address, not of a row that was left behind', async () => {
  const {loop, state, warnings} = bench()
  state.members.push('n-2')
  for (const request of [1, 2]) loop.readPool(request)
  await loop.settled()
  expect(warnings).toEqual([])
  state.beat += 1
  loop.readPool(3)
  await loop.settled()
  expect(warnings).toMatchObject([expect.stringContaining("this node's address")])
})
