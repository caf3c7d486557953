import {expect, it} from 'vitest'
import {eventually} from '../../helpers/eventually.js'
import {startTestMesh} from '../../helpers/test-node.js'

it('delivers to every tab of a user on every node, and to nobody else', async () => {
  await using mesh = await startTestMesh(3)
  const [a, b, c] = mesh.nodes
  if (!a || !b || !c) throw new Error('three nodes')
  const tabs = [
    await mesh.client(a, '42'),
    await mesh.client(b, '42'),
    await mesh.client(c, '42'),
    await mesh.client(c, '42', {isV1: true}),
  ]
  const other = await mesh.client(b, '7')
  const receipt = await b.publish('hello', ['Hi'], {user: 42})
  expect(receipt).toMatchObject({connections: 4, nodes: 3, missing: []})
  for (const tab of tabs.slice(0, 3)) {
    expect(await tab.next()).toEqual({action: 'hello', details: ['Hi']})
  }
  expect(await tabs[3]?.next()).toEqual({
    action: 'hello',
    details: ['Hi'],
    id: receipt.id,
    position: receipt.position,
  })
  const all = await a.publish('bye', 'now', {registered: true})
  expect(all.connections).toBe(5)
  expect(await other.next()).toEqual({action: 'bye', details: ['now']})
  expect(other.texts).toHaveLength(2)
})

it('goes on after the master died, and after a drain', async () => {
  await using mesh = await startTestMesh(3)
  const [a, b, c] = mesh.nodes
  if (!a || !b || !c) throw new Error('three nodes')
  expect(a.standing.state).toBe('mastering')
  await eventually(() => a.stats().view.length === 3)
  const client = await mesh.client(c, '42')
  await a.close()
  const receipt = await b.publish('hello', ['after'], {user: 42})
  expect(receipt.connections).toBe(1)
  expect(await client.next()).toEqual({action: 'hello', details: ['after']})
  await eventually(() => [b, c].some((node) => node.standing.state === 'mastering'))
  const master = [b, c].find((node) => node.standing.state === 'mastering')
  const follower = master === b ? c : b
  await master?.drain()
  await eventually(() => follower.standing.state === 'mastering')
  expect((await follower.publish('hello', ['last'], {everyone: true})).missing).toEqual([])
})
