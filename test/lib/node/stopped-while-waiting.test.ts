/** A node that ends while clients wait there for their turn (src/lib/node/arrivals.ts). */
import {afterEach, expect, it, vi} from 'vitest'
import type {MeshNode} from '../../../src/lib/node/create-node.js'
import {ClientMesh, type Watched} from '../../helpers/client-mesh.js'
import {eventually, within} from '../../helpers/eventually.js'

/** One of them comes in at once, ten may wait. */
const LIMIT = 2
const CLIENTS = 11

afterEach(() => vi.restoreAllMocks())

/** Clients whose first node is the first; the second is for those who come there later. */
async function crowd(at: ClientMesh, first: MeshNode): Promise<Watched[]> {
  vi.spyOn(Math, 'random').mockReturnValue(0)
  const all = Array.from({length: CLIENTS}, () => at.connect({reconnectMaxMs: 100}))
  const clients = await Promise.all(all)
  await eventually(() => first.stats().counters['clientsDelayedPace'] === CLIENTS - 1)
  vi.restoreAllMocks()
  return clients
}

it.each([
  ['is stopped', (node: MeshNode) => node.drain()],
  ['dies', (node: MeshNode) => node.close()],
])('all who wait at a node that %s are soon at the other', async (_, end) => {
  await using at = await ClientMesh.open(0)
  const first = await at.mesh.start({connectsPerSecond: LIMIT})
  const second = await at.mesh.start()
  await within(second.ready, 'the other node')
  const clients = await crowd(at, first)
  await within(end(first), 'its end')
  for (const {mesh, states} of clients) {
    const isThere = (): boolean => mesh.state.type === 'open' && mesh.state.node === second.id
    await eventually(isThere, {what: () => `the other node, after ${JSON.stringify(states)}`})
  }
  expect(second.stats().connections).toBe(CLIENTS)
  // Nobody was given up on, or asked for anything but to come again.
  expect(clients.flatMap(({states}) => states).map(({type}) => type)).not.toContain('closed')
})
