import {eventually} from '../../helpers/eventually.js'
import {relayContract} from '../../contract/relay-contract.js'
import {startTestMesh} from '../../helpers/test-node.js'

relayContract('master', async () => {
  const mesh = await startTestMesh(3)
  await eventually(() => mesh.nodes[0]?.stats().view.length === 3)
  return mesh
})
