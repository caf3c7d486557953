import {beforeAll, describe, expect, it} from 'vitest'
import {runSoak} from '../../../src/lib/siege/soak/run-soak.js'
import {judgeServers} from '../../../src/lib/siege/soak/soak-report.js'
import type {JudgedServer} from '../../../src/lib/siege/soak/soak-report.js'
import {assertBuilt} from '../../helpers/built.js'
import {startLeaky} from '../../helpers/leaky-server.js'

/**
 * Servers with known faults, all in one run. Each fault alone, and 20 clean runs:
 * node bench/soak-faults.mjs.
 */
let judged: ReadonlyMap<string, JudgedServer>

beforeAll(async () => {
  assertBuilt('lib/probe')
  await using clean = await startLeaky('clean')
  await using leaky = await startLeaky(
    'leaky', 'objects', 'strings', 'listeners', 'timers', 'buffers', 'files')
  await using bounded = await startLeaky('bounded', 'cache', 'once')
  const run = await runSoak({
    targets: [clean.target, leaky.target, bounded.target],
    protocol: 'plain', secret: undefined, kinds: ['clean', 'terminate', 'abort', 'invalid'],
    cycles: 14, forMs: undefined, connections: 60, warmUpConnections: 60, connectPerS: 2000, detailsBytes: 100,
    restMs: 1000, settleMs: 100, seed: 1, signal: new AbortController().signal,
    onCycle: () => {},
  })
  const servers = judgeServers(run, {detectionLimitBytes: 1_000_000})
  judged = new Map(servers.map((server) => [server.name, server]))
}, 180_000)

describe('a soak of servers with known faults', () => {
  it('passes the clean one', () => {
    expect(judged.get('clean')).toMatchObject({verdict: 'pass', findings: []})
  })

  it('passes a bounded cache and what grows once, and names neither a leak', () => {
    const {verdict, findings} = judged.get('bounded') ?? {}
    // The cache is full long after the warm-up, and before the end.
    expect(verdict).toMatch(/^(pass|inconclusive)/)
    expect(findings?.find(({name}) => name === 'class {cachedKey}'))
      .toMatchObject({verdict: 'pass-plateau'})
    expect(findings?.map((finding) => finding.verdict)).not.toContain('leak')
  })

  it.each([
    ['objects', 'class Forgotten'],
    ['strings', 'members of Sets'],
    ['listeners', 'listeners of Bus news'],
    ['timers', 'class Timeout'],
    ['buffers', 'external memory'],
    ['files', 'open files'],
  ])('finds what leaks %s, and names it', (_, name) => {
    const {verdict, findings = []} = judged.get('leaky') ?? {}
    expect(verdict).toBe('leak')
    const found = findings.find((finding) => finding.name === name)
    expect(found, findings.map((finding) => finding.name).join()).toMatchObject({
      verdict: 'leak', per: 'connection',
    })
  })
})
