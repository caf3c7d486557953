import {describe, expect, test} from 'vitest'
import {CHECK_METRICS, type CheckSample} from '../../../../src/lib/cli/check/check-metrics.js'
import {judge, parseLimit, type Limits} from '../../../../src/lib/cli/check/judge.js'
import {checkLine, exitOf} from '../../../../src/lib/cli/check/run-check.js'
import type {StatsSurvey} from '../../../../src/lib/operator/ask-stats.js'
import type {SurveyedNode} from '../../../../src/lib/operator/pool-survey.js'
import type {MeterReading} from '../../../../src/lib/protocol/meter-frame.js'
import type {NodeStats} from '../../../../src/lib/protocol/operator-frame.js'
import {nodeId} from '../../../../src/lib/util/brand.js'

const none = {messages: 0, p50Ms: 0, p90Ms: 0, p99Ms: 0, maxMs: 0}

interface Odd {
  readonly state?: SurveyedNode['state']
  readonly role?: NodeStats['role']
  readonly meter?: Partial<MeterReading>
  readonly stats?: Partial<NodeStats>
}

function node(id: string, {state = 'up', role = 'follower', meter, stats}: Odd = {}): SurveyedNode {
  const full = {
    node: id, role, connections: 2, queueBytes: 0, outboxMessages: 0, loopDelayMs: 1.5,
    rssBytes: 90_000_000, counters: {slowConsumers: 4, publishesRefused: 0, receiptsTimedOut: 1},
    meter: {
      isDraining: false, cpuShare: 0.123, leaseAgeMs: 400,
      latency: {relay: none, delivery: none, receipt: {...none, p99Ms: 12.34}},
      links: [{node: nodeId('x'), rttMs: 0.4, lagMessages: 3, silentMs: 9, queueBytes: 0}], ...meter,
    },
    ...stats,
  } as unknown as NodeStats
  const answers = state === 'up' || state === 'isolated'
  return {
    known: undefined, id, url: `ws://${id}/mesh`, state, stats: answers ? full : undefined,
    rttMs: 1, why: answers ? undefined : 'it refused | the\ndial',
  }
}

function survey(...nodes: readonly SurveyedNode[]): StatsSurvey {
  return {nodes, holder: 'a', leaseTerm: 1, warnings: [], silent: []}
}

const calm = survey(node('a', {role: 'master'}), node('b'))

function check(nodes: StatsSurvey, limits: Partial<Limits> = {}, expected?: number, before?: StatsSurvey) {
  const sample: CheckSample = {survey: nodes, before}
  const verdict = judge(sample, {warn: [], crit: [], ...limits}, expected)
  return {...verdict, exit: exitOf(verdict.status), line: checkLine(verdict)}
}

const warn = (...texts: string[]): Partial<Limits> =>
  ({warn: texts.map((text) => parseLimit('--warn', text))})
const crit = (...texts: string[]): Partial<Limits> =>
  ({crit: texts.map((text) => parseLimit('--crit', text))})

describe('wsmesh check', () => {
  test('of a calm mesh is one line with all that was measured', () => {
    const {line, exit} = check(calm, {...warn('nodes=2', 'rss=1G'), ...crit('receipt=0.5s')}, 2)
    expect(exit).toBe(0)
    expect(line).toBe(
      "WSMESH OK - 2 nodes, master a, 4 clients | 'nodes'=2;2:;;0 'lease'=400ms;;;0 'relay'=0ms;;;0 "
      + "'delivery'=0ms;;;0 'receipt'=12.34ms;;500;0 'rtt'=0.4ms;;;0 'lag'=3;;;0 'unstable'=0;;;0 "
      + "'queue'=0B;;;0 'loop'=1.5ms;;;0 'cpu'=12.3%;;;0 'rss'=90000000B;1073741824;;0 "
      + "'connections'=2;;;0",
    )
  })

  test.each([
    ['a node that does not answer', [node('c', {state: 'unreachable'})], 2, 'c does not answer: it refused / the dial'],
    ['an isolated node', [node('c', {state: 'isolated', role: 'isolated'})], 2, 'c is isolated'],
    ['two masters', [node('c', {role: 'master'})], 2, '2 masters: a, c'],
    ['a row of the dead', [node('c', {state: 'stale'})], 1, 'c is dead'],
    ['a node without a master', [node('c', {role: 'seeking'})], 1, 'c is seeking'],
  ] as const)('%s is seen without any limit', (_name, more, exit, text) => {
    const found = check(survey(...calm.nodes, ...more))
    expect([found.exit, found.line]).toEqual([exit, expect.stringContaining(text)])
    expect(found.line.split('\n')).toHaveLength(1)
  })

  test('no master and fewer nodes than expected are critical', () => {
    expect(check(survey(node('b'))).line).toContain('CRITICAL - no node is master')
    expect(check(calm, {}, 3).line).toContain('CRITICAL - 2 nodes of 3 expected')
  })

  test('limits: more is worse, of nodes fewer; critical wins; the limit itself is well', () => {
    const slow = survey(node('a', {role: 'master'}), node('b', {meter: {leaseAgeMs: 9000, outboxLagMs: 50}}))
    expect(check(slow, warn('lag=3', 'lease=400ms', 'outbox=50ms')).exit).toBe(0)
    expect(check(slow, warn('outbox=49ms')).line).toContain('WARNING - outbox 50 ms at b, limit 49 ms')
    expect(check(slow, {...warn('lag=1'), ...crit('lag=2')}).problems).toEqual(
      [{status: 'CRITICAL', text: expect.stringContaining('lag 3 at ')}])
    expect(check(calm, crit('nodes=3')).line).toContain('CRITICAL - nodes 2, limit 3')
    expect(check(calm, warn('cpu=10%', 'cpu=50%')).exit).toBe(0)
  })

  test('what is counted is counted between two looks; of a node that is new from 0', () => {
    const after = survey(
      node('a', {role: 'master', stats: {counters: {slowConsumers: 6}}}),
      node('c', {stats: {counters: {slowConsumers: 1, publishesRefused: 2}}}),
    )
    const {line, exit} = check(after, {...warn('slow=1'), ...crit('refused=1')}, undefined, calm)
    expect(exit).toBe(2)
    expect(line).toContain('refused 2 at c, limit 1; slow 2 at a, limit 1')
    expect(line).toContain("'slow'=2;1;;0 'refused'=2;;1;0")
  })

  test.each([
    ['latency=5ms', 'receipt'], ['receipt', 'receipt'], ['receipt=5', 'receipt=250ms'],
    ['rss=1GHz', 'rss=512MiB'], ['lag=-1', 'lag=100'], ['cpu=80s', 'cpu=80%'], ['=', 'receipt'],
  ])('%j is no limit, and it says what is one', (text, hint) => {
    const limit = (): unknown => parseLimit('--crit', text)
    expect(limit).toThrow(expect.objectContaining({code: 'USAGE'}))
    expect(limit).toThrow(expect.objectContaining({suggestions: [expect.stringContaining(hint)]}))
  })

  test('every metric has a limit of its unit', () => {
    const values = {count: '1', ms: '1ms', bytes: '1MiB', percent: '1%'} as const
    for (const {name, unit} of CHECK_METRICS) expect(parseLimit('--warn', `${name}=${values[unit]}`)).toBeTruthy()
  })
})
