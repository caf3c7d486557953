/** What people copy from examples/: rules and a dashboard that ask for metrics that there are. */
import {spawnSync} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, onTestFinished, test} from 'vitest'
import {FAMILIES} from '../../../../src/lib/node/metrics/prometheus.js'

const EXAMPLES = join(import.meta.dirname, '..', '..', '..', '..', 'examples')
const RULES = readFileSync(join(EXAMPLES, 'prometheus', 'wsmesh.rules.yml'), 'utf8')
const RULES_TEST = readFileSync(join(EXAMPLES, 'prometheus', 'wsmesh.rules.test.yml'), 'utf8')

interface Dashboard {
  readonly panels: readonly {
    readonly title: string
    readonly targets?: readonly {readonly expr: string}[]
  }[]
}

const dashboard = JSON.parse(
  readFileSync(join(EXAMPLES, 'grafana', 'wsmesh.json'), 'utf8'),
) as Dashboard
const queries = dashboard.panels.flatMap(({title, targets = []}) =>
  targets.map(({expr}) => [title, expr] as const))

function promtool(...args: readonly string[]): readonly [number | null, string] {
  const {status, stdout, stderr, error} = spawnSync('promtool', args, {
    cwd: join(EXAMPLES, 'prometheus'), encoding: 'utf8',
  })
  if (error) throw new Error('promtool is missing: apt-get install prometheus', {cause: error})
  return [status, stdout + stderr]
}

/** Those that an expression asks for and no node has. */
function unknownIn(text: string): readonly string[] {
  const names = new Set(FAMILIES.flatMap(({name, type}) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]))
  const asked = text.match(/\b(?:wsmesh|process|nodejs)_[a-z_]+\b(?=[{[)\s]|$)/gm) ?? []
  return asked.filter((name) => !names.has(name))
}

test('each alert fires in a sick mesh, none in a calm one, and all ask for what there is', () => {
  const alerts = [...RULES.matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name)
  const tested = [...RULES_TEST.matchAll(/alertname="(\w+)"/g)].map(([, name = '']) => name)
  expect(tested.toSorted()).toEqual(alerts.toSorted())
  const expressions = [...RULES.matchAll(/expr: (.+)/g)].map(([, expr = '']) => expr)
  expect(expressions.flatMap(unknownIn)).toEqual([])
  expect(promtool('test', 'rules', 'wsmesh.rules.test.yml')).toEqual([0, expect.any(String)])
})

test('each panel of the dashboard asks for what there is, in words that Prometheus knows', () => {
  expect(queries.length).toBeGreaterThan(40)
  expect(queries.flatMap(([title, expr]) => unknownIn(expr).map((name) => [title, name]))).toEqual([])
  const rules = queries.map(([, expr], n) => {
    const query = expr.replaceAll('$__rate_interval', '1m').replaceAll('$', '')
    return `{record: "r:${n}", expr: ${JSON.stringify(query)}}`
  })
  const file = `groups: [{name: all, rules: [${rules.join(', ')}]}]`
  const folder = mkdtempSync(join(tmpdir(), 'wsmesh-test-'))
  onTestFinished(() => rmSync(folder, {recursive: true}))
  const path = join(folder, 'rules.yml')
  writeFileSync(path, file)
  expect(promtool('check', 'rules', path)).toEqual([0, expect.any(String)])
})
