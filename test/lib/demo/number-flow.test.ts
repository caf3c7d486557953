import {afterEach, expect, test} from 'vitest'

import {NumberFlow} from '../../../src/lib/demo/number-flow.js'
import type {NamedPublication} from '../../../src/lib/operator/resending-publisher.js'
import {withResolvers} from '../../../src/lib/operator/resolvers.js'
import {eventually} from '../../helpers/eventually.js'

let flow: NumberFlow

afterEach(() => flow.close())

/** A mesh that gives receipts when it is told to. */
function createFlow(answer: () => Promise<unknown>) {
  const published: NamedPublication[] = []
  const reports: string[] = []
  const connections = {opened: 0, closed: 0}
  flow = new NumberFlow({
    beatMs: 1,
    report: (line) => reports.push(line),
    connect: () => {
      connections.opened += 1
      return {
        publish: (publication) => {
          published.push(publication)
          return answer()
        },
        close: () => (connections.closed += 1),
      }
    },
  })
  return {published, reports, connections}
}

function numbersOf(published: readonly NamedPublication[]): readonly unknown[] {
  return published.map(({details}) => (Array.isArray(details) ? details[0] : undefined))
}

test('1, 2, 3, … to the tabs of the page alone, each with an id of its own', async () => {
  const {published} = createFlow(() => Promise.resolve())
  expect(published).toEqual([])
  flow.listen()
  await eventually(() => published.length >= 3)
  expect(numbersOf(published).slice(0, 3)).toEqual([1, 2, 3])
  expect(new Set(published.map(({messageId}) => messageId)).size).toBe(published.length)
  expect(published[0]).toMatchObject({action: 'demo/number', target: {group: 'wsmesh-demo'}})
})

test('goes on where it stopped, and stops when the last one goes', async () => {
  const {published, connections} = createFlow(() => Promise.resolve())
  const first = flow.listen()
  const second = flow.listen()
  await eventually(() => published.length >= 2)
  first()
  const seen = published.length
  await eventually(() => published.length > seen)
  second()
  const after = published.length
  flow.listen()
  await eventually(() => published.length >= after + 2)
  expect(numbersOf(published)).toEqual(published.map((_, index) => index + 1))
  expect(connections.opened).toBe(1)
})

test('waits for receipts when there are none, without losing its place', async () => {
  const receipts: (() => void)[] = []
  const {published} = createFlow(() => {
    const receipt = withResolvers<void>()
    receipts.push(receipt.resolve)
    return receipt.promise
  })
  flow.listen()
  await eventually(() => published.length === 100)
  for (const resolve of receipts.splice(0, 50)) resolve()
  await eventually(() => published.length === 150)
  expect(numbersOf(published)).toEqual(Array.from({length: 150}, (_, index) => index + 1))
})

test('moves when every number has its receipt, and goes on in the same run', async () => {
  const receipts: (() => void)[] = []
  const {published, connections} = createFlow(() => {
    const receipt = withResolvers<void>()
    receipts.push(receipt.resolve)
    return receipt.promise
  })
  flow.listen()
  await eventually(() => published.length >= 3)
  flow.move()
  await eventually(() => published.length >= 6)
  expect(connections).toEqual({opened: 1, closed: 0})
  await eventually(() => {
    for (const resolve of receipts.splice(0)) resolve()
    return connections.opened === 2
  })
  expect(connections).toEqual({opened: 2, closed: 1})
  const after = published.length
  await eventually(() => published.length > after)
  expect(numbersOf(published)).toEqual(published.map((_, index) => index + 1))
  const runs = published.map(({messageId}) => messageId.replace(/\d+$/, ''))
  expect(new Set(runs).size).toBe(1)
})

test('counts anew, and says so once, when numbers were given up', async () => {
  let isBroken = true
  const {published, reports, connections} = createFlow(() =>
    isBroken ? Promise.reject(new Error('No node answers')) : Promise.resolve(),
  )
  flow.listen()
  await eventually(() => connections.closed > 0)
  isBroken = false
  const runs = () => new Set(published.map(({messageId}) => messageId.split('-').slice(1, -1).join()))
  await eventually(() => published.length > 5 && runs().size > 1)
  expect(reports[0]).toBe('The numbers of the page begin anew: No node answers')
  expect(reports.length).toBe(connections.closed)
  expect(numbersOf(published).slice(connections.closed, connections.closed + 2)).toEqual([1, 2])
})
