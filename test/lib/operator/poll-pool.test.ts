import {expect, it} from 'vitest'
import type {OperatorConnection} from '../../../src/lib/operator/operator-connection.js'
import {pollPool, type PollAccess} from '../../../src/lib/operator/poll-pool.js'
import {surveyPool} from '../../../src/lib/operator/pool-survey.js'
import type {NodeId} from '../../../src/lib/util/brand.js'
import {WsmeshError} from '../../../src/lib/util/errors.js'

const URL = 'ws://127.0.0.1:1'

/** One that ended while nobody looked: what it is asked fails at once. */
const ended = {node: 'a-1' as NodeId, url: URL, isOver: true, close: () => undefined}
const alive = {...ended, isOver: false}

const unreachable = (why: string): WsmeshError =>
  new WsmeshError('NODE_UNREACHABLE', `The node at ${URL} is not in reach`, {cause: new Error(why)})

/** Of a pool of one node; `dials` are what connecting gives, one after the other. */
function accessOf(dials: (typeof ended | WsmeshError)[]): PollAccess {
  const member = {id: 'a-1', url: URL}
  return {
    nodeUrl: undefined,
    timeoutMs: 1000,
    poolLabel: 'sqlite:',
    book: {recall: () => Promise.resolve([])},
    secret: () => Promise.resolve('secret'),
    readPool: () => Promise.resolve({members: [member], lease: undefined}),
    leftMs: () => 1000,
    connect: () => {
      const next = dials.shift()
      if (next === undefined) throw new Error('dialled once too often')
      return next instanceof WsmeshError ? Promise.reject(next) : Promise.resolve(next)
    },
  } as unknown as PollAccess
}

const question = ({isOver}: OperatorConnection): Promise<string> =>
  isOver ? Promise.reject(unreachable('the connection has ended')) : Promise.resolve('yes')

it.each([
  {of: 'a node that is gone', dials: [ended, unreachable('refused')], state: 'stale'},
  {of: 'a node that is back', dials: [ended, alive], state: 'up'},
  {of: 'a node that ends each', dials: [ended, ended], state: 'unreachable'},
])('a kept connection that ended is dialled anew, once: $of', async ({dials, state}) => {
  const {nodes} = await pollPool(accessOf(dials), question, {keeps: true})
  expect(nodes).toMatchObject([{id: 'a-1', state}])
  expect(dials).toEqual([])
})

it('a connection of this poll alone is not', async () => {
  const {nodes} = await pollPool(accessOf([ended]), question)
  expect(nodes).toMatchObject([{state: 'unreachable', why: 'the connection has ended'}])
})

const late = new WsmeshError('TIMED_OUT', 'Node a-1 did not answer within 1 ms')

it('who does not answer had all of the time, not what was left for the last question', async () => {
  const {nodes} = await pollPool(accessOf([alive]), () => Promise.reject(late))
  expect(nodes).toMatchObject([{state: 'unreachable', why: 'no answer within 1 s'}])
})

it('a node that answered is up, though no time was left to measure how far it is', async () => {
  const slow = {...alive, stats: () => Promise.resolve({role: 'master'}),
    ping: () => Promise.reject(late)}
  const {nodes} = await surveyPool(accessOf([slow]))
  expect(nodes).toMatchObject([{state: 'up', stats: {role: 'master'}, rttMs: undefined}])
})
