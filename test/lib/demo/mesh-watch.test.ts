import {expect, test} from 'vitest'

import {MeshWatch} from '../../../src/lib/demo/mesh-watch.js'
import {eventually} from '../../helpers/eventually.js'

function createWatch(lookMs: number) {
  const state = {text: 'a', isWhole: true, looks: 0}
  const look = async () => {
    state.looks += 1
    return {text: state.text, isWhole: state.isWhole}
  }
  return {state, watch: new MeshWatch({look, lookMs, lookOftenMs: 1})}
}

const NEVER = 1_000_000

test('each watcher is told at once, and again only when it is something else', async () => {
  const {state, watch} = createWatch(1)
  const told: string[] = []
  const end = watch.add((text) => told.push(text))
  await eventually(() => state.looks > 5)
  expect(told).toEqual(['a'])
  const late: string[] = []
  const endLate = watch.add((text) => late.push(text))
  await eventually(() => late.length === 1)
  state.text = 'b'
  await eventually(() => told.length === 2 && late.length === 2)
  expect([told, late]).toEqual([['a', 'b'], ['a', 'b']])
  end()
  endLate()
})

test('nobody looks while nobody watches', async () => {
  const {state, watch} = createWatch(1)
  watch.stir()
  expect(state.looks).toBe(0)
  const end = watch.add(() => {})
  await eventually(() => state.looks > 2)
  end()
  const after = state.looks
  // A look that was under way may end; no other begins.
  watch.add(() => {})()
  await new Promise((resolve) => setImmediate(resolve))
  expect(state.looks).toBeLessThanOrEqual(after + 1)
})

test('what happens is looked at now, also during a look', async () => {
  const {state, watch} = createWatch(NEVER)
  const told: string[] = []
  const end = watch.add((text) => told.push(text))
  await eventually(() => told.length === 1)
  state.text = 'b'
  watch.stir()
  state.text = 'c'
  watch.stir()
  await eventually(() => told.at(-1) === 'c')
  end()
})

test('a broken mesh is looked at more often', async () => {
  const {state, watch} = createWatch(NEVER)
  state.isWhole = false
  const end = watch.add(() => {})
  await eventually(() => state.looks > 5)
  end()
})
