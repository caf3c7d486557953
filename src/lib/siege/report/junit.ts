/**
 * A run as JUnit XML, for the test pages of CI: a case for each threshold, promise, memory verdict,
 * and one for whether the run may be believed. Something in it is red if and only if the run's exit
 * status is not 0. Pure.
 */
import {Chalk} from 'chalk'

import type {RunReport} from '../run-report.js'
import {summaryScreen} from './summary-screen.js'
import {atText} from './units.js'
import {faultSentence, leakWord, verdictSentence, verdictWord} from './words.js'

interface Case {
  readonly name: string
  readonly outcome:
    | {readonly type: 'passed'}
    | {readonly type: 'failure' | 'error' | 'skipped'; readonly message: string}
}

interface Suite {
  readonly name: string
  readonly cases: readonly Case[]
}

const PASSED = {type: 'passed'} as const

export function junitReport(report: RunReport): string {
  const judged: readonly Suite[] = [
    {name: 'thresholds', cases: thresholdCases(report)},
    {name: 'faults', cases: faultCases(report)},
    {name: 'memory', cases: memoryCases(report)},
  ]
  const suites = [...judged, {name: 'run', cases: [runCase(report, judged)]}]
    .filter(({cases}) => cases.length > 0)
  const all = suites.flatMap(({cases}) => cases)
  const time = report.durationS.toFixed(3)
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="wsmesh siege" ${countsOf(all)} time="${time}">`,
    ...suites.flatMap((suite) => suiteLines(suite, report)),
    '</testsuites>',
    '',
  ].join('\n')
}

function thresholdCases({thresholds}: RunReport): readonly Case[] {
  return thresholds.map(({text, ok, valueText}) => ({
    name: text,
    outcome: ok ? PASSED : {type: 'failure', message: `measured ${valueText}`},
  }))
}

function faultCases({faults}: RunReport): readonly Case[] {
  return faults.map((fault) => ({
    name: `${fault.name} at ${atText(fault.plannedAtS)}: every promise holds`,
    outcome: fault.broken.length > 0
      ? {type: 'failure', message: fault.broken.join('; ')}
      : fault.atS === null ? {type: 'skipped', message: faultSentence(fault)} : PASSED,
  }))
}

function memoryCases({leak}: RunReport): readonly Case[] {
  return (leak?.nodes ?? []).map(({node, verdict, summary}) => ({
    name: `${node} keeps no memory`,
    outcome: verdict === 'leak'
      ? {type: 'failure', message: summary}
      : leakWord(verdict).tone === 'unsure' ? {type: 'skipped', message: summary} : PASSED,
  }))
}

/** Red for what no other case says; skipped where the run proves nothing, yet may pass. */
function runCase(report: RunReport, judged: readonly Suite[]): Case {
  const name = 'the run can be believed'
  const isSaid = judged.some(({cases}) => cases.some(({outcome}) => outcome.type === 'failure'))
  const message = `${verdictWord(report.verdict).word}: ${verdictSentence(report)}`
  if (report.exit !== 0 && !isSaid) return {name, outcome: {type: 'error', message}}
  const {isValid, why} = report.generator
  if (!isValid) return {name, outcome: {type: 'skipped', message: why.join('; ')}}
  return report.verdict === 'invalid' || report.verdict === 'inconclusive'
    ? {name, outcome: {type: 'skipped', message}}
    : {name, outcome: PASSED}
}

function suiteLines({name, cases}: Suite, report: RunReport): readonly string[] {
  const {startedAt, durationS, environment} = report
  const attributes = `${countsOf(cases)} time="${durationS.toFixed(3)}" `
    + `timestamp="${xml(startedAt)}" hostname="${xml(environment.host)}"`
  return [
    `  <testsuite name="wsmesh siege: ${name}" ${attributes}>`,
    ...(name === 'run' ? propertyLines(report) : []),
    ...cases.flatMap((one) => caseLines(one, name)),
    ...(name === 'run' ? [`    <system-out>${xml(plainSummary(report))}</system-out>`] : []),
    '  </testsuite>',
  ]
}

function plainSummary(report: RunReport): string {
  return summaryScreen(report, {colours: new Chalk({level: 0}), widthMax: undefined}).join('\n')
}

function propertyLines({version, verdict, exit, config}: RunReport): readonly string[] {
  const properties = {version, verdict, exit: String(exit), command: config.command}
  return [
    '    <properties>',
    ...Object.entries(properties).map(([name, value]) =>
      `      <property name="${name}" value="${xml(value)}"/>`),
    '    </properties>',
  ]
}

function caseLines({name, outcome}: Case, suite: string): readonly string[] {
  const open = `    <testcase classname="wsmesh.siege.${suite}" name="${xml(name)}" time="0"`
  if (outcome.type === 'passed') return [`${open}/>`]
  const message = xml(outcome.message)
  const type = outcome.type === 'skipped' ? '' : ` type="${suite}"`
  return [`${open}>`, `      <${outcome.type}${type} message="${message}"/>`, '    </testcase>']
}

function countsOf(cases: readonly Case[]): string {
  const of = (type: Case['outcome']['type']) =>
    cases.filter(({outcome}) => outcome.type === type).length
  return `tests="${cases.length}" failures="${of('failure')}" errors="${of('error')}" `
    + `skipped="${of('skipped')}"`
}

/** What XML 1.0 cannot hold at all, escaped or not, becomes U+FFFD. */
const NOT_XML = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;', '\n': '&#10;', '\t': '&#9;',
  '\r': '&#13;',
}

function xml(text: string): string {
  return text
    .replaceAll(NOT_XML, '\uFFFD')
    .replaceAll(/[&<>"'\n\t\r]/g, (character) => ENTITIES[character] ?? '')
}
