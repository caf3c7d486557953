/** docs/SCALE.md and its curves are what the model says now: else `node bench/scale-charts.mjs`. */
import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {Chalk} from 'chalk'
import {expect, test} from 'vitest'
import {charts, checked, EXAMPLE_FLAGS, tables, withTables} from '../../../bench/scale/curves.mjs'
import {runScale, scaleText, USUAL} from '../../../src/lib/cli/scale/run-scale.js'
import {COSTS} from '../../../src/lib/scale/costs.js'
import {CHECK_RUNS, DEFAULT_COSTS} from '../../../src/lib/scale/default-costs.js'
import {masterLoops} from '../../../src/lib/scale/master-relay.js'
import {natsLoops, serverBusyUs} from '../../../src/lib/scale/nats-relay.js'
import {logSteps, partsOf, priceOf} from '../../../src/lib/scale/price.js'
import {turnsOf} from '../../../src/lib/scale/turns.js'

const DOCS = join(import.meta.dirname, '..', '..', '..', 'docs')
const plain = {colours: new Chalk({level: 0}), widthMax: undefined, isCsv: false}
const model = {
  example: scaleText(await runScale({...EXAMPLE_FLAGS, relay: 'master'}, ''), plain),
  usual: USUAL, costs: DEFAULT_COSTS.costs, meanings: COSTS, checkRuns: CHECK_RUNS, logSteps,
  masterLoops, natsLoops, partsOf, priceOf, serverBusyUs, turnsOf,
}

test('the curves are those of the model, and no others lie there', () => {
  const drawn: Readonly<Record<string, string | undefined>> = charts(model)
  expect(readdirSync(join(DOCS, 'scale')).toSorted()).toEqual(Object.keys(drawn).toSorted())
  for (const [name, text] of Object.entries(drawn)) {
    expect(readFileSync(join(DOCS, 'scale', name), 'utf8') === text, name).toBe(true)
    expect(text).not.toMatch(/NaN|Infinity|undefined/)
  }
})

test('the tables are those of the model', () => {
  const page = readFileSync(join(DOCS, 'SCALE.md'), 'utf8')
  expect(withTables(page, tables(model)) === page).toBe(true)
  expect(page).not.toMatch(/NaN|Infinity|undefined/)
})

test('the model is within a factor of three and a half of each run that it does not know', () => {
  const runs = checked(model) as readonly Readonly<Record<string, number | undefined>>[]
  const off = runs.flatMap((run) => [
    [run['nodeUs'], run['nodeModelUs']], [run['masterUs'], run['masterModelUs']],
    [run['serverUs'], run['serverModelUs']],
  ].flatMap(([measured, reckoned]) => (measured && reckoned ? [reckoned / measured] : [])))
  expect(off.length).toBeGreaterThan(20)
  expect(off.filter((ratio) => ratio < 1 / 3.5 || ratio > 3.5)).toEqual([])
})
