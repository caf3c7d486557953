/** How `wsmesh node …` tells what it did. */
import {expect, it} from 'vitest'
import Drain from '../../../src/commands/node/drain.js'
import Restart from '../../../src/commands/node/restart.js'
import StepDown from '../../../src/commands/node/step-down.js'
import Stop from '../../../src/commands/node/stop.js'
import {describeAct, describeStep} from '../../../src/lib/cli/node-act.js'
import type {ActOutcome} from '../../../src/lib/operator/act-on-node.js'
import {nodeId} from '../../../src/lib/util/brand.js'

const base: ActOutcome = {
  node: 'n-5c', act: 'drain', wasMaster: true, master: 'n-9e', term: 2, clients: 1180,
  handoverMs: 41, ms: 2400, supervisor: null,
}

it.each<[string, Partial<ActOutcome>]>([
  ['n-5c drained in 2 s; n-9e is master, term 2, 41 ms after the order; 1 180 clients led away', {}],
  ['n-5c drained in 2 s; n-9e is master, term 2; it had no clients',
    {wasMaster: false, handoverMs: null, clients: 0}],
  ['n-5c stopped in 12 ms; n-5c was the last master; 1 client led away',
    {act: 'stop', master: null, handoverMs: null, clients: 1, ms: 12}],
  ['n-5c drained in 2 s; no master is known; it had no clients; nothing starts it again: start it',
    {act: 'restart', master: null, wasMaster: false, clients: 0}],
  ['n-5c drained in 2 s; n-9e is master, term 2; it had no clients; systemd starts a fresh one',
    {act: 'restart', wasMaster: false, handoverMs: null, clients: 0, supervisor: 'systemd'}],
  ['n-5c drained in 2 s; n-9e is master, term 2; it had no clients; its container starts a fresh one',
    {act: 'restart', wasMaster: false, handoverMs: null, clients: 0, supervisor: 'container'}],
  ['n-5c stepped down: n-9e is master, term 2, after 41 ms', {act: 'step-down', ms: 41}],
  ['n-5c stepped down: another is master, term 2, after 41 ms',
    {act: 'step-down', ms: 41, master: null}],
  ['n-5c is no master: n-9e is. Nothing was done', {act: 'step-down', wasMaster: false}],
])('%s', (text, changes) => {
  expect(describeAct({...base, ...changes})).toBe(text)
})

it('what goes on is one line each', () => {
  const event = {
    event: 'act', act: 'drain', node: nodeId('n-5c'), step: 'handed-over',
    master: nodeId('n-9e'), term: 2, clients: 1180, left: 60, ms: 41,
  } as const
  expect(describeStep(event)).toBe('n-9e leads; n-5c goes on leaving')
  expect(describeStep({...event, step: 'leading-away'}))
    .toBe('60 of 1 180 clients left at n-5c')
})

it('asks in production before what ends a node', () => {
  const asking = [Drain, Restart, Stop].map(({danger}) => typeof danger)
  expect(asking).toEqual(['string', 'string', 'string'])
  expect(typeof StepDown.danger).toBe('function')
})
