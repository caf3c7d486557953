import {expect, onTestFinished, test, vi} from 'vitest'

import {MeshEye, type EyeAccess} from '../../../src/lib/admin/mesh-eye.js'
import type {OperatorConnection} from '../../../src/lib/operator/operator-connection.js'
import {withResolvers} from '../../../src/lib/operator/resolvers.js'
import type {Member} from '../../../src/lib/mesh/membership.js'
import {nodeId} from '../../../src/lib/util/brand.js'
import {WsmeshError} from '../../../src/lib/util/errors.js'
import {stats} from './rows.js'

/** A node that can be told to hang, to die, or to be another one than its row says. */
class FakeNode {
  dials = 0
  isHung = false
  isDead = false
  isStranger = false
  /** Answers wait for it. */
  slow: Promise<void> = Promise.resolve()
  #closed = withResolvers<string>()

  constructor(readonly id: string) {}

  get member(): Member {
    return {
      id: nodeId(this.id), url: `ws://${this.id}/mesh`, clientUrl: `ws://${this.id}/`, order: 1,
      pid: 1, version: '1', heartbeat: 1,
    } as unknown as Member
  }

  connect(): OperatorConnection {
    this.dials += 1
    if (this.isDead) {
      const cause = new Error('nothing listens there (connection refused)')
      throw new WsmeshError('NODE_UNREACHABLE', 'not in reach', {cause})
    }
    this.#closed = withResolvers()
    let isOver = false
    void this.#closed.promise.then(() => (isOver = true))
    const answer = <T>(value: T): Promise<T> =>
      this.isHung ? new Promise<never>(() => {}) : this.slow.then(() => value)
    return {
      node: nodeId(this.isStranger ? 'stranger' : this.id),
      url: this.member.url,
      closed: this.#closed.promise,
      get isOver() {
        return isOver
      },
      ping: () => answer(1.5),
      stats: () => answer(stats(this.id)),
      close: () => this.#closed.resolve('closed'),
    } as unknown as OperatorConnection
  }

  die(): void {
    this.isDead = true
    this.#closed.resolve('it went away')
  }
}

function openEye(...nodes: FakeNode[]) {
  const world = {
    nodes, nowMs: 0, lost: 0, opened: 0, storeFailure: undefined as WsmeshError | undefined,
  }
  const access = {
    poolLabel: 'test',
    book: {recall: async () => nodes.map(({member}) => member)},
    async readPool() {
      if (world.storeFailure !== undefined) throw world.storeFailure
      return {members: world.nodes.map(({member}) => member), lease: undefined}
    },
    async connect(url: string) {
      const node = nodes.find(({member}) => member.url === url)
      if (node === undefined) throw new Error('Nobody was named so')
      return node.connect()
    },
    close() {},
  } as unknown as EyeAccess
  const eye = new MeshEye({
    openAccess: () => {
      world.opened += 1
      return access
    },
    onLost: () => (world.lost += 1),
    now: () => world.nowMs,
  })
  const look = async () => {
    world.nowMs += 1000
    const {nodes, warnings} = await eye.survey()
    return {
      states: Object.fromEntries(nodes.map(({id, state, stats}) =>
        [id, stats === undefined ? `${state}, mute` : state])),
      why: nodes.flatMap(({why}) => why ?? []),
      warnings,
    }
  }
  return {eye, world, look}
}

test('nodes are dialled once and asked each second; who leaves the pool is let go', async () => {
  const [a, b] = [new FakeNode('a'), new FakeNode('b')]
  const {eye, world, look} = openEye(a, b)
  for (let n = 0; n < 5; n += 1) expect((await look()).states).toEqual({a: 'up', b: 'up'})
  expect([a.dials, b.dials, eye.connections().length]).toEqual([1, 1, 2])
  world.nodes = [a]
  expect((await look()).states).toEqual({a: 'up'})
  expect([eye.connections().length, world.lost]).toEqual([1, 0])
})

test('a node that hangs holds nobody up, and is shown as it was until that is too old', async () => {
  const [a, b] = [new FakeNode('a'), new FakeNode('b')]
  const {look} = openEye(a, b)
  await look()
  b.isHung = true
  expect((await look()).states).toEqual({a: 'up', b: 'up'})
  expect((await look()).states).toEqual({a: 'up', b: 'up'})
  const late = await look()
  expect(late.states).toEqual({a: 'up', b: 'unreachable, mute'})
  expect(late.why).toEqual(['no answer for 3 s'])
})

test('the first look waits for a store and for nodes that are slow to answer', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const a = new FakeNode('a')
  const {promise, resolve} = withResolvers<void>()
  a.slow = promise
  const {look} = openEye(a)
  const first = look()
  await vi.advanceTimersByTimeAsync(2000)
  resolve()
  expect((await first).states).toEqual({a: 'up'})
})

test('a node that dies is told of at once, is gone at the next look, and may come back', async () => {
  const a = new FakeNode('a')
  const {world, look} = openEye(a)
  await look()
  a.die()
  await Promise.resolve()
  expect(world.lost).toBe(1)
  expect((await look()).states).toEqual({a: 'stale, mute'})
  a.isDead = false
  expect((await look()).states).toEqual({a: 'up'})
})

test('another node at the address of a row is not taken for it', async () => {
  const a = new FakeNode('a')
  a.isStranger = true
  const {eye, look} = openEye(a)
  expect(await look()).toMatchObject({
    states: {a: 'stale, mute'}, why: ['node stranger answers there'],
  })
  expect(eye.connections()).toEqual([])
})

test('without the store the nodes seen last are asked, and it is said', async () => {
  const a = new FakeNode('a')
  const {world, look} = openEye(a)
  await look()
  world.storeFailure = new WsmeshError('POOL_UNREACHABLE', 'Pool test does not answer')
  await look()
  await look()
  expect(await look()).toMatchObject({
    states: {a: 'up'}, warnings: ['Pool test does not answer: these are the nodes seen last'],
  })
})

test('a secret that was changed is read again, but not each second', async () => {
  const a = new FakeNode('a')
  const {world, look} = openEye(a)
  const connect = a.connect.bind(a)
  a.connect = () => {
    throw new WsmeshError('AUTH_REJECTED', 'another secret')
  }
  for (let n = 0; n < 12; n += 1) await look()
  expect(world.opened).toBe(3)
  a.connect = connect
  expect((await look()).states).toEqual({a: 'up'})
})
