/** Connecting, closing, coming back, on real sockets. */
import {afterEach, describe, expect, it, vi} from 'vitest'
import {WebSocket} from 'ws'
import {connect} from '../../../src/lib/client/connect.js'
import {Watch} from '../../../src/lib/client/watch.js'
import {ClientMesh} from '../../helpers/client-mesh.js'
import {eventually} from '../../helpers/eventually.js'
import {FakeNode, letIn, Tunnel} from '../../helpers/fake-node.js'

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

const NOWHERE = 'ws://127.0.0.1:1/WebSockets'

describe('options', () => {
  it.each([
    ['no url outside of a page', undefined, {}, 'No url of a node: /WebSockets'],
    ['another scheme', 'ftp://example.com', {}, 'No url of a node: ftp://example.com'],
    ['no url', 'example.com:port', {}, 'No url of a node'],
    ['an empty list', [], {}, 'No url of a node'],
    ['a number that is none', NOWHERE, {queueMax: Number.NaN}, 'queueMax is no number: NaN'],
    ['a time before now', NOWHERE, {timeoutMs: -1}, 'timeoutMs is no number: -1'],
  ])('%s', (_name, url, options, message) => {
    const code = 'bad-option'
    const made = (): unknown => connect(url, {WebSocket, ...options})
    expect(made).toThrow(expect.objectContaining({code, name: 'MeshError'}))
    expect(made).toThrow(message)
  })

  it('without a WebSocket say where to get one', () => {
    vi.stubGlobal('WebSocket', undefined)
    expect(() => connect(NOWHERE)).toThrow('No WebSocket here: connect(url, {WebSocket}) with')
    vi.unstubAllGlobals()
  })

  it('a page’s own host, and http for ws', async () => {
    await using node = await FakeNode.open((visit) => letIn(visit))
    const {host} = new URL(node.url)
    vi.stubGlobal('location', {href: `http://${host}/some/page?q#hash`})
    const made = [undefined, '/a/path?query', `http://${host}/x#y`]
      .map((url) => connect(url, {WebSocket}))
    vi.unstubAllGlobals()
    for (const mesh of made) {
      await eventually(() => mesh.state.type === 'open')
      mesh.close()
    }
    expect(node.paths.toSorted()).toEqual(['/WebSockets', '/a/path?query', '/x'])
  })

  it('a list: all in turn, again and again, in an order of each client’s own', async () => {
    vi.spyOn(Math, 'random').mockReturnValueOnce(0.9).mockReturnValueOnce(0.1).mockReturnValue(0.5)
    const tried: string[] = []
    class Refused extends WebSocket {
      constructor(url: string) {
        super(NOWHERE)
        tried.push(url)
      }
    }
    const urls = ['ws://a/', 'ws://b/', 'ws://c/']
    const mesh = connect(urls, {WebSocket: Refused, reconnectMaxMs: 0})
    await eventually(() => tried.length >= 6)
    mesh.close()
    expect(tried.slice(0, 6)).toEqual(['b', 'c', 'a', 'b', 'c', 'a'].map((host) => `ws://${host}/`))
  })
})

describe('listeners of the state', () => {
  it('are not called any more once they were ended', async () => {
    await using node = await FakeNode.open((visit, count) => {
      letIn(visit, {recovered: true, position: visit.proof['resume'] ?? 'e.1.1'})
      if (count < 2) visit.say({action: 'n', details: [], position: `e.1.${count + 2}`})
      if (count < 2) visit.socket.close(4000)
    })
    const mesh = connect(node.url, {WebSocket, reconnectMinMs: 1})
    const told: unknown[] = []
    const ends = [
      mesh.onState(({type}) => {
        told.push(type)
        if (type === 'waiting') ends[0]?.()
      }),
      mesh.onRecovered((isRecovered) => {
        told.push(isRecovered)
        ends[1]?.()
      }),
    ]
    await eventually(() => node.visits.length === 3 && mesh.state.type === 'open')
    expect(told).toEqual(['connecting', 'open', 'waiting', true])
    expect(mesh.position).toBe('e.1.3')
    mesh.close()
  })
})

describe('close', () => {
  it('while it connects: nothing comes any more', async () => {
    await using at = await ClientMesh.open(1)
    const atOnce = await at.connect()
    atOnce.mesh.close()
    const connecting = await at.connect()
    await eventually(() => connecting.states.length > 0)
    connecting.mesh.close()
    const proving = await at.connect()
    await eventually(() => (at.nodes[0]?.stats().connections ?? 0) > 0)
    proving.mesh.close()
    for (const {states} of [atOnce, connecting, proving]) {
      expect(states.at(-1)).toEqual({type: 'closed', code: 1000, reason: 'closed'})
    }
    await eventually(() => at.nodes[0]?.stats().connections === 0)
    expect(at.nodes[0]?.stats().counters['authenticationsFailed'] ?? 0).toBe(0)
  })

  it('rejects what waits, refuses what comes, and may be repeated', async () => {
    await using at = await ClientMesh.open(1)
    const {mesh, states} = await at.open()
    const asked = mesh.request('silent')
    mesh.close()
    mesh.close()
    await expect(asked).rejects.toMatchObject({code: 'closed'})
    expect(() => mesh.send('note')).toThrow(expect.objectContaining({code: 'closed'}))
    await expect(mesh.request('echo')).rejects.toMatchObject({code: 'closed'})
    expect(states.filter(({type}) => type === 'closed')).toHaveLength(1)
  })

  it('in a listener of the state: no other hears afterwards what was before', async () => {
    await using at = await ClientMesh.open(1)
    const {mesh, is} = await at.connect()
    const told: string[] = []
    mesh.onState(({type}) => type === 'open' && mesh.close())
    mesh.onState(({type}) => told.push(type))
    await is('closed')
    expect(told.filter((type) => type !== 'connecting')).toEqual(['closed'])
  })

  it('by an AbortSignal, before or after', async () => {
    await using at = await ClientMesh.open(1)
    const controller = new AbortController()
    const remove = vi.spyOn(controller.signal, 'removeEventListener')
    const {mesh} = await at.open({signal: controller.signal})
    controller.abort()
    expect(mesh.state.type).toBe('closed')
    expect(remove).toHaveBeenCalled()
    const late = await at.connect({signal: controller.signal})
    expect(late.mesh.state.type).toBe('closed')
    expect(() => late.mesh.send('note')).toThrow('closed')
  })

  it('while it waits: no attempt follows', async () => {
    const made = vi.fn()
    class Counting extends WebSocket {
      constructor(url: string) {
        super(url)
        made()
      }
    }
    const mesh = connect(NOWHERE, {WebSocket: Counting, reconnectMinMs: 5, reconnectMaxMs: 5})
    await eventually(() => mesh.state.type === 'waiting')
    const before = made.mock.calls.length
    mesh.close()
    // Another one, which is not closed, tries as often as that one would have.
    const other = connect(NOWHERE, {WebSocket, reconnectMinMs: 5, reconnectMaxMs: 5})
    let attempts = 0
    other.onState(({type}) => (attempts += Number(type === 'waiting')))
    await eventually(() => attempts > 5)
    other.close()
    expect(made).toHaveBeenCalledTimes(before)
  })
})

describe('a connection that broke', () => {
  it.each([
    [1006, true], [1001, true], [4000, true], [4499, true], [4500, false], [4501, false],
    [4502, false], [4999, false],
  ])('with %i: again %j', async (code, isAgain) => {
    await using node = await FakeNode.open((visit, count) => {
      letIn(visit)
      if (count > 0) return
      if (code === 1006) visit.socket.terminate()
      else visit.socket.close(code, 'the reason')
    })
    const mesh = connect(node.url, {WebSocket, reconnectMinMs: 1})
    await eventually(() => (isAgain ? node.visits.length === 2 : mesh.state.type === 'closed'))
    if (!isAgain) expect(mesh.state).toEqual({type: 'closed', code, reason: 'the reason'})
    mesh.close()
    expect(node.visits).toHaveLength(isAgain ? 2 : 1)
  })

  it('as its node is stopped: comes within what that said, however often, not by its own', async () => {
    await using node = await FakeNode.open((visit, count) => {
      letIn(visit)
      if (count < 4) visit.socket.close(4000, 'drain: within 30 ms')
      else if (count === 4) visit.socket.close(4000, 'drain: within 30 hours')
    })
    vi.spyOn(Math, 'random').mockReturnValue(0.99)
    const mesh = connect(node.url, {WebSocket, reconnectMinMs: 200})
    const pauses: number[] = []
    mesh.onState((state) => {
      if (state.type === 'waiting') pauses.push(state.delayMs)
    })
    await eventually(() => node.visits.length === 6)
    expect(pauses).toEqual([30, 30, 30, 30, 198])
    mesh.close()
  })

  it('a request that was on its way is lost; what waits goes to the next', async () => {
    await using at = await ClientMesh.open(2)
    const {mesh, is} = await at.open()
    const {node} = await is('open')
    const asked = mesh.request('silent')
    const [dying, living] = at.nodes.toSorted((a) => (a.id === node ? -1 : 1))
    await dying?.close()
    await expect(asked).rejects.toMatchObject({code: 'lost'})
    mesh.send('note', 1)
    const second = mesh.request('echo', 2)
    mesh.send('note', 3)
    expect(await second).toEqual([2])
    expect(await mesh.request('noted')).toEqual([[1], [3]])
    expect(mesh.state).toMatchObject({type: 'open', node: living?.id, recovered: true})
  })

  it('after a pause however long, which no timer takes for none at all', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.9999)
    const warned = vi.spyOn(process, 'emitWarning')
    const options = {WebSocket, reconnectMinMs: 2 ** 40, reconnectMaxMs: Infinity}
    const mesh = connect(NOWHERE, {...options, timeoutMs: Infinity})
    mesh.request('patient').catch(() => {})
    await eventually(() => mesh.state.type === 'waiting')
    const {state} = mesh
    mesh.close()
    expect(state).toMatchObject({delayMs: expect.any(Number)})
    expect(state.type === 'waiting' && state.delayMs).toBeLessThan(2 ** 31)
    expect(warned).not.toHaveBeenCalled()
  })

  it.each([
    [2, [2, 4, 8, 16, 16, 16, 0, 0]],
    [0, [1, 2, 4, 8, 16, 16, 0, 0]],
  ])('pauses are random, and doubled from %i to their most', async (reconnectMinMs, expected) => {
    vi.spyOn(Math, 'random').mockReturnValue(0.9999)
    const mesh = connect(NOWHERE, {WebSocket, reconnectMinMs, reconnectMaxMs: 16})
    const pauses: number[] = []
    const whys = new Set<string>()
    mesh.onState((state) => {
      if (state.type !== 'waiting') return
      pauses.push(state.delayMs)
      whys.add(state.why)
    })
    await eventually(() => pauses.length === 6)
    vi.mocked(Math.random).mockReturnValue(0)
    await eventually(() => pauses.length >= 8)
    mesh.close()
    expect(pauses.slice(0, 8)).toEqual(expected)
    expect([...whys]).toEqual(['Closed (1006)'])
  })

  it('the network is back, or the page is seen again: at once', async () => {
    const events = new EventTarget()
    const page = Object.assign(new EventTarget(), {visibilityState: 'hidden'})
    vi.stubGlobal('addEventListener', events.addEventListener.bind(events))
    vi.stubGlobal('removeEventListener', events.removeEventListener.bind(events))
    vi.stubGlobal('document', page)
    vi.spyOn(Math, 'random').mockReturnValue(0.9999)
    const mesh = connect(NOWHERE, {WebSocket, reconnectMinMs: 3_600_000, reconnectMaxMs: 3_600_000})
    let pauses = 0
    mesh.onState(({type}) => (pauses += Number(type === 'waiting')))
    await eventually(() => pauses === 1)
    events.dispatchEvent(new Event('online'))
    await eventually(() => pauses === 2)
    page.dispatchEvent(new Event('visibilitychange'))
    page.visibilityState = 'visible'
    page.dispatchEvent(new Event('visibilitychange'))
    await eventually(() => pauses === 3)
    mesh.close()
    events.dispatchEvent(new Event('online'))
    await new Promise((resolve) => setImmediate(resolve))
    expect(mesh.state.type).toBe('closed')
    expect(pauses).toBe(3)
  })

  it('silently, as the network carries nothing: the next node is found', async () => {
    await using at = await ClientMesh.open(1, {pingMs: 200})
    await using tunnel = await Tunnel.open(at.urls[0] ?? '')
    const {mesh, got, is} = await at.connect({}, tunnel.url)
    await is('open')
    tunnel.isDead = true
    await at.say(1)
    const {why} = await is('waiting')
    expect(why).toBe('The node does not answer')
    tunnel.revive()
    await eventually(() => got.length === 1, {timeoutMs: 10_000})
    expect(mesh.state).toMatchObject({type: 'open', recovered: true})
  })

  it('a connection where nothing happens is not taken for one that broke', async () => {
    await using at = await ClientMesh.open(1, {pingMs: 100})
    let heard = 0
    class Counting extends WebSocket {
      constructor(url: string, protocol: string) {
        super(url, protocol)
        this.on('message', () => (heard += 1))
      }
    }
    const {states} = await at.open({WebSocket: Counting})
    // Longer than the silence after which it asks.
    await eventually(() => heard > 5, {timeoutMs: 20_000})
    expect(states.map(({type}) => type)).toEqual(['connecting', 'open'])
  })

  it('a node that says something once in a blue moon is not asked without end', () => {
    const timer = vi.spyOn(globalThis, 'setTimeout')
    const watch = new Watch(() => {}, () => {})
    watch.start(1e300)
    watch.stop()
    expect(timer.mock.calls.map(([, ms]) => ms)).toEqual([2 ** 31 - 1])
  })
})

describe('what comes', () => {
  it('twice is handed on once, and an answer without recovery says so', async () => {
    await using node = await FakeNode.open((visit, count) => {
      letIn(visit, count === 0 ? {} : {recovered: false, position: 'f.1.1'})
      const epoch = count === 0 ? 'e' : 'f'
      const seqs = count === 0 ? [2, 3, 2, 3, 4] : [1, 2, 2]
      for (const seq of seqs) {
        const place = {id: `a-${seq}`, position: `${epoch}.1.${seq}`}
        visit.say({action: 'n', details: [`${epoch}${seq}`], ...place})
      }
      if (count === 0) visit.socket.close(4000)
    })
    const mesh = connect(node.url, {WebSocket, reconnectMinMs: 1})
    const got: unknown[] = []
    mesh.on('n', (text) => got.push(text)).on('end', () => {})
    mesh.onRecovered((isRecovered) => got.push(isRecovered))
    await eventually(() => got.includes('f2'))
    expect(got).toEqual(['e2', 'e3', 'e4', false, 'f2'])
    expect(node.visits.map(({proof}) => proof['resume'])).toEqual([undefined, 'e.1.4'])
    mesh.close()
  })

  it('that is no frame: it is no node', async () => {
    await using node = await FakeNode.open(({socket}) => socket.send('Server/close'))
    const mesh = connect(node.url, {WebSocket})
    await eventually(() => mesh.state.type === 'waiting')
    expect(mesh.state).toMatchObject({why: 'No node of a mesh'})
    mesh.close()
  })
})
