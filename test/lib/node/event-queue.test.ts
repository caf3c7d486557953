import {expect, it} from 'vitest'
import type {MeshEffect} from '../../../src/lib/mesh/effect.js'
import type {MeshEvent} from '../../../src/lib/mesh/event.js'
import {EventQueue} from '../../../src/lib/node/event-queue.js'
import {eventually} from '../../helpers/eventually.js'

/** A core that notes what it is told, and delivers once after each link-closed. */
function bench() {
  const steps: string[] = []
  const performed: string[] = []
  const queue = new EventQueue()
  let toDeliver = 0
  let flushes = 0
  const clock = {nowMs: 0}
  const core = {
    step(event: MeshEvent): MeshEffect[] {
      steps.push(event.type === 'link-closed' ? `closed ${event.link}` : event.type)
      if (event.type === 'link-closed') toDeliver += 1
      if (event.type !== 'flush' || toDeliver === 0) return []
      toDeliver -= 1
      return [
        {type: 'close-link', link: 1, reason: 'test'},
        {type: 'deliver', epoch: 'e', after: 0, entries: []},
      ]
    },
  }
  const start = (): void =>
    queue.start({
      core,
      now: () => clock.nowMs,
      perform(effect) {
        performed.push(effect.type)
        if (effect.type !== 'deliver') return
        queue.push({type: 'delivered', after: 0, connections: []})
      },
      flushed: () => void (flushes += 1),
    })
  return {queue, steps, performed, start, clock, flushCount: () => flushes}
}

it('steps in order, performs in order, and flushes once a turn', async () => {
  const {queue, steps, performed, start, flushCount} = bench()
  queue.push({type: 'link-closed', link: 1})
  expect(steps).toEqual([])
  start()
  queue.push({type: 'tick'})
  expect(steps).toEqual(['closed 1', 'tick'])
  await eventually(() => flushCount() === 1)
  // What the flush delivered is news, which another flush of the same turn tells.
  expect(steps).toEqual(['closed 1', 'tick', 'flush', 'delivered', 'flush'])
  expect(performed).toEqual(['close-link', 'deliver'])
})

it('does nothing after it was stopped', async () => {
  const {queue, steps, start} = bench()
  start()
  queue.push({type: 'tick'})
  queue.stop()
  queue.push({type: 'tick'})
  await new Promise((resolve) => setImmediate(resolve))
  expect(steps).toEqual(['tick'])
})

it('flushes who comes alone before the turn ends, and others together at its end', async () => {
  const {queue, steps, start, clock} = bench()
  const turn = async (): Promise<void> => {
    await new Promise<void>((resolve) => setImmediate(resolve))
    steps.push('turn')
  }
  start()
  const first = turn()
  queue.push({type: 'tick'})
  await first
  clock.nowMs += 1
  const second = turn()
  queue.push({type: 'tick'})
  await second
  queue.push({type: 'tick'})
  await turn()
  clock.nowMs += 2
  const third = turn()
  queue.push({type: 'tick'})
  queue.push({type: 'tick'})
  await third
  expect(steps).toEqual([
    'tick', 'flush', 'turn', 'tick', 'turn', 'tick', 'flush', 'turn', 'tick', 'tick', 'flush', 'turn',
  ])
})
