/** Listeners, sending and asking, on real sockets against a real node. */
import {afterAll, afterEach, beforeAll, describe, expect, it, vi} from 'vitest'
import type {MeshError} from '../../../src/lib/client/mesh-error.js'
import type {Mesh} from '../../../src/lib/client/types.js'
import {ClientMesh} from '../../helpers/client-mesh.js'

let at: ClientMesh

beforeAll(async () => {
  at = await ClientMesh.open(1)
})
afterAll(() => at[Symbol.asyncDispose]())
afterEach(() => vi.restoreAllMocks())

/** Everything that was sent before has come, and its answers with it. */
async function settled(mesh: Mesh): Promise<void> {
  await mesh.request('echo')
}

const failure = (promise: Promise<unknown>): Promise<MeshError> =>
  promise.then(
    (value) => Promise.reject(new Error(`resolved with ${JSON.stringify(value)}`)),
    (error: MeshError) => error,
  )

describe('listeners', () => {
  it('get messages and errors, apart, as arguments', async () => {
    const {mesh} = await at.open()
    const heard: unknown[] = []
    const chained = mesh
      .on('echo', (...details) => heard.push(['success', ...details]), () => heard.push('wrong'))
      .on('refuse', () => heard.push('wrong'), (code, text) => heard.push(['error', code, text]))
      .send('echo', 1, 'two', [3], {four: 4}, null)
      .send('echo')
      .send('refuse', 418, 'I am a teapot')
    expect(chained).toBe(mesh)
    await settled(mesh)
    expect(heard).toEqual([
      ['success', 1, 'two', [3], {four: 4}, null], ['success'], ['error', 418, 'I am a teapot'],
    ])
  })

  it('an action may have colons: only the last :error is one', async () => {
    const {mesh} = await at.open()
    const heard: string[] = []
    mesh.on('a:b', () => heard.push('success'), (_code, text) => heard.push(text))
    mesh.send('a:b')
    await settled(mesh)
    expect(heard).toEqual(['No such action: a:b'])
  })

  it('once: the first of either, whichever callbacks there are', async () => {
    const {mesh} = await at.open()
    const heard: string[] = []
    mesh.once('refuse', () => heard.push('success'))
    mesh.once('echo', undefined, () => heard.push('error'))
    mesh.once('echo', () => heard.push('both'), () => heard.push('both, error'))
    mesh.on('refuse', undefined, () => {})
    mesh.send('refuse', 400, 'no').send('echo').send('echo').send('refuse', 400, 'no')
    await settled(mesh)
    expect(heard).toEqual(['both'])
  })

  it('off removes what was added: one pair, one callback, or the whole action', async () => {
    const {mesh} = await at.open()
    const heard: string[] = []
    const [a, b, c] = ['a', 'b', 'c'].map((name) => () => heard.push(name))
    const [failed, other] = [(): void => {}, (): void => {}]
    mesh.on('echo', a).on('echo', a, failed).on('echo', b, failed).on('echo', c, other)
    mesh.off('echo', a, failed).off('echo', undefined, other)
    mesh.send('echo')
    await settled(mesh)
    expect(heard.splice(0)).toEqual(['a', 'b'])
    mesh.off('echo', a).off('other').send('echo')
    await settled(mesh)
    expect(heard.splice(0)).toEqual(['b'])
    mesh.off('echo').send('echo')
    await settled(mesh)
    expect(heard).toEqual([])
  })

  it('off inside a handler holds at once, and no other handler is passed over', async () => {
    const {mesh} = await at.open()
    const heard: string[] = []
    const self = (): void => {
      heard.push('self')
      mesh.off('echo', self).off('echo', later)
      mesh.on('echo', () => heard.push('added'))
    }
    const later = (): void => void heard.push('later')
    mesh.on('echo', self).on('echo', later).on('echo', () => heard.push('last'))
    mesh.send('echo')
    await settled(mesh)
    expect(heard.splice(0)).toEqual(['self', 'last'])
    mesh.send('echo')
    await settled(mesh)
    expect(heard).toEqual(['last', 'added'])
  })

  it('a handler that throws is told of, and stops nobody', async () => {
    const {mesh} = await at.open()
    const reported: (() => void)[] = []
    const heard: string[] = []
    mesh.on('echo', () => {
      throw new Error('a mistake of the page')
    })
    mesh.on('echo', () => heard.push('next'))
    vi.spyOn(globalThis, 'queueMicrotask').mockImplementation((call) => reported.push(call))
    mesh.send('echo')
    await settled(mesh)
    expect(heard).toEqual(['next'])
    expect(reported).toHaveLength(1)
    expect(() => reported[0]?.()).toThrow('a mistake of the page')
    expect(mesh.state.type).toBe('open')
  })

  it('an error that nobody listens for is said on the console', async () => {
    const {mesh} = await at.open()
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    mesh.on('helo', () => {}).send('helo')
    await settled(mesh)
    expect(warn.mock.calls).toEqual([['wsmesh: helo:error', 404, 'No such action: helo']])
  })
})

describe('what is sent', () => {
  it('before the connection waits, as it was, and goes once, in order', async () => {
    const {mesh} = await at.connect()
    const details = {a: 1}
    mesh.send('note', 1, details).send('note', '"two"')
    details.a = 2
    const third = mesh.request('echo', 3)
    expect(mesh.state.type).toBe('connecting')
    expect(await third).toEqual([3])
    expect(await mesh.request('noted')).toEqual([[1, {a: 1}], ['"two"']])
    expect(await mesh.request('noted')).toEqual([])
  })

  it('is refused, loudly, when too much waits', async () => {
    const {mesh, is} = await at.connect({queueMax: 2})
    mesh.send('note', 1).send('note', 2)
    expect(() => mesh.send('note', 3)).toThrow(expect.objectContaining({code: 'queue-full'}))
    expect(await failure(mesh.request('note', 4))).toMatchObject({code: 'queue-full'})
    await is('open')
    mesh.send('note', 5)
    expect(await mesh.request('noted')).toEqual([[1], [2], [5]])
  })

  it.each([
    ['', 'bad-action'], ['Client/authentication', 'bad-action'], ['x:error', 'bad-action'],
    ['a\nb', 'bad-action'], ['ü'.repeat(128), 'bad-action'], ['half \ud83d', 'bad-action'],
  ])('%j is no action', async (action, code) => {
    const {mesh} = await at.open()
    expect(() => mesh.send(action)).toThrow(expect.objectContaining({code, name: 'MeshError'}))
    expect(await failure(mesh.request(action))).toMatchObject({code})
  })

  it('is at most as large as a node takes, by its bytes', async () => {
    const {mesh} = await at.open()
    const room = 65_536 - '{"action":"note","details":[""]}'.length
    mesh.send('note', 'ü'.repeat(room / 2))
    await settled(mesh)
    expect(() => mesh.send('note', `${'ü'.repeat(room / 2)}x`)).toThrow(
      expect.objectContaining({code: 'too-big'}),
    )
    const [[text]] = (await mesh.request('noted')) as [[string]]
    expect(text).toHaveLength(room / 2)
    const small = await at.open({frameBytesMax: 100})
    expect(() => small.mesh.send('note', 'x'.repeat(80))).toThrow('more than 100 bytes')
    const asked = small.mesh.request('note', 'x'.repeat(80))
    expect(await failure(asked)).toMatchObject({code: 'too-big'})
  })

  it('that is no JSON throws, and nothing of it is sent', async () => {
    const {mesh} = await at.open()
    expect(() => mesh.send('note', 1n)).toThrow(TypeError)
    expect(await failure(mesh.request('note', 1n))).toBeInstanceOf(TypeError)
    expect(await mesh.request('noted')).toEqual([])
  })
})

describe('a request', () => {
  it('resolves with the answer to this very call', async () => {
    const {mesh} = await at.open()
    const heard: unknown[] = []
    mesh.on('echo', (...details) => heard.push(details)).on('twice', (text) => heard.push(text))
    const asked = ['a', 'b', 'c'].map((text) => mesh.request('echo', text, text))
    mesh.send('echo', 'sent')
    expect(await Promise.all(asked)).toEqual([['a', 'a'], ['b', 'b'], ['c', 'c']])
    expect(await mesh.request('twice')).toEqual(['first'])
    await settled(mesh)
    expect(heard).toEqual([['sent']])
  })

  it('rejects with what the node says', async () => {
    const {mesh} = await at.open()
    const heard: number[] = []
    mesh.on('refuse', undefined, (code) => heard.push(code))
    const error = await failure(mesh.request('refuse', 409, 'Taken'))
    expect(error).toMatchObject({name: 'MeshError', code: 409, message: 'Taken'})
    expect(await failure(mesh.request('helo'))).toMatchObject({code: 404})
    expect(heard).toEqual([])
  })

  it('rejects when no answer comes in time; the answer that comes late is nobody’s', async () => {
    const {mesh} = await at.open({timeoutMs: 50})
    expect(await failure(mesh.request('silent'))).toMatchObject({
      code: 'timeout', message: 'No answer within 50 ms',
    })
    expect(mesh.state.type).toBe('open')
  })

  it('that nobody awaits is no unhandled rejection', async () => {
    const {mesh} = await at.open({timeoutMs: 10})
    const unhandled: unknown[] = []
    const note = (error: unknown): void => void unhandled.push(error)
    process.on('unhandledRejection', note)
    void mesh.request('refuse', 400, 'no')
    void mesh.request('silent')
    void mesh.request('x:error')
    await failure(mesh.request('silent'))
    mesh.close()
    void mesh.request('echo')
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })
})

describe('iteration', () => {
  it('gives messages with their place, until the mesh is closed', async () => {
    const {mesh} = await at.open()
    const got: unknown[] = []
    const all = mesh[Symbol.asyncIterator]()
    const loop = (async () => {
      for await (const {action, details, id, position} of mesh.messages('n')) {
        got.push([action, details, id, position])
        if (got.length === 2) mesh.close()
      }
    })()
    const of = at.nodes[0]?.id ?? ''
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    mesh.send('refuse', 400, 'no').send('echo', 'answer')
    for (const number of [1, 2]) await at.say(number)
    await loop
    const place = expect.stringMatching(/^\w+\.\d+\.\d+$/) as string
    const message = (number: number) =>
      ['n', [number], expect.stringMatching(`^${of}-\\d+$`) as string, place]
    expect(got).toEqual([message(1), message(2)])
    const rest = []
    for await (const each of {[Symbol.asyncIterator]: () => all}) rest.push(each)
    // Its own answer, and what others send: either may be first.
    expect(rest.map(({action}) => action).toSorted()).toEqual(['echo', 'n', 'n'])
    expect(rest.find(({action}) => action === 'echo')).toEqual({
      action: 'echo', details: ['answer'], id: undefined, position: undefined,
    })
    expect(warn).toHaveBeenCalledTimes(1)
    expect(await mesh.messages().next()).toEqual({done: true, value: undefined})
  })

  it('ends with a break, and holds nothing then', async () => {
    const {mesh} = await at.open()
    mesh.send('echo', 1).send('echo', 2)
    const stream = mesh.messages('echo')
    for await (const {details} of stream) {
      expect(details).toEqual([1])
      break
    }
    expect(await stream.next()).toEqual({done: true, value: undefined})
  })

  it('that nobody goes on with is ended, loudly', async () => {
    const {mesh} = await at.open()
    const stream = mesh.messages('n')
    const last = at.nodes[0]
    await Promise.all(
      Array.from({length: 1001}, (_, number) => last?.publish('n', [number], {user: '42'})),
    )
    await settled(mesh)
    await expect(stream.next()).rejects.toMatchObject({code: 'too-slow'})
    expect(await stream.next()).toEqual({done: true, value: undefined})
  })
})
