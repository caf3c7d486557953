import {describe, expect, test} from 'vitest'

import {junitReport} from '../../../../src/lib/siege/report/junit.js'
import type {RunReport} from '../../../../src/lib/siege/run-report.js'
import {fixtureReport} from '../fixture-report.js'

test('a case for each threshold and fault; the failed one with what was measured', () => {
  const text = junitReport(fixtureReport())
  expect(text).toContain(
    '<testsuites name="wsmesh siege" tests="6" failures="1" errors="0" skipped="0" time="30.000">',
  )
  expect(text).toContain(
    '<testcase classname="wsmesh.siege.thresholds" name="latency.p99&lt;4ms" time="0">\n'
    + '      <failure type="thresholds" message="measured 4.6 ms"/>',
  )
  expect(text).toContain('name="lost==0" time="0"/>')
  expect(text).toContain('name="kill-master at 10 s: every promise holds" time="0"/>')
  expect(text).toContain('<system-out>FAIL  latency.p99&lt;4ms: 4.6 ms&#10;')
})

test('what it is nested of ends where it began', () => {
  expect(unclosed(junitReport(fixtureReport()))).toEqual([])
  expect(unclosed('<a><b/></a>')).toEqual([])
  expect(unclosed('<a><b></a>')).not.toEqual([])
})

test('text of others stays text, and what XML cannot hold is replaced', () => {
  const report = fixtureReport()
  const evil = '"><system-out>&\u0000\uD800\u001B[2J\n'
  const text = junitReport({
    ...report,
    config: {...report.config, command: evil},
    thresholds: [{text: evil, isBuiltIn: false, ok: false, value: null, valueText: evil}],
  })
  expect(unclosed(text)).toEqual([])
  expect(text).toContain('name="&quot;&gt;&lt;system-out&gt;&amp;\uFFFD\uFFFD\uFFFD[2J&#10;"')
})

const ok = {exit: 0, verdict: 'pass', reasons: [], thresholds: []} as const

describe.each([
  ['a pass', ok, 'green'],
  ['a threshold that failed', {}, 'red'],
  ['a leak without nodes', {...ok, exit: 98, verdict: 'leak', reasons: ['it leaks']}, 'red'],
  ['a mesh out of reach', {...ok, exit: 3, verdict: 'unreachable'}, 'red'],
  ['a run that was ended', {...ok, exit: 130, verdict: 'interrupted'}, 'red'],
  ['invalid, and strict', {...ok, exit: 97, verdict: 'invalid', reasons: ['too slow']}, 'red'],
  ['invalid, and not strict', {...ok, verdict: 'invalid', reasons: ['too slow']}, 'skipped'],
  ['inconclusive, not strict', {...ok, verdict: 'inconclusive'}, 'skipped'],
] as const)('%s', (_name, changes, colour) => {
  test(`is ${colour}: red if and only if the exit status is not 0`, () => {
    const report: RunReport = {...fixtureReport(), ...changes}
    const [, failures, errors, skipped] =
      /failures="(\d+)" errors="(\d+)" skipped="(\d+)"/.exec(junitReport(report)) ?? []
    expect(Number(failures) + Number(errors) > 0).toBe(report.exit !== 0)
    expect(Number(skipped) > 0).toBe(colour === 'skipped')
  })
})

test('a broken promise and a leaking node are cases of their own', () => {
  const report = fixtureReport()
  const text = junitReport({
    ...report,
    faults: report.faults.map((fault) => ({...fault, broken: ['a message was lost']})),
    leak: {
      verdict: 'leak', summary: '', detectionLimitBytesPerConnection: null, cycles: 20,
      warmUpCycles: 5, connectionsPerCycle: 10, messagesPerCycle: 10,
      nodes: [
        {node: 'n-1', verdict: 'leak', summary: 'users grow', findings: [], samples: []},
        {node: 'n-2', verdict: 'inconclusive', summary: 'too short', findings: [], samples: []},
      ],
    },
  })
  expect(text).toContain('<failure type="faults" message="a message was lost"/>')
  expect(text).toContain('<failure type="memory" message="users grow"/>')
  expect(text).toContain('<skipped message="too short"/>')
})

/** Names of elements that are open at the end, or closed out of turn. */
function unclosed(text: string): readonly string[] {
  const open: string[] = []
  for (const [, end, name = '', single] of text.matchAll(/<(\/?)([a-z-]+)[^<>]*?(\/?)>/g)) {
    if (single === '/') continue
    if (end === '') open.push(name)
    else if (open.pop() !== name) return [`</${name}>`]
  }
  return open
}
