/** Proofs that end, that are refused, and that are renewed, against real nodes. */
import {describe, expect, it, vi} from 'vitest'
import {WebSocket} from 'ws'
import {connect} from '../../../src/lib/client/connect.js'
import {MeshSecret} from '../../../src/lib/auth/mesh-secret.js'
import {signToken} from '../../../src/lib/auth/token.js'
import {ClientMesh} from '../../helpers/client-mesh.js'
import {eventually} from '../../helpers/eventually.js'
import {FakeNode, letIn} from '../../helpers/fake-node.js'

const foreign = (): Promise<string> =>
  signToken({user: '42', ttlMs: 60_000}, new MeshSecret('of another mesh altogether', 'test'))

describe('getToken', () => {
  it('is asked once, and its token serves every connection until it ends', async () => {
    await using at = await ClientMesh.open(2)
    const getToken = vi.fn(() => at.mesh.token('42'))
    const {mesh, is} = await at.open({getToken})
    const {node} = await is('open')
    await at.nodes.find(({id}) => id === node)?.close()
    await is('waiting')
    await is('open')
    expect(getToken).toHaveBeenCalledTimes(1)
    expect(mesh.state).toMatchObject({user: '42', recovered: true})
  })

  it('is asked for another token when the first is refused', async () => {
    await using at = await ClientMesh.open(1)
    const getToken = vi.fn(() => at.mesh.token('42'))
    const {states} = await at.open({token: await foreign(), getToken})
    expect(getToken).toHaveBeenCalledTimes(1)
    expect(states.map(({type}) => type)).toEqual(['connecting', 'connecting', 'open'])
  })

  it('whose fresh token is refused is not asked for ever', async () => {
    await using at = await ClientMesh.open(1)
    const getToken = vi.fn(foreign)
    const {is} = await at.connect({token: await foreign(), getToken})
    const {code, reason} = await is('closed')
    expect(code).toBe(4500)
    expect(reason).toMatch(/^Not let in: /)
    expect(getToken).toHaveBeenCalledTimes(1)
  })

  it('that has none closes the mesh: nobody is logged in', async () => {
    await using at = await ClientMesh.open(1)
    const {is} = await at.connect({getToken: () => null})
    expect(await is('closed')).toMatchObject({code: 4500, reason: 'Nobody is logged in'})
    expect(at.nodes[0]?.stats().counters['clientsAccepted'] ?? 0).toBe(0)
  })

  it('that throws, or rejects, is asked again', async () => {
    await using at = await ClientMesh.open(1)
    const getToken = vi.fn((): string | Promise<string> => {
      const {length} = getToken.mock.calls
      if (length === 1) throw new Error('a mistake')
      return length === 2 ? Promise.reject(new Error('away')) : at.mesh.token('42')
    })
    const {states} = await at.open({getToken, reconnectMinMs: 1})
    expect(states.flatMap((state) => (state.type === 'waiting' ? [state.why] : []))).toEqual([
      'Cannot connect: Error: a mistake', 'Cannot connect: Error: away',
    ])
  })

  it('is asked before a token ends: the connection stays, with the groups of now', async () => {
    await using at = await ClientMesh.open(1)
    const {secret} = at.mesh
    const groups = [['staff'], ['staff', 'press']]
    const getToken = vi.fn(() => {
      const {length} = getToken.mock.calls
      const ttlMs = length === 1 ? 2000 : 60_000
      return signToken({user: '42', groups: groups[length - 1] ?? [], ttlMs}, secret)
    })
    const {states, recovered} = await at.open({getToken})
    const [node] = at.nodes
    await eventually(() => getToken.mock.calls.length === 2, {timeoutMs: 10_000})
    await eventually(() => states.length === 3)
    expect(states).toMatchObject([
      {type: 'connecting'}, {type: 'open', groups: ['staff']},
      {type: 'open', groups: ['staff', 'press'], recovered: null},
    ])
    expect(recovered).toEqual([])
    expect(node?.stats().counters['clientsAccepted']).toBe(1)
  })

  it('is asked again for the next connection when the token is about to end', async () => {
    await using node = await FakeNode.open((visit, count) => {
      letIn(visit, {expiresInMs: count === 0 ? 60_000 : 4000})
      if (count < 2) visit.socket.close(4000, 'drain')
    })
    let number = 0
    const getToken = (): string => `token ${(number += 1)}`
    const mesh = connect(node.url, {WebSocket, getToken, reconnectMinMs: 1})
    await eventually(() => node.visits.length === 3)
    mesh.close()
    expect(node.visits.map(({proof}) => proof['token'])).toEqual(['token 1', 'token 1', 'token 2'])
  })

  it('is asked again when the token has ended, as nobody could renew it', async () => {
    const asked: unknown[] = []
    await using node = await FakeNode.open((visit, count) => {
      asked.push(visit.proof['token'])
      letIn(visit)
      if (count === 0) visit.socket.close(4006, 'session-expired')
    })
    let number = 0
    const getToken = (): string => `token ${(number += 1)}`
    const mesh = connect(node.url, {WebSocket, getToken, reconnectMinMs: 1})
    await eventually(() => asked.length === 2)
    expect(asked).toEqual(['token 1', 'token 2'])
    mesh.close()
  })
})

describe('without getToken', () => {
  it('a token that is refused ends it', async () => {
    await using at = await ClientMesh.open(1)
    const {is} = await at.connect({token: await foreign()})
    expect(await is('closed')).toMatchObject({code: 4500})
  })

  it('no proof at all ends it, and as a guest it is let in', async () => {
    await using at = await ClientMesh.open(1)
    const none = await at.connect({token: undefined})
    expect(await none.is('closed')).toMatchObject({code: 4500})
    await using open = await ClientMesh.open(1, {guests: 'allow'})
    const guest = await open.connect({token: undefined})
    expect(await guest.is('open')).toMatchObject({user: null, groups: []})
  })

  it('what it says of itself arrives; while nobody can tell who it is, it comes back', async () => {
    await using node = await FakeNode.open((visit, count) => {
      if (count > 0) return letIn(visit)
      visit.say({action: 'Client/authentication:error', details: [503, 'Cannot check: later']})
    })
    const mesh = connect(node.url, {
      WebSocket, session: 's1', language: 'en', userAgent: 'a browser', position: 'e.1.7',
      reconnectMinMs: 1,
    })
    const whys: string[] = []
    mesh.onState((state) => state.type === 'waiting' && whys.push(state.why))
    await eventually(() => mesh.state.type === 'open')
    expect(whys).toEqual(['Cannot check: later'])
    expect(node.visits[0]?.proof).toEqual({
      session: 's1', language: 'en', user_agent: 'a browser', resume: 'e.1.7',
    })
    mesh.close()
  })

  it('a position that is empty, as a page may render it, is none', async () => {
    await using node = await FakeNode.open((visit) => letIn(visit))
    const mesh = connect(node.url, {WebSocket, token: 't', position: ''})
    await eventually(() => mesh.state.type === 'open')
    expect(mesh.state).toMatchObject({recovered: null})
    expect(node.visits[0]?.proof).toEqual({token: 't'})
    mesh.close()
  })
})
