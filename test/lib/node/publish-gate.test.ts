import {describe, expect, it} from 'vitest'
import {PublishGate} from '../../../src/lib/node/publish-gate.js'

function bench() {
  const pings: string[] = []
  const gate = new PublishGate((payload) => pings.push(payload))
  return {gate, pings}
}

/** What is told is followed by a ping once the turn's other work is done. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

describe('the gate of a connection', () => {
  it('is open, and stays so when the peer answers other pings', () => {
    const {gate} = bench()
    expect(gate.isShut).toBe(false)
    gate.ponged('')
    expect(gate.isShut).toBe(false)
  })

  it('is shut at once, asks once the refusal is told, and opens with the answer', async () => {
    const {gate, pings} = bench()
    gate.refused()
    expect(gate.isShut).toBe(true)
    await turn()
    expect(pings).toEqual([])
    gate.told()
    expect(gate.isShut).toBe(true)
    await turn()
    expect(pings).toEqual(['1'])
    expect(gate.isShut).toBe(true)
    gate.ponged('1')
    expect(gate.isShut).toBe(false)
  })

  it('asks once for what is told together', async () => {
    const {gate, pings} = bench()
    for (let n = 0; n < 5; n += 1) gate.refused()
    for (let n = 0; n < 5; n += 1) gate.told()
    await turn()
    expect(pings).toEqual(['1'])
    gate.ponged('1')
    expect(gate.isShut).toBe(false)
  })

  it('opens with the answer to its last ping alone', async () => {
    const {gate, pings} = bench()
    gate.refused()
    gate.told()
    await turn()
    gate.refused()
    gate.told()
    await turn()
    expect(pings).toEqual(['1', '2'])
    for (const payload of ['1', '', '3', 'x']) {
      gate.ponged(payload)
      expect(gate.isShut).toBe(true)
    }
    gate.ponged('2')
    expect(gate.isShut).toBe(false)
  })

  it('stays shut while a refusal is not told, whatever the peer answers', async () => {
    const {gate} = bench()
    gate.refused()
    gate.told()
    await turn()
    gate.refused()
    gate.ponged('1')
    expect(gate.isShut).toBe(true)
    gate.told()
    gate.ponged('1')
    expect(gate.isShut).toBe(true)
    await turn()
    gate.ponged('2')
    expect(gate.isShut).toBe(false)
  })
})
