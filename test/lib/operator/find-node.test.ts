import {expect, test} from 'vitest'

import {type AddressSource, findNode} from '../../../src/lib/operator/find-node.js'
import type {OperatorConnection} from '../../../src/lib/operator/operator-connection.js'
import type {NodeStats} from '../../../src/lib/protocol/operator-frame.js'
import {nodeId} from '../../../src/lib/util/brand.js'
import {WsmeshError, type ErrorCode} from '../../../src/lib/util/errors.js'

type Role = NodeStats['role']

/** What dialling an address leads to; "hangs" never answers. */
type Behaviour = Role | 'refused' | 'hangs' | 'hangs after handshake' | 'wrong secret'

class FakeMesh {
  readonly dialled: string[] = []
  readonly open = new Set<string>()
  readonly aborted: string[] = []
  readonly #nodes: Readonly<Record<string, Behaviour>>

  constructor(nodes: Readonly<Record<string, Behaviour>>) {
    this.#nodes = nodes
  }

  readonly connect = async (url: string, signal: AbortSignal): Promise<OperatorConnection> => {
    this.dialled.push(url)
    signal.addEventListener('abort', () => this.aborted.push(url))
    const behaviour = this.#nodes[url] ?? 'refused'
    if (behaviour === 'refused') throw error('NODE_UNREACHABLE')
    if (behaviour === 'wrong secret') throw error('AUTH_REJECTED')
    if (behaviour === 'hangs') {
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(error('NODE_UNREACHABLE')))
      })
    }
    this.open.add(url)
    return this.#connection(url, behaviour)
  }

  #connection(url: string, behaviour: Role | 'hangs after handshake'): OperatorConnection {
    return {
      node: nodeId(url),
      url,
      isOver: false,
      hasRefused: false,
      bufferedBytes: 0,
      closed: new Promise(() => undefined),
      kick: () => Promise.reject(new Error('Not asked for here')),
    refresh: () => Promise.reject(new Error('Not asked for here')),
    publish: () => Promise.reject(error('TIMED_OUT')),
      ping: () => Promise.resolve(1),
      tail: () => Promise.resolve(),
      who: () => Promise.reject(error('TIMED_OUT')),
      explain: () => Promise.reject(error('TIMED_OUT')),
      act: () => Promise.reject(error('TIMED_OUT')),
      soak: () => Promise.reject(error('TIMED_OUT')),
      stats: () =>
        behaviour === 'hangs after handshake'
          ? new Promise(() => undefined)
          : Promise.resolve({role: behaviour} as NodeStats),
      close: () => void this.open.delete(url),
    }
  }
}

function error(code: ErrorCode): WsmeshError {
  return new WsmeshError(code, `the message of ${code}`)
}

function pool(...urls: string[]): AddressSource {
  return {name: 'pool', read: () => Promise.resolve(urls)}
}

function memory(...urls: string[]): AddressSource {
  return {name: 'memory', read: () => Promise.resolve(urls)}
}

const hangingPool: AddressSource = {name: 'pool', read: () => new Promise(() => undefined)}

function failingPool(code: ErrorCode): AddressSource {
  return {name: 'pool', read: () => Promise.reject(error(code))}
}

async function find(
  mesh: FakeMesh,
  sources: readonly AddressSource[],
  timeoutMs = 2000,
): Promise<string> {
  return (await findNode({sources, connect: mesh.connect, timeoutMs})).url
}

test('the first node of the pool that answers is taken, no other is dialled', async () => {
  const mesh = new FakeMesh({a: 'master', b: 'follower'})
  await expect(find(mesh, [pool('a', 'b'), memory('c')])).resolves.toBe('a')
  expect(mesh.dialled).toEqual(['a'])
})

test.each<Behaviour>(['refused', 'hangs', 'hangs after handshake', 'wrong secret'])(
  'a node that is %s is passed over',
  async (behaviour) => {
    const mesh = new FakeMesh({a: behaviour, b: 'follower'})
    await expect(find(mesh, [pool('a', 'b')])).resolves.toBe('b')
    expect([...mesh.open]).toEqual(['b'])
  },
)

test.each([
  ['does not answer', hangingPool],
  ['is down', failingPool('POOL_UNREACHABLE')],
  ['refuses the password', failingPool('POOL_DENIED')],
  ['names nobody', pool()],
  ['names only nodes that are gone', pool('gone')],
])('memory helps when the store %s', async (_name, source) => {
  const mesh = new FakeMesh({m: 'follower'})
  await expect(find(mesh, [source, memory('m')])).resolves.toBe('m')
})

test.each<Role>(['isolated', 'seeking', 'joining', 'drained'])(
  'a node that is %s is passed over when another answers, and let go',
  async (role) => {
    const mesh = new FakeMesh({a: role, b: 'hangs', c: 'follower'})
    await expect(find(mesh, [pool('a', 'b', 'c')])).resolves.toBe('c')
    expect([...mesh.open]).toEqual(['c'])
  },
)

test('when none is in the mesh, the one nearest to it is taken', async () => {
  const mesh = new FakeMesh({a: 'drained', b: 'seeking', c: 'isolated', d: 'refused'})
  await expect(find(mesh, [pool('a', 'b', 'c', 'd')])).resolves.toBe('b')
  expect([...mesh.open]).toEqual(['b'])
})

test('the others are given up as soon as one is found', async () => {
  const mesh = new FakeMesh({a: 'hangs', b: 'hangs', c: 'master'})
  await find(mesh, [pool('a', 'b', 'c')])
  expect(mesh.aborted.toSorted()).toEqual(['a', 'b'])
})

test('nothing in reach names all that was tried, at once', async () => {
  const mesh = new FakeMesh({})
  const failure = find(mesh, [pool('a', 'b'), memory('a', 'c')], 60_000)
  await expect(failure).rejects.toMatchObject({
    code: 'NODE_UNREACHABLE',
    message: 'No node answered',
    cause: {message: expect.stringMatching(/^a: .*\nb: .*\nc: /)},
  })
  expect(mesh.dialled).toEqual(['a', 'b', 'c'])
})

test('everything hanging ends with the time', async () => {
  const mesh = new FakeMesh({a: 'hangs'})
  await expect(find(mesh, [pool('a')], 300)).rejects.toMatchObject({
    code: 'NODE_UNREACHABLE',
    message: 'No node answered within 300 ms',
    cause: {message: 'a: no answer'},
  })
  expect(mesh.aborted).toEqual(['a'])
})

test('a store that hangs, without memory, is named', async () => {
  await expect(find(new FakeMesh({}), [hangingPool, memory()], 400)).rejects.toMatchObject({
    code: 'NODE_UNREACHABLE',
    cause: {message: expect.stringContaining('pool: no answer')},
  })
})

test('a wrong secret is said when no node answered', async () => {
  const mesh = new FakeMesh({a: 'wrong secret', b: 'refused'})
  await expect(find(mesh, [pool('a', 'b')])).rejects.toMatchObject({code: 'AUTH_REJECTED'})
})

test.each<ErrorCode>(['POOL_DENIED', 'POOL_URL_INVALID', 'POOL_READ_ONLY'])(
  '%s is said when it leaves no address',
  async (code) => {
    const sources = [failingPool(code), memory()]
    await expect(find(new FakeMesh({}), sources)).rejects.toMatchObject({code})
  },
)

test('a bug in what connects is no unreachable node', async () => {
  const options = {
    sources: [pool('a')], timeoutMs: 500, connect: () => Promise.reject(new TypeError('bug')),
  }
  await expect(findNode(options)).rejects.toThrow(TypeError)
})
