import {expect, it} from 'vitest'
import type {MeshEvent} from '../../../src/lib/mesh/event.js'
import {Counters} from '../../../src/lib/node/counters.js'
import {Publisher} from '../../../src/lib/node/publisher.js'
import {createSend} from '../../../src/lib/node/send-message.js'

it.each(['Client/authentication', 'a b', 'a\n'])('a handler cannot send %j', async (action) => {
  const pushed: MeshEvent[] = []
  const send = createSend(new Publisher((event) => void pushed.push(event), new Counters()))
  await expect(send(action, ['Hi'], {user: '42'})).rejects.toMatchObject({
    name: 'WsmeshError',
    code: 'REQUEST_INVALID',
  })
  expect(pushed).toEqual([])
})
