import {Chalk} from 'chalk'
import {describe, expect, test} from 'vitest'

import {nodeFacts} from '../../../../src/lib/siege/report/node-facts.js'
import {sparkline} from '../../../../src/lib/siege/report/sparkline.js'
import {summaryScreen} from '../../../../src/lib/siege/report/summary-screen.js'
import {gapText, msText, rateText} from '../../../../src/lib/siege/report/units.js'
import {faultSentence, setUpSentence} from '../../../../src/lib/siege/report/words.js'
import type {LeakSection, RunReport} from '../../../../src/lib/siege/run-report.js'
import {soakReport} from '../fixture-leak.js'
import {fixtureReport} from '../fixture-report.js'

const plain = new Chalk({level: 0})

function screen(report: RunReport, widthMax?: number): string[] {
  return summaryScreen(report, {colours: plain, widthMax})
}

test('the verdict comes first, then each threshold with what was measured', () => {
  const lines = screen(fixtureReport())
  expect(lines[0]).toBe('FAIL  latency.p99<4ms: 4.6 ms')
  const head = lines.findIndex((line) => line.includes('THRESHOLD'))
  expect(lines.slice(head, head + 3)).toEqual([
    '   THRESHOLD        MEASURED',
    '✗  latency.p99<4ms    4.6 ms',
    '✓  lost==0                 0',
  ])
})

test('a run that passed says in a line what that means', () => {
  const report = {...fixtureReport(), verdict: 'pass', reasons: []} as const
  expect(screen(report)[0]).toBe(
    'PASS  120 000 deliveries: none lost, doubled or misdelivered; p99 4.62 ms',
  )
})

test('more than one reason: each is told', () => {
  const report = {...fixtureReport(), reasons: ['lost==0: 7', 'it leaks']}
  expect(screen(report).slice(0, 2)).toEqual(['FAIL  lost==0: 7 (and 1 more)', '  also: it leaks'])
})

test('counts, latencies, nodes, the fault and what the generator cost', () => {
  const text = screen(fixtureReport()).join('\n')
  for (const part of [
    'delivered  120 000  of 120 000 expected; 4 000/s, 17 MiB',
    'lost             0  0 doubled, 0 out of order, 0 misdelivered',
    'message     0.180  0.905   1.72   2.35   4.62   36.2  63.4  60 000',
    'n-5ca68f81  master>away>follower',
    'kill-master at 10 s: no delivery for 152 ms; back at 90 % of the rate after 240 ms; healed',
    '▅▅▅▅▅▂▁█▅▅',
    '  334  connection reset by the other side (ECONNRESET)',
    'closed without a close frame (1006)',
    '26 % of a core, 0.37 times what the nodes used (71 %); 44 µs of CPU a message',
    'note: 334 connections came back',
  ]) expect(text).toContain(part)
})

const TABLE = /^(NODE|LATENCY|TIMES|n-|message|local|connect {2,})/

test.each([40, 60, 80, 120])('tables fit %i columns', (width) => {
  const lines = screen({...fixtureReport(), leak: someLeak()}, width)
  const wide = lines.filter((line) => TABLE.test(line) && Array.from(line).length > width)
  expect(wide).toEqual([])
})

test('messages gone wrong are red from end to end', () => {
  const report = fixtureReport()
  const lost = {...report, counts: {...report.counts, lost: 3}}
  const red = new Chalk({level: 1})
  const line = summaryScreen(lost, {colours: red, widthMax: 80}).find((text) => text.includes('lost '))
  expect(line).toBe(red.red.bold('lost             3  0 doubled, 0 out of order, 0 misdelivered'))
})

test('texts of others cannot move the cursor', () => {
  const report = fixtureReport()
  const evil = '\u001B[2Jevil'
  const lines = screen({
    ...report,
    reasons: [evil],
    notes: [evil],
    errors: [{text: evil, count: 1, firstAtS: 0, lastAtS: 0}],
    nodes: report.nodes.map((node) => ({...node, node: evil})),
    faults: report.faults.map((fault) => ({...fault, name: evil, what: evil, broken: [evil]})),
    leak: {...someLeak(), summary: evil},
  })
  expect(lines.join('\n')).toContain('\\x1b[2Jevil')
  expect(lines.join('\n')).not.toContain('\u001B')
})

test('a leak: its verdict, what grows, and what would not have been seen', () => {
  const text = screen({...fixtureReport(), leak: someLeak()}).join('\n')
  expect(text).toContain('MEMORY  LEAK: users grow by 1 a connection at n-5ca68f81')
  expect(text).toContain('growth of less than 48 B a connection would not have been seen')
  expect(text).toContain('LEAK  users: 1 000 more each cycle, in 15 of 15')
})

test('a hundred errors do not push the verdict off the screen', () => {
  const errors = Array.from({length: 100}, (_, index) => ({
    text: `error ${index}`, count: 1, firstAtS: 0, lastAtS: 0,
  }))
  const lines = screen({...fixtureReport(), errors})
  expect(lines.filter((line) => line.includes('error ')).length).toBeLessThan(12)
  expect(lines).toContain('and 91 more: --json has all')
})

test('a soak alone speaks of cycles and visits, not of deliveries that were none', () => {
  const lines = screen(soakReport(fixtureReport()))
  expect(lines.slice(0, 2)).toEqual([
    'LEAK  users grows by 1 a connection at n-5ca68f81',
    '  20 cycles of 1 000 connections that come and go at 3 nodes, for 31 m 30 s',
  ])
  expect(lines).toContain('visits   60 000  12 failed')
  expect(lines.join('\n')).toContain('20 cycles of 1 000 connections and 2 000 messages, after 5 to')
  expect(lines.join('\n')).not.toMatch(/delivered|GENERATOR|accepted|lost/)
  const passed = {...soakReport(fixtureReport()), verdict: 'pass', exit: 0, reasons: []} as const
  expect(screen(passed)[0]).toBe('PASS  users grows by 1 a connection at n-5ca68f81')
})

test('of a plain server nothing is known but its name: no table', () => {
  const report = fixtureReport()
  const node = {node: 'ws://a/', url: 'ws://a/', pid: null, role: '', samples: [], cpuPercent: null}
  expect(screen({...report, nodes: [node]}).join('\n')).not.toContain('NODE')
})

test('an unreachable mesh has no empty tables', () => {
  const report = fixtureReport()
  const none = Object.fromEntries(Object.keys(report.latency).map((kind) => [kind, null]))
  const lines = screen({
    ...report, verdict: 'unreachable', reasons: ['No node answers'], thresholds: [], nodes: [],
    faults: [], errors: [], closeCodes: [], notes: [], latency: none as RunReport['latency'],
  })
  expect(lines[0]).toBe('UNREACHABLE  No node answers')
  expect(lines.join('\n')).not.toMatch(/LATENCY|NODE|TIMES|FAULT|THRESHOLD/)
})

describe('words and units', () => {
  test.each([
    [0, '0.000'], [905, '0.905'], [999.6, '1.00'], [4616, '4.62'], [9996, '10.0'], [63_350, '63.4'],
    [99_960, '100'], [999_600, '1 000'], [1_250_000, '1 250'],
  ])('%i us is %s ms', (us, text) => expect(msText(us)).toBe(text))

  test.each([[152, '152 ms'], [2590, '2.59 s'], [61_000, '1 m 1 s']])('a gap of %i ms is %s',
    (ms, text) => expect(gapText(ms)).toBe(text))

  test.each([[0, '0'], [0.25, '0.3'], [12.6, '13'], [4000, '4 000']])('a rate of %d is %s',
    (perS, text) => expect(rateText(perS)).toBe(text))

  test('a fault that never happened, one that was never over', () => {
    const [fault] = fixtureReport().faults
    if (fault === undefined) throw new Error('The fixture has a fault')
    expect(faultSentence({...fault, atS: null})).toBe('never happened (planned at 10 s)')
    expect(faultSentence({...fault, recoveredAfterMs: null, healedAtS: null}))
      .toBe('no delivery for 152 ms; never back at 90 % of the rate')
  })

  test('a plain server has no users', () => {
    const report = fixtureReport()
    const config = {...report.config, protocol: 'plain', target: 'echo', targets: ['ws://a/']} as const
    expect(setUpSentence({...report, config})).toBe(
      '1 000 connections at 1 server, 2 000 messages/s of 100 B echoed to their sender, for 30 s',
    )
  })

  test('a staircase has rates', () => {
    const report = fixtureReport()
    const phases = [200, 300, 5126].map((ratePerS) => ({name: '', fromS: 0, toS: 1, ratePerS}))
    const config = {...report.config, ratePerS: 200}
    expect(setUpSentence({...report, phases, config})).toContain(', 200 to 5 126 messages/s of')
  })

  test('blocks: none where nothing was, all low when all are equal', () => {
    expect(sparkline([1, null, 8], {from: 0})).toBe('▂·█')
    expect(sparkline([5, 5])).toBe('▁▁')
    expect(sparkline([])).toBe('')
    expect(sparkline([1, 10, 100], {isLogarithmic: true})).toBe('▁▅█')
  })

  test('a node: the roles it had, and its memory from first to last', () => {
    const [node] = fixtureReport().nodes
    if (node === undefined) throw new Error('The fixture has nodes')
    const facts = nodeFacts(node)
    expect(facts.roles).toEqual(['master', 'away', 'follower'])
    expect(facts.rssFirstBytes).toBe(96_468_992)
    expect(facts.connectionsMax).toBe(333)
    expect(nodeFacts({...node, samples: []})).toMatchObject({roles: ['follower'], rssMaxBytes: null})
  })
})

function someLeak(): LeakSection {
  return {
    verdict: 'leak',
    summary: 'users grow by 1 a connection at n-5ca68f81',
    detectionLimitBytesPerConnection: 48,
    cycles: 20,
    warmUpCycles: 5,
    connectionsPerCycle: 1000,
    messagesPerCycle: 2000,
    nodes: [{
      node: 'n-5ca68f81',
      verdict: 'leak',
      summary: 'users grow by 1 a connection',
      findings: [{
        verdict: 'leak', tier: 'gauge', name: 'users', growth: 1, per: 'connection',
        evidence: '1 000 more each cycle, in 15 of 15',
      }],
      samples: [],
    }],
  }
}
