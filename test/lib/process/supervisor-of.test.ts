import {expect, it} from 'vitest'
import {supervisorOf} from '../../../src/lib/process/supervisor-of.js'

it.each([
  ['systemd', 7, {SYSTEMD_EXEC_PID: '7'}],
  ['a shell of a service', 7, {SYSTEMD_EXEC_PID: '6'}],
  ['container', 1, {}],
  ['nobody', 7, {}],
] as const)('%s', (name, pid, env) => {
  const known = name === 'systemd' || name === 'container' ? name : undefined
  expect(supervisorOf({pid, env})).toBe(known)
})
