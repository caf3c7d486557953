/** The example for GitHub Actions: what it types must exist, or it rots. */
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'

import ReportCommand from '../../../../src/commands/report.js'
import SiegeCommand from '../../../../src/commands/siege.js'
import {FAULT_NAMES} from '../../../../src/lib/siege/faults/fault-names.js'
import {parseThreshold} from '../../../../src/lib/siege/verdict/threshold.js'

const ROOT = join(import.meta.dirname, '..', '..', '..', '..')
const lines = readFileSync(join(ROOT, 'examples/github-actions/siege.yml'), 'utf8').split('\n')

/** Lines of the block that follows `head`, deeper than it. */
function blockAfter(head: RegExp): readonly string[] {
  const at = lines.findIndex((line) => head.test(line))
  const depth = indentOf(lines[at] ?? '')
  const rest = lines.slice(at + 1)
  const end = rest.findIndex((line) => line.trim() !== '' && indentOf(line) <= depth)
  return rest.slice(0, end === -1 ? undefined : end).map((line) => line.trim())
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length
}

const siege = blockAfter(/run: >-$/).join(' ')

test('blocks are indented by two blanks, never by tabs', () => {
  const wrong = lines.filter((line) => line.includes('\t') || indentOf(line) % 2 !== 0)
  expect(wrong).toEqual([])
  expect(lines.filter((line) => /^\S/.test(line) && !line.startsWith('#'))).toEqual(
    ['name: siege', 'on:', 'permissions:', 'jobs:'])
})

test('every step does one thing', () => {
  const steps = lines.filter((line) => /^ {6}- /.test(line))
  const actions = lines.filter((line) => /^ {6}(- | {2})(uses|run):/.test(line))
  expect(actions).toHaveLength(steps.length)
})

test('its siege has flags, thresholds and faults that exist', () => {
  const flags = [...siege.matchAll(/--([a-z-]+)/g)].map(([, name = '']) => name)
  const known = Object.keys({...SiegeCommand.flags, ...SiegeCommand.baseFlags, 'no-install': true})
  expect(flags.filter((name) => !known.includes(name))).toEqual([])
  const thresholds = [...siege.matchAll(/--threshold '([^']+)'/g)].map(([, text = '']) => text)
  expect(thresholds.map((text) => parseThreshold(text).text)).toEqual(thresholds)
  expect(thresholds).toHaveLength(2)
  const [, fault] = /--fault ([a-z-]+)@\d+s/.exec(siege) ?? []
  expect(FAULT_NAMES).toContain(fault)
})

test('what it keeps is what was written, and the summary reads the report', () => {
  const written = [...siege.matchAll(/(?:--(?:html|junit)|>) (\S+)/g)].map(([, file]) => file)
  expect(blockAfter(/path: \|$/).toSorted()).toEqual(written.toSorted())
  expect(blockAfter(/run: \|$/)).toContain('npx --no-install wsmesh report siege.json')
  expect(Object.keys(ReportCommand.args)).toEqual(['run'])
})
