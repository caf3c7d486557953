import {relayContract} from '../../../contract/relay-contract.js'
import {startNats} from '../../../helpers/nats.js'
import {startTestMesh, type TestMesh} from '../../../helpers/test-node.js'

relayContract('nats', async (): Promise<TestMesh> => {
  const nats = await startNats()
  const mesh = await startTestMesh(3, {relay: nats.relay()})
  return {
    ...mesh,
    async [Symbol.asyncDispose]() {
      await mesh[Symbol.asyncDispose]()
      await nats[Symbol.asyncDispose]()
    },
  }
})
