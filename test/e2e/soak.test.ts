import {rmSync} from 'node:fs'
import {dirname} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {loadSecret} from '../../src/lib/auth/secret.js'
import {MeshSecret} from '../../src/lib/auth/mesh-secret.js'
import {connectOperator} from '../../src/lib/operator/operator-client.js'
import type {OperatorConnection} from '../../src/lib/operator/operator-connection.js'
import {eventually} from '../helpers/eventually.js'
import {ServeMesh, type ServeProcess} from '../helpers/serve-process.js'

/** The memory of a node as an operator is told it; a process, since Vitest's own heap is large. */
let mesh: ServeMesh
let node: ServeProcess
let operator: OperatorConnection

beforeAll(async () => {
  mesh = await ServeMesh.open()
  node = await mesh.start()
  const secret = await loadSecret({env: {}, dataDir: mesh.folder})
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
    const secret = new MeshSecret('another secret of a test', 'test')
    const stranger = connectOperator({url: node.ready.nodeUrl, secret, timeoutMs: 10_000})
    await expect(stranger).rejects.toMatchObject({code: 'AUTH_REJECTED'})
  })
})
