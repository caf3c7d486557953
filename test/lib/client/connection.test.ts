import {describe, expect, it} from 'vitest'
import {ClientMesh} from '../../helpers/client-mesh.js'
import {eventually} from '../../helpers/eventually.js'

describe('a client', () => {
  it('connects, says who it is, and hears messages as arguments', async () => {
    await using at = await ClientMesh.open(1)
    const {mesh, got, is, states} = await at.connect()
    expect(mesh.state).toEqual({type: 'connecting'})
    expect(await is('open')).toEqual({
      type: 'open', user: '42', groups: [], session: null, node: at.nodes[0]?.id, recovered: null,
    })
    const said: (readonly unknown[])[] = []
    mesh.on('n', (...details) => said.push(details))
    await at.say(1, {two: 2}, null)
    await eventually(() => said.length > 0)
    expect(said).toEqual([[1, {two: 2}, null]])
    expect(got).toEqual([1])
    mesh.close()
    expect(states.map(({type}) => type)).toEqual(['connecting', 'open', 'closed'])
    expect(mesh.state).toEqual({type: 'closed', code: 1000, reason: 'closed'})
    await eventually(() => at.nodes[0]?.stats().connections === 0)
  })

  it('goes to another node when its own dies, and misses nothing', async () => {
    await using at = await ClientMesh.open(3)
    const {mesh, got, is, recovered} = await at.connect()
    const {node: first} = await is('open')
    await at.say(1)
    await eventually(() => got.length === 1)
    const dying = at.nodes.find(({id}) => id === first)
    const living = at.nodes.find(({id}) => id !== first)
    await dying?.close()
    await is('waiting')
    await living?.publish('n', [2], {user: '42'})
    const state = await is('open')
    expect(state).toMatchObject({recovered: true})
    expect(state.node).not.toBe(first)
    await living?.publish('n', [3], {user: '42'})
    await eventually(() => got.length === 3)
    expect(got).toEqual([1, 2, 3])
    expect(recovered).toEqual([true])
    mesh.close()
  })

  it('goes to another node when its own is drained, and stays away when it is kicked', async () => {
    await using at = await ClientMesh.open(2)
    const {mesh, got, is, states} = await at.open()
    const {node} = await is('open')
    const [stopping, staying] = at.nodes.toSorted((a) => (a.id === node ? -1 : 1))
    await stopping?.drain()
    await eventually(() => mesh.state.type === 'open' && mesh.state.node === staying?.id)
    expect(states).toContainEqual(expect.objectContaining({
      type: 'waiting', why: 'drain: within 500 ms',
    }))
    await staying?.publish('n', [1], {user: '42'})
    await eventually(() => got.length === 1)
    mesh.send('kick-me')
    expect(await is('closed')).toEqual({type: 'closed', code: 4501, reason: 'kicked'})
  })
})
