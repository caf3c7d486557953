import {rmSync} from 'node:fs'
import {dirname} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {loadSecret} from '../../src/lib/auth/secret.js'
import {MeshSecret} from '../../src/lib/auth/mesh-secret.js'
import {connectOperator} from '../../src/lib/operator/operator-client.js'
import type {OperatorConnection} from '../../src/lib/operator/operator-connection.js'
import {STEP_DOWN} from '../../src/lib/siege/soak/failover.js'
import {NodeTarget} from '../../src/lib/siege/soak/soak-target.js'
import {eventually} from '../helpers/eventually.js'
import {ServeMesh, type ServeProcess} from '../helpers/serve-process.js'

/** The memory of a node as an operator is told it; a process, since Vitest's own heap is large. */
let mesh: ServeMesh
let node: ServeProcess
let operator: OperatorConnection
let secret: MeshSecret

beforeAll(async () => {
  mesh = await ServeMesh.open()
  node = await mesh.start()
  secret = await loadSecret({env: {}, dataDir: mesh.folder})
  operator = await connectOperator({url: node.ready.nodeUrl, secret, timeoutMs: 10_000})
})
afterAll(async () => {
  operator.close()
  await mesh[Symbol.asyncDispose]()
})

describe('a sample of a node', {timeout: 120_000}, () => {
  test('has gauges that follow its clients, and return', async () => {
    const {sample: before, snapshot} = await operator.soak({}, 60_000)
    expect(snapshot).toBeNull()
    const tab = await mesh.connect(node, '42')
    const {sample: full} = await operator.soak({}, 60_000)
    expect(full.pid).toBe(node.ready.pid)
    expect(full.classes['ClientConnection']).toBe(1)
    expect(full.gauges).toMatchObject({
      connections: {kind: 'exact', value: 1},
      users: {kind: 'exact', value: 1},
      operators: {kind: 'exact', value: 1},
      visits: {kind: 'bounded', value: 0},
    })
    tab.ws.close()
    await eventually(async () => (await node.stats()).connections === 0)
    const {sample: after} = await operator.soak({}, 60_000)
    expect(after.gauges).toMatchObject({...before.gauges, visits: {kind: 'bounded', value: 1}})
  })

  test('comes with what holds a class, from a snapshot on the disk of the node', async () => {
    const tab = await mesh.connect(node, '43')
    const {snapshot} = await operator.soak({holdersOf: ['ClientConnection']}, 60_000)
    expect(snapshot?.holders).toMatchObject([{class: 'ClientConnection'}])
    expect(snapshot?.holders[0]?.path).toContain('ClientConnection')
    rmSync(dirname(snapshot?.file ?? ''), {recursive: true})
    tab.ws.close()
  })

  test('is for who proves the secret alone', async () => {
    const other = new MeshSecret('another secret of a test', 'test')
    const stranger = connectOperator({url: node.ready.nodeUrl, secret: other, timeoutMs: 10_000})
    await expect(stranger).rejects.toMatchObject({code: 'AUTH_REJECTED'})
  })

  test('a master hands over when a soak wants it to, and both say so', async () => {
    const other = await mesh.start()
    const targets = [node, other].map(({ready}) => {
      const place = {name: ready.node, clientUrl: ready.clientUrl, operatorUrl: ready.nodeUrl}
      return new NodeTarget(place, {operatorUrl: ready.nodeUrl, httpUrl: ready.httpUrl, secret})
    })
    const leads = () => Promise.all(targets.map(async (target) =>
      (await target.rest()).place?.isMaster))
    expect(await leads()).toEqual([true, false])
    const {what, replaced} = await STEP_DOWN.run(targets)
    expect(what).toBe(`${node.ready.node} handed over to ${other.ready.node}`)
    expect(replaced).toBeUndefined()
    expect(await leads()).toEqual([false, true])
    for (const target of targets) target.close()
  })
})
