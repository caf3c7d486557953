/** Operators have nodes leave and step down; in one mesh, from which one after the other goes. */
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {viewerFileOf} from '../../../../src/lib/auth/secret-file.js'
import type {MeshNode} from '../../../../src/lib/node/create-node.js'
import {actOnNode, type ActOptions} from '../../../../src/lib/operator/act-on-node.js'
import {MeshAccess} from '../../../../src/lib/operator/mesh-access.js'
import type {ActEvent, NodeAct} from '../../../../src/lib/protocol/act-frame.js'
import {eventually, within} from '../../../helpers/eventually.js'
import {startTestMesh, type TestMesh} from '../../../helpers/test-node.js'

let mesh: TestMesh
const SECRET = 'a secret for tests only'

beforeAll(async () => {
  mesh = await startTestMesh(0)
})
afterAll(() => mesh[Symbol.asyncDispose]())

/** Living ones. */
const nodes = (): MeshNode[] => mesh.nodes.filter(({standing: {state}}) => state !== 'drained')
const master = (): MeshNode => {
  const found = nodes().find(({standing}) => standing.state === 'mastering')
  if (found === undefined) throw new Error('There is no master')
  return found
}
const follower = (): MeshNode => {
  const found = nodes().find(({standing}) => standing.state === 'following')
  if (found === undefined) throw new Error('There is no follower')
  return found
}

function access(secret = SECRET, node?: string): MeshAccess {
  return new MeshAccess({
    poolUrl: 'sqlite:', poolPrefix: 'wsmesh_', dataDir: mesh.folder, secretFile: undefined,
    env: {WSMESH_SECRET: secret}, node, timeoutMs: 5000,
  })
}

const ask = (node: string, act: NodeAct, options?: ActOptions) =>
  actOnNode(access(), node, act, options)

/** Nodes of the mesh are so many again. */
async function fill(size: number): Promise<void> {
  while (nodes().length < size) await within((await mesh.start()).ready, 'a node to be linked')
  await eventually(() => nodes().some(({standing}) => standing.state === 'mastering'))
  await eventually(() => master().stats().view.length === size)
}

describe('the only node', () => {
  it('does not leave unless that is meant, and nobody can take over from it', async () => {
    await fill(1)
    const {id} = master()
    const why = `Node ${id} refused: ${id} is the only node`
    for (const act of ['drain', 'stop', 'step-down'] as const) {
      await expect(ask(id, act)).rejects.toMatchObject({
        code: 'NODE_REFUSED', message: expect.stringContaining(why),
      })
    }
    expect(master().stats()).toMatchObject({role: 'master', meter: {isDraining: false}})
  })
})

describe('step-down', () => {
  it('has another lead; what is sent meanwhile arrives once, and clients stay', async () => {
    await fill(3)
    const before = master()
    const client = await mesh.client(before, '42')
    const sent = Array.from({length: 20}, (_, n) => before.publish('n', n, {user: 42}))
    const outcome = await ask(before.id, 'step-down')
    expect(outcome).toMatchObject({wasMaster: true, master: master().id, clients: 0})
    expect(master().id).not.toBe(before.id)
    expect(before.standing).toMatchObject({state: 'following', master: master().id})
    for (const receipt of await Promise.all(sent)) expect(receipt.connections).toBe(1)
    for (let n = 0; n < 20; n += 1) expect(await client.next()).toMatchObject({details: [n]})
    expect(await ask(before.id, 'step-down')).toMatchObject({wasMaster: false, master: master().id})
  })
})

describe('drain', () => {
  it('of the master: another leads, then clients go, then it is out of the pool', async () => {
    await fill(3)
    const leaving = master()
    const clients = await Promise.all(
      Array.from({length: 60}, (_, n) => mesh.client(leaving, `${n}`)))
    const steps: ActEvent[] = []
    const done = ask(leaving.id, 'drain', {onStep: (step) => void steps.push(step)})
    await eventually(() => steps.length > 0)
    // Clients that it still has are served meanwhile.
    expect(steps[0]).toMatchObject({step: 'handed-over', clients: 60})
    expect(steps[0]?.left).toBeGreaterThan(30)
    expect(leaving.stats()).toMatchObject({meter: {isDraining: true}, role: 'follower'})
    const last = clients.at(-1)
    const {connections} = await master().publish('hello', [], {user: 59})
    expect([connections, await last?.next()]).toEqual([1, {action: 'hello', details: []}])
    await expect(mesh.client(leaving, '1')).rejects.toThrow('503')
    const outcome = await done
    expect(outcome).toMatchObject({act: 'drain', wasMaster: true, master: master().id, clients: 60})
    expect(outcome.handoverMs).toBeLessThan(outcome.ms)
    for (const {closed} of clients) {
      expect(await closed).toEqual({code: 4000, reason: 'drain: within 500 ms'})
    }
    expect(await leaving.ended).toBe('drained')
    expect((await access().readPool()).members.map(({id}) => id)).not.toContain(leaving.id)
    expect((await master().publish('hello', [], {everyone: true})).missing).toEqual([])
  })

  it('becomes a stop, and whoever asked for either hears of the end', async () => {
    await fill(3)
    const leaving = follower()
    const client = await mesh.client(leaving, '1')
    for (let n = 0; n < 100; n += 1) await mesh.client(leaving, '2')
    const steps: ActEvent[] = []
    const slow = ask(leaving.id, 'restart', {
      isSure: true, overMs: 3_600_000, onStep: (step) => void steps.push(step),
    })
    await client.closed
    const stopped = await ask(leaving.id, 'stop')
    expect(stopped).toMatchObject({act: 'stop', clients: 101, handoverMs: null})
    expect(await slow).toMatchObject({act: 'restart', clients: 101, supervisor: null})
    // The first of both said how it is to end.
    expect(await leaving.ended).toBe('restart')
  })
})

describe('restart', () => {
  it('is refused where nothing would start the node again', async () => {
    await fill(2)
    const {id} = follower()
    await expect(ask(id, 'restart')).rejects.toMatchObject({
      code: 'NODE_REFUSED', message: expect.stringContaining('nothing would start'),
    })
    await expect(follower().publish('hello', [], {everyone: true})).resolves.toBeDefined()
  })

  it('says who starts it again', async () => {
    await fill(2)
    const kept = await mesh.start({}, {supervisor: 'systemd'})
    await within(kept.ready, 'a node to be linked')
    await eventually(() => master().stats().view.length === 3)
    expect(await ask(kept.id, 'restart')).toMatchObject({supervisor: 'systemd', clients: 0})
    expect(await kept.ended).toBe('restart')
  })
})

describe('who may ask for what', () => {
  it('a viewer for nothing', async () => {
    await fill(2)
    const viewers = access(viewerFileOf(mesh.secret))
    await expect(actOnNode(viewers, follower().id, 'stop')).rejects.toMatchObject({
      code: 'NOT_ALLOWED',
    })
    expect(nodes()).toHaveLength(2)
  })

  it('another node than the one that is meant does nothing', async () => {
    await fill(2)
    const {id, addresses: {nodeUrl: url}} = follower()
    for (const wanted of ['n-else', '127.0.0.1:1', '']) {
      await expect(actOnNode(access(SECRET, url), wanted, 'stop')).rejects.toMatchObject({
        code: 'NODE_UNREACHABLE', message: `Node ${wanted} is not the one at ${url}: ${id} is`,
      })
    }
    expect(nodes()).toHaveLength(2)
    const gone = id.replace('test', 'gone')
    await expect(ask(gone, 'stop')).rejects.toMatchObject({code: 'NODE_UNREACHABLE'})
    expect(await actOnNode(access(SECRET, url), id.slice(0, -1), 'stop')).toMatchObject({node: id})
  })
})
