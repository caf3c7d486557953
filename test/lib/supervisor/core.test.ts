/** What a supervisor does about what happens, as tables. */
import {describe, expect, it} from 'vitest'
import {SupervisorCore} from '../../../src/lib/supervisor/core.js'
import type {CoreConfig, SupervisorEvent} from '../../../src/lib/supervisor/event.js'
import {firstProbe, judgeProbe, probeSent} from '../../../src/lib/supervisor/probing.js'
import {afterCrash, RESTART_POLICY} from '../../../src/lib/supervisor/restart-policy.js'

const CONFIG: CoreConfig = {
  workers: 1, overlaps: true, restarts: RESTART_POLICY, probeMs: 10_000,
  rssBytesMax: 1000, stopMs: 15_000, startMs: 60_000, loadMs: 30_000,
}
const KILLED = {status: null, signal: 'SIGKILL', said: undefined}
const status = (code: number) => ({status: code, signal: null, said: 'why'})

type Step = readonly [atMs: number, event: SupervisorEvent]

/** The kinds of effects, each with its key, of the last step. */
function run(steps: readonly Step[], config: Partial<CoreConfig> = {}): readonly string[] {
  const core = new SupervisorCore({...CONFIG, ...config})
  let last: readonly string[] = []
  for (const [atMs, event] of steps) {
    last = core.step(event, atMs).map((effect) => {
      if (effect.type === 'signal') return `${effect.signal} ${effect.key}`
      return 'key' in effect && effect.type !== 'say' ? `${effect.type} ${effect.key}` : effect.type
    })
  }
  return last
}

const start: Step = [0, {type: 'start'}]
const ready = (atMs: number, key: number): Step => [atMs, {type: 'ready', key}]
const ended = (atMs: number, key: number, end: typeof KILLED | ReturnType<typeof status>): Step =>
  [atMs, {type: 'ended', key, end}]
const tick = (atMs: number): Step => [atMs, {type: 'tick'}]
const silent = (atMs: number): Step =>
  [atMs, {type: 'probed', key: 1, answer: {type: 'silent', why: 'no answer', passedMs: 3000}}]

const hung = [start, ready(1, 1), tick(10_001), silent(13_001), tick(13_002), silent(15_003)]

describe('a supervisor', () => {
  it.each<readonly [string, readonly Step[], readonly string[], Partial<CoreConfig>] |
    readonly [string, readonly Step[], readonly string[]]>([
    ['starts one node first', [start], ['spawn 1'], {workers: 3}],
    ['then the others', [start, ready(1, 1)], ['spawn 2', 'spawn 3'], {workers: 3}],
    ['is up with the last', [start, ready(1, 1)], ['up']],
    ['replaces a crashed one at once', [start, ready(1, 1), ended(9, 1, KILLED)],
      ['say', 'spawn 2']],
    ['waits after the second crash', [start, ready(1, 1), ended(9, 1, KILLED),
      ended(20, 2, KILLED)], ['say']],
    ['and starts again then', [start, ready(1, 1), ended(9, 1, KILLED), ended(20, 2, KILLED),
      tick(520)], ['spawn 3']],
    ['gives up a first start that is hopeless', [start, ended(9, 1, status(2))], ['exit']],
    ['but not one that may get better', [start, ended(9, 1, status(3))], ['say', 'spawn 2']],
    ['starts one that asks for it', [start, ready(1, 1), ended(9, 1, status(75))],
      ['say', 'spawn 2']],
    ['leaves one that was stopped', [start, ready(1, 1), ended(9, 1, status(0))],
      ['say', 'exit']],
    ['probes', [start, ready(1, 1), tick(10_001)], ['probe 1']],
    ['asks again after a silence', [start, ready(1, 1), tick(10_001), silent(13_001),
      tick(13_002)], ['probe 1']],
    ['examines after the second', [...hung], ['bury 1']],
    ['kills what was examined', [...hung, [15_500, {type: 'examined', key: 1, found: ''}]],
      ['SIGKILL 1']],
    ['or what takes too long to be', [...hung, tick(45_004)], ['SIGKILL 1']],
    ['and replaces it', [...hung, [15_500, {type: 'examined', key: 1, found: ' in x'}],
      ended(15_510, 1, KILLED)], ['say', 'spawn 2']],
    ['is patient with one that loads', [start, tick(10_000), silent(13_000), tick(13_001)], []],
    ['reloads with the successor first', [start, ready(1, 1), [9, {type: 'reload'}]],
      ['reload-began', 'spawn 2']],
    ['then the old one goes', [start, ready(1, 1), [9, {type: 'reload'}], ready(20, 2)],
      ['SIGTERM 1']],
    ['and it is done', [start, ready(1, 1), [9, {type: 'reload'}], ready(20, 2),
      ended(30, 1, status(0))], ['reloaded 2', 'reload-ended']],
    ['keeps the old one if the new one fails', [start, ready(1, 1), [9, {type: 'reload'}],
      ended(20, 2, status(1))], ['reload-ended']],
    ['reloads in place where there is one address', [start, ready(1, 1), [9, {type: 'reload'}]],
      ['reload-began', 'SIGTERM 1'], {overlaps: false}],
    ['and starts the next when it has left', [start, ready(1, 1), [9, {type: 'reload'}],
      ended(20, 1, status(0))], ['say', 'spawn 2'], {overlaps: false}],
    ['kills what far exceeds its memory',
      [start, ready(1, 1), [9, {type: 'weighed', key: 1, rssBytes: 1600}]], ['SIGKILL 1']],
    ['replaces what exceeds it three times', [start, ready(1, 1),
      ...[9, 10, 11].map((at): Step => [at, {type: 'weighed', key: 1, rssBytes: 1100}])],
      ['say', 'spawn 2']],
    ['stops', [start, ready(1, 1), [9, {type: 'stop'}]], ['SIGTERM 1']],
    ['exits when all have ended', [start, ready(1, 1), [9, {type: 'stop'}],
      ended(10, 1, status(0))], ['exit']],
    ['kills who does not end', [start, ready(1, 1), [9, {type: 'stop'}], tick(15_010)],
      ['say', 'SIGKILL 1']],
    ['ends all at once when asked again', [start, ready(1, 1), [9, {type: 'stop'}],
      [10, {type: 'stop-now'}]], ['SIGKILL 1']],
  ])('%s', (_what, steps, effects, config = {}) => {
    expect(run(steps, config)).toEqual(effects)
  })
})

it('counts crashes of a minute, and no more than five', () => {
  const verdicts = [1, 2, 3, 4, 5].map((count) =>
    afterCrash(Array.from({length: count - 1}, (_, index) => index), 1000, RESTART_POLICY))
  expect(verdicts.map((each) => each.type === 'restart' && each.pauseMs))
    .toEqual([0, 500, 1000, 2000, 4000])
  expect(afterCrash([1, 2, 3, 4, 5], 1000, RESTART_POLICY).type).toBe('give-up')
  expect(afterCrash([1, 2, 3, 4, 5], 61_000, RESTART_POLICY).type).toBe('restart')
})

it('blames no node for a time in which the supervisor stood still', () => {
  const asked = probeSent(firstProbe(0, 10_000), 10_000)
  const answer = {type: 'silent', why: 'no answer', passedMs: 3000} as const
  expect(judgeProbe({...asked, silences: 1}, answer, 60_000, 10_000).verdict).toBe('ask-again')
  expect(judgeProbe({...asked, silences: 1}, answer, 13_000, 10_000).verdict).toBe('hung')
})
