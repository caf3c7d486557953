import {expect, test} from 'vitest'
import {MovingTargets, targetOf} from '../../../src/lib/siege/targets/moving-targets.js'
import {nodeId} from '../../../src/lib/util/brand.js'

const PUBLIC = 'ws://127.0.0.1:8080/WebSockets'

function member(id: string, order: number, beat = 1) {
  return {id: nodeId(id), url: `ws+unix:/data/${id}.sock:/mesh`, clientUrl: PUBLIC, order, beat}
}

const [A, B] = [member('n-aaaa', 1), member('n-bbbb', 2)]
const [C, D] = [member('n-cccc', 3), member('n-dddd', 4)]
const TARGETS = [A, B].map(({id, url, clientUrl}) => targetOf(id, url, clientUrl))

function following(): MovingTargets {
  return new MovingTargets(TARGETS)
}

test('who is replaced has its successor in its place, and that one its own', () => {
  const targets = following()
  const at = (ms: number, ...members: readonly (typeof A)[]) =>
    targets.seen(members.map((each) => ({...each, beat: ms})), ms)
  expect(at(0, A, B)).toBeUndefined()
  // The successor is there before its predecessor goes.
  expect(at(1000, A, B, C)).toBeUndefined()
  expect(at(2000, B, C)?.map(({name}) => name)).toEqual([C.id, B.id])
  expect(at(3000, B, C)).toBeUndefined()
  const moved = at(4000, C, D)
  expect(moved?.map(({operatorUrl}) => operatorUrl)).toEqual([C.url, D.url])
  expect(moved?.map(({httpUrl}) => httpUrl)).toEqual(Array(2).fill('http://127.0.0.1:8080'))
})

test('a killed node leaves its row, which nobody renews', () => {
  const targets = following()
  const at = (beat: number, ...others: readonly (typeof A)[]) => [A, {...B, beat}, ...others]
  expect(targets.seen(at(1), 0)).toBeUndefined()
  expect(targets.seen(at(1, C), 1000)).toBeUndefined()
  const later = [...at(9, {...C, beat: 2})]
  expect(targets.seen(later, 3000)?.map(({name}) => name)).toEqual([C.id, B.id])
})

test('a mesh that got smaller keeps its places', () => {
  const targets = following()
  expect(targets.seen([B], 0)).toBeUndefined()
  expect(targets.seen([B, D], 1000)?.map(({name}) => name)).toEqual([D.id, B.id])
})
