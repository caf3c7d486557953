import {expect, it} from 'vitest'
import {connectTestClient} from '../../helpers/test-client.js'
import {startTestMesh} from '../../helpers/test-node.js'
import {runCli} from '../../helpers/cli.js'

it('explain: a client that resumed at another node got what it missed', async () => {
  await using mesh = await startTestMesh(2)
  const [a, b] = mesh.nodes
  if (!a || !b) throw new Error('no nodes')
  const tab = await mesh.client(a, '42', {isV1: true})
  await a.publish('hello', ['1'], {user: 42})
  const {position: resume} = (await tab.next()) as {position: string}
  await tab.close()
  const {id} = await a.publish('hello', ['2'], {user: 42})
  const again = await connectTestClient(b.addresses.clientUrl, ['wsmesh.v1'])
  again.send({action: 'Client/authentication', details: [{token: await mesh.token('42'), resume}]})
  await again.next()
  await again.next()
  const env = {WSMESH_DATA_DIR: mesh.folder, WSMESH_SECRET: 'a secret for tests only'}
  const {stdout, exit} = await runCli(['explain', id, '--json'], {env})
  const {messages} = JSON.parse(stdout) as {messages: {byNode: {connections: object[]}[]}[]}
  expect(messages[0]?.byNode.map(({connections}) => connections)).toMatchObject([
    [{outcome: 'earlier'}],
    [{outcome: 'recovered'}],
  ])
  expect(exit).toBe(0)
  again.ws.terminate()
})
