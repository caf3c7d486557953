import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {eventually} from '../helpers/eventually.js'
import {ServeMesh} from '../helpers/serve-process.js'

test('an exception in the timer of an action module ends nothing, and is counted', async () => {
  await using mesh = await ServeMesh.open()
  const file = join(mesh.folder, 'actions.mjs')
  await writeFile(file, `
    import {EventEmitter} from 'node:events'
    export default (mesh) => {
      mesh.on('timer', ({reply}) => { setTimeout(() => { throw new Error('late') }, 1); reply() })
      mesh.on('event', ({reply}) => {
        const emitter = new EventEmitter()
        setTimeout(() => emitter.emit('error', new Error('unheard')), 1)
        reply()
      })
      mesh.on('promise', ({reply}) => { void Promise.reject(new Error('let go')); reply() })
      mesh.on('hello', ({reply}) => reply('Hi'))
    }
  `)
  const node = await mesh.start('--actions', file)
  const client = await mesh.connect(node, '42')
  for (const action of ['timer', 'event', 'promise']) client.send({action})
  await eventually(async () => (await node.stats()).counters['handlerErrors'] === 3, {
    what: `three failures to be counted; the node said ${node.cli.stderr()}`,
  })
  client.texts.length = 0
  client.send({action: 'hello'})
  await eventually(() => client.texts.some((text) => text.includes('Hi')))
  expect(client.ws.readyState).toBe(client.ws.OPEN)
  await node.cli.says('An action module threw where nobody catches')
  expect(node.cli.stderr()).not.toContain('A bug in wsmesh')
})
