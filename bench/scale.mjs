/**
 * What the model of `wsmesh simulate --relay …` takes from a machine, measured on this one: about
 * ten minutes, best with nothing else at work.
 *
 *   npm run build && node bench/scale.mjs --out costs.json
 *   wsmesh simulate --relay master --cost costs.json
 *
 *   node bench/scale.mjs --only master,followed     some rows, again, beside those that there are
 *   node bench/scale.mjs --only check               the model against runs that it does not know
 *   node bench/scale.mjs --only none --ship         the defaults that wsmesh comes with, anew
 *
 * Needs Linux, nats-server, mariadbd and openssl. Runs are kept in bench/raw/scale.jsonl.
 */
import {execFileSync} from 'node:child_process'
import {appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {parseArgs} from 'node:util'

const root = join(import.meta.dirname, '..')
const raw = join(import.meta.dirname, 'raw')
const book = join(raw, 'scale.jsonl')
const COMMAND = 'node bench/scale.mjs'

function give(problem, hint) {
  console.error(`${problem}\n  Try: ${hint}`)
  process.exit(2)
}

function options() {
  try {
    return parseArgs({options: {
      only: {type: 'string'}, seconds: {type: 'string', default: '3'},
      out: {type: 'string', default: join(raw, 'costs.json')},
      ship: {type: 'boolean', default: false},
    }}).values
  } catch (error) {
    return give(error.message, `${COMMAND} --out costs.json`)
  }
}

const values = options()
const seconds = Number(values.seconds)
if (!(seconds >= 1)) give(`--seconds is no number of at least 1: ${values.seconds}`, '--seconds 3')
if (!existsSync(join(root, 'dist'))) give('There is no build', 'npm run build')

const {masterRuns, followedRuns, limitRuns} = await import('./scale/master-runs.mjs')
const {clusterRuns, natsRuns} = await import('./scale/nats-runs.mjs')
const {deliveryRuns, connectionRuns} = await import('./scale/client-runs.mjs')
const {storeRuns} = await import('./scale/store-runs.mjs')
const {checkRuns} = await import('./scale/check-runs.mjs')
const {costsOf} = await import('./scale/fit.mjs')
const {machine, wsmeshVersion} = await import('./suite/machine.mjs')
const {COSTS, COSTS_SCHEMA, readCosts} = await import('../dist/lib/scale/costs.js')

/** In a process of its own, where nothing else is held. */
function memoryRuns(_, keep) {
  const file = join(import.meta.dirname, 'scale', 'memory-runs.mjs')
  for (const run of JSON.parse(execFileSync(process.execPath, ['--expose-gc', file]))) keep(run)
}

const rows = {
  master: masterRuns, followed: followedRuns, delivery: deliveryRuns, nats: natsRuns,
  cluster: clusterRuns,
  connections: connectionRuns, store: storeRuns, memory: memoryRuns, check: checkRuns,
  limit: limitRuns,
}
const names = values.only === 'none' ? [] : values.only?.split(',') ?? Object.keys(rows)
const unknown = names.find((name) => !(name in rows))
if (unknown !== undefined) give(`There is no row ${unknown}`, Object.keys(rows).join(', '))

mkdirSync(raw, {recursive: true})
if (values.only === undefined) rmSync(book, {force: true})
const at = new Date().toISOString()
const wsmesh = wsmeshVersion(root)

function keep(row) {
  return (run) => {
    appendFileSync(book, `${JSON.stringify({row, at, wsmesh, ...run})}\n`)
    const {kind, to = '', size = '', perS = '', nodes = [], others = [], ...more} = run
    const busy = [...nodes.map(({us}) => us), ...others].map((us) => `${(us / 1e4).toFixed(1)}%`)
    const rest = Object.entries(more).filter(([, value]) => typeof value === 'number')
      .map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
    console.log([kind, to, size, perS, ...busy, ...rest].filter((each) => each !== '').join(' '))
  }
}

for (const name of names) await rows[name](seconds, keep(name))

/** Of each row the newest run of the bench. */
function newest() {
  if (!existsSync(book)) give('Nothing is measured yet', COMMAND)
  const all = readFileSync(book, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line))
  const last = new Map(all.map((run) => [run.row, run.at]))
  return all.filter((run) => run.at === last.get(run.row))
}

const runs = newest()
/** Rows that no cost is taken from. */
const APART = ['check', 'limit']
const missing = Object.keys(rows)
  .filter((row) => !APART.includes(row) && !runs.some((run) => run.row === row))
if (missing.length > 0) {
  console.log(`Not measured yet: ${missing.join(', ')}`)
  process.exit()
}
const measured = {
  schema: COSTS_SCHEMA, measured: runs.reduce((last, run) => (run.at > last ? run.at : last), '').slice(0, 10),
  machine: machine(), wsmesh: runs.at(-1).wsmesh, by: COMMAND, costs: costsOf(runs),
}
const read = readCosts(measured)
if (typeof read === 'string') throw new Error(read)
console.table(Object.fromEntries(Object.entries(measured.costs).map(([name, value]) =>
  [name, {value, unit: COSTS[name].unit, what: COSTS[name].what}])))
writeFileSync(values.out, `${JSON.stringify(measured, null, 2)}\n`)
console.log(`written: ${values.out}`)
if (values.ship) {
  const {shippedText} = await import('./scale/ship.mjs')
  writeFileSync(join(root, 'src', 'lib', 'scale', 'default-costs.ts'), shippedText(measured, runs))
  console.log('written: src/lib/scale/default-costs.ts; build, then node bench/scale-charts.mjs')
}
process.exit()
