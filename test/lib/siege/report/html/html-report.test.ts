import {createHash} from 'node:crypto'
import {describe, expect, test} from 'vitest'

import type {Chart} from '../../../../../src/lib/siege/report/html/chart.js'
import {escapeHtml, html, scriptJson} from '../../../../../src/lib/siege/report/html/html.js'
import {htmlReport} from '../../../../../src/lib/siege/report/html/html-report.js'
import type {RunReport} from '../../../../../src/lib/siege/run-report.js'
import {fixtureLeak} from '../../fixture-leak.js'
import {fixtureReport} from '../../fixture-report.js'

async function chartsOf(report: RunReport): Promise<readonly Chart[]> {
  const page = await htmlReport(report)
  const [, json = ''] = /id="charts">(.*)<\/script>/.exec(page) ?? []
  return JSON.parse(json) as readonly Chart[]
}

test('verdict, thresholds and figures are there without scripts', async () => {
  const page = (await htmlReport(fixtureReport())).replaceAll(/<script[\s\S]*?<\/script>/g, '')
  const words = page.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ')
  for (const part of [
    'FAIL latency.p99&lt;4ms: 4.6 ms', '✗ latency.p99&lt;4ms 4.6 ms fails', '✓ lost==0 0 holds',
    '1 000 connections of 500 users at 3 nodes', '2026-11-22 20:15:00 UTC',
    'Longest gap 152 ms', 'Back at 90 % after 240 ms', 'Healed after 2.59 s',
    'kill-master no delivery for 152 ms; back at 90 % of the rate after 240 ms',
    'master → away → follower', 'connection reset by the other side (ECONNRESET)',
  ]) expect(words).toContain(part)
})

test('nothing is loaded: neither addresses nor imports, and the policy forbids them', async () => {
  const page = await htmlReport({...fixtureReport(), leak: fixtureLeak()})
  const outside = page.replaceAll(/<(script|style)[^>]*>[\s\S]*?<\/\1>/g, '')
  expect(outside.match(/(?:src|href)="(?!data:)[^"]*"/g)).toBeNull()
  expect(outside).not.toMatch(/style="|<link rel="stylesheet|onload=|onerror=/)
  expect(page).toContain('default-src &#39;none&#39;')
})

test('the policy allows exactly the scripts and styles that are in the page', async () => {
  const page = await htmlReport(fixtureReport())
  const [, policy = ''] = /Content-Security-Policy" content="([^"]*)"/.exec(page) ?? []
  const blocks = [
    ...page.matchAll(/<style>([\s\S]*?)<\/style>/g),
    ...page.matchAll(/<script(?: type="module")?>([\s\S]*?)<\/script>/g),
  ]
  expect(blocks).toHaveLength(4)
  for (const [, text = ''] of blocks) {
    expect(policy).toContain(createHash('sha256').update(text).digest('base64'))
  }
  expect(policy.match(/sha256-/g)).toHaveLength(4)
})

const EVIL = `</script><script>alert(1)</script>"'><img src=x onerror=alert(1)>&\u202E\u001B[2J`

test('whatever others call themselves stays text', async () => {
  const report = fixtureReport()
  const {nodes, faults, thresholds, errors, seconds} = report
  const leak = fixtureLeak()
  const page = await htmlReport({
    ...report,
    version: EVIL, startedAt: EVIL, reasons: [EVIL, EVIL], notes: [EVIL],
    config: {...report.config, command: EVIL, targets: [EVIL]},
    environment: {...report.environment, host: EVIL, os: EVIL, cpu: EVIL, node: EVIL},
    nodes: nodes.map((node) => ({...node, node: EVIL, url: EVIL, samples: node.samples.map(
      (sample) => ({...sample, role: EVIL}))})),
    faults: faults.map((fault) => ({...fault, name: EVIL, what: EVIL, broken: [EVIL]})),
    thresholds: thresholds.map((one) => ({...one, text: EVIL, valueText: EVIL})),
    errors: errors.map((one) => ({...one, text: EVIL})),
    closeCodes: [{code: 4000, reason: EVIL, count: 1}],
    connections: [{connection: 1, user: EVIL, node: EVIL, delivered: 1, lost: 1, duplicated: 0,
      reordered: 0, misdelivered: 0, corrupted: 0, closes: 0}],
    seconds: seconds.map((second) => ({...second, phase: EVIL, marks: [EVIL]})),
    leak: {
      ...leak, summary: EVIL,
      nodes: leak.nodes.map((node) => ({...node, node: EVIL, summary: EVIL,
        findings: node.findings.map((finding) => ({...finding, name: EVIL, evidence: EVIL}))})),
    },
  })
  expect(page.match(/<script/g)).toHaveLength(3)
  for (const part of ['<img', '\u202E', '\u001B']) expect(page).not.toContain(part)
})

describe('charts', () => {
  test('one point a second, faults as marks, gap and recovery as bands', async () => {
    const charts = await chartsOf(fixtureReport())
    expect(charts.map(({title}) => title)).toEqual([
      'Deliveries', 'Throughput', 'Latency', 'Memory', 'Heap', 'Event loop', 'CPU', 'Connections',
    ])
    const [curve, throughput, latency, memory] = charts
    expect(curve?.bands).toEqual([
      {from: 0.074, to: 0.226, tone: 'gap'}, {from: 0.226, to: 0.24, tone: 'recovery'},
    ])
    expect(throughput?.marks).toEqual([
      {at: 10.01, label: 'kill-master', tone: 'bad'}, {at: 12.6, label: 'healed', tone: 'good'},
    ])
    expect(throughput?.bands).toContainEqual({from: 30, to: 32, tone: 'outside'})
    expect(throughput?.x).toHaveLength(35)
    expect(latency?.series.map(({label}) => label)).toEqual(['max', 'p99', 'p90', 'p50'])
    expect(latency?.series[1]?.values[13]).toBe(148)
    // The dead master tells nothing until its place is taken.
    expect(memory?.series[0]?.values.slice(12, 16)).toEqual([
      expect.any(Number), null, null, expect.any(Number),
    ])
  })

  test('a soak: live objects, bytes, and the gauge that was found', async () => {
    const charts = await chartsOf({...fixtureReport(), leak: fixtureLeak()})
    const soak = charts.filter(({axis}) => axis === 'cycle')
    expect(soak.map(({title}) => title)).toEqual([
      'Gauge: users', 'Live objects', 'Heap', 'External', 'Resident',
    ])
    expect(soak[0]?.bands).toEqual([{from: 1, to: 5, tone: 'outside'}])
    expect(soak[1]?.series[0]?.values.at(-1)).toBe(41_200 + 19 * 1000)
  })

  test('a staircase: latencies over the rate, where the knee is seen', async () => {
    const report = fixtureReport()
    const {message} = report.latency
    const step = (name: string, ratePerS: number, latency = message) =>
      ({name, fromS: 0, toS: 4, ratePerS, latency})
    const phases = [step('step 1', 200), step('step 3', 450), step('step 2', 300)]
    const [, chart] = await chartsOf({...report, phases})
    expect(chart).toMatchObject({title: 'Latency by rate', axis: 'rate', x: [200, 300, 450]})
    expect(chart?.series[1]).toMatchObject({label: 'p99', values: [4.616, 4.616, 4.616]})
    const [, other] = await chartsOf({...report, phases: phases.slice(1)})
    expect(other?.title).toBe('Throughput')
  })

  test('hours become as many points as a screen tells apart, spikes kept', async () => {
    const report = fixtureReport()
    const [sample] = report.seconds
    if (sample === undefined) throw new Error('The fixture has seconds')
    const seconds = Array.from({length: 28_800}, (_, index) => ({
      ...sample, atS: index + 1, delivered: 100, p99Us: index === 20_000 ? 900_000 : 1000,
    }))
    const [, throughput, latency] = await chartsOf({...report, seconds})
    expect(throughput?.x.length).toBeLessThanOrEqual(1500)
    expect(throughput?.series[0]?.values.every((value) => value === 100)).toBe(true)
    expect(throughput?.about).toContain('the mean of 20 seconds at each point')
    expect(Math.max(...(latency?.series[1]?.values ?? []).map(Number))).toBe(900)
  })

  test('what was not measured is not drawn', async () => {
    const report = fixtureReport()
    expect(await chartsOf({...report, seconds: [], nodes: [], faults: []})).toEqual([])
    const page = await htmlReport({...report, seconds: [], nodes: [], faults: []})
    expect(page).not.toContain('Over time')
  })

  test('a fault that never happened has words, no chart', async () => {
    const report = fixtureReport()
    const faults = report.faults.map((fault) => ({...fault, atS: null}))
    expect(await htmlReport({...report, faults})).toContain('planned at 10 s, never happened')
    expect((await chartsOf({...report, faults}))[0]?.title).toBe('Throughput')
  })
})

test('what is put into html`…` is text unless html made it', () => {
  expect(html`<b>${'<i>'}</b>${html`<br>`}${[html`1`, html`2`]}${3}`.text).toBe('<b>&lt;i&gt;</b><br>1\n23')
  expect(escapeHtml(`<"'&>`)).toBe('&lt;&quot;&#39;&amp;&gt;')
  expect(scriptJson({a: '</script><!--'}).text).not.toContain('<')
  expect(JSON.parse(scriptJson({a: '</script>'}).text)).toEqual({a: '</script>'})
})
