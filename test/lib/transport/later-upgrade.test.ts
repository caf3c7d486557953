/** Upgrades that are decided later, as those of a crowd are (src/lib/node/arrivals.ts). */
import {afterEach, expect, it} from 'vitest'
import type {Listener, SettledUpgrade} from '../../../src/lib/transport/transport.js'
import {listen} from '../../../src/lib/transport/ws-transport.js'
import {eventually} from '../../helpers/eventually.js'
import {connectRaw, rawFrame, upgradeRequest} from '../../helpers/raw-socket.js'
import type {RawSocket} from '../../helpers/raw-socket.js'

const messages: string[] = []
const waiting = new Set<(decision: SettledUpgrade) => void>()
let listener: Listener

const LET_IN: SettledUpgrade = {
  accept: true,
  kind: 'small',
  subprotocol: undefined,
  handler: () => ({
    onMessage: (data) => void messages.push(Buffer.from(data).toString()),
    onClose() {},
  }),
}

async function ask(): Promise<RawSocket> {
  listener ??= await listen({
    host: '127.0.0.1',
    port: 0,
    kinds: {small: {maxFrameBytes: 1000}},
    connectionsMax: 10,
    onUpgrade: () => ({
      accept: 'later',
      wait(settle) {
        waiting.add(settle)
        return () => void waiting.delete(settle)
      },
    }),
    onRequest: () => ({status: 404, type: 'text/plain; charset=utf-8', body: ''}),
  })
  const raw = await connectRaw(`ws://127.0.0.1:${listener.port}`)
  const before = waiting.size
  raw.write(upgradeRequest('/small'))
  await eventually(() => waiting.size > before)
  return raw
}

function settleAll(decision: SettledUpgrade): void {
  for (const settle of waiting) settle(decision)
  waiting.clear()
}

afterEach(() => waiting.clear())

it('are answered then, and what was said meanwhile is heard', async () => {
  const raw = await ask()
  raw.write(rawFrame('early'))
  expect(raw.text()).toBe('')
  settleAll(LET_IN)
  await eventually(() => messages[0] === 'early')
  expect(raw.text()).toMatch(/^HTTP\/1\.1 101 /)
  raw.socket.destroy()
})

it('may be refused then', async () => {
  const raw = await ask()
  settleAll({accept: false, status: 503, text: 'Full'})
  await eventually(raw.isClosed)
  expect(raw.text()).toMatch(/^HTTP\/1\.1 503 [^]*Full/)
})

it('are given up when the peer goes, however it does, or the listener is closed', async () => {
  const [gone, over, left] = [await ask(), await ask(), await ask()]
  gone.socket.resetAndDestroy()
  over.socket.end()
  await eventually(() => waiting.size === 1)
  await listener.close()
  await eventually(left.isClosed)
  await eventually(() => waiting.size === 0)
})
