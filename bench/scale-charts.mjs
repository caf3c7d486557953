/**
 * The curves and tables of docs/SCALE.md, anew, of the costs that wsmesh comes with:
 *
 *   npm run build && node bench/scale-charts.mjs
 */
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {Chalk} from 'chalk'
import {runScale, scaleText, USUAL} from '../dist/lib/cli/scale/run-scale.js'
import {COSTS} from '../dist/lib/scale/costs.js'
import {CHECK_RUNS, DEFAULT_COSTS} from '../dist/lib/scale/default-costs.js'
import {masterLoops} from '../dist/lib/scale/master-relay.js'
import {natsLoops, serverBusyUs} from '../dist/lib/scale/nats-relay.js'
import {logSteps, partsOf, priceOf} from '../dist/lib/scale/price.js'
import {turnsOf} from '../dist/lib/scale/turns.js'
import {charts, EXAMPLE_FLAGS, tables, withTables} from './scale/curves.mjs'

const docs = join(import.meta.dirname, '..', 'docs')
const plain = {colours: new Chalk({level: 0}), widthMax: undefined, isCsv: false}
const model = {
  example: scaleText(await runScale(EXAMPLE_FLAGS, ''), plain),
  usual: USUAL, costs: DEFAULT_COSTS.costs, meanings: COSTS, checkRuns: CHECK_RUNS, logSteps,
  masterLoops, natsLoops, partsOf, priceOf, serverBusyUs, turnsOf,
}
mkdirSync(join(docs, 'scale'), {recursive: true})
for (const [name, text] of Object.entries(charts(model))) {
  writeFileSync(join(docs, 'scale', name), text)
}
const page = join(docs, 'SCALE.md')
writeFileSync(page, withTables(readFileSync(page, 'utf8'), tables(model)))
