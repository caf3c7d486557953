/**
 * wsmesh against others on this machine, in turn.
 *
 *   npm run bench                                  all rows, 5 rounds; writes RESULTS.md
 *   npm run bench -- --only one,connect --rounds 1
 *   npm run bench -- --only mesh --peers wsmesh,nats --seconds 1
 *   npm run bench -- --stop-after 270 --keep       one slice of a long bench; adds to what is there
 *   npm run bench -- --rounds 0 --write            RESULTS.md anew, of the runs that there are
 *   npm run bench -- --node-driver                 as where there is no C compiler
 */
import {execFileSync} from 'node:child_process'
import {appendFileSync, existsSync, mkdirSync, readFileSync, rmSync} from 'node:fs'
import {join} from 'node:path'
import {parseArgs} from 'node:util'

const root = join(import.meta.dirname, '..')
const raw = join(import.meta.dirname, 'raw')
const book = join(raw, 'runs.jsonl')

/** What a frame of wsmesh has, until a run of this round says it. */
const FRAME_BYTES = 217
const SHOWN = ['cpuUs', 'perSecond', 'p50Us', 'p99Us', 'bytes', 'loopP999Ms']

function give(problem, hint) {
  console.error(`${problem}\n  Try: ${hint}`)
  process.exit(2)
}

function options() {
  try {
    return parseArgs({
      options: {
        only: {type: 'string'}, peers: {type: 'string'}, rounds: {type: 'string', default: '5'},
        seconds: {type: 'string', default: '2'}, 'stop-after': {type: 'string', default: '86400'},
        keep: {type: 'boolean', default: false}, write: {type: 'boolean', default: false},
        'node-driver': {type: 'boolean', default: false},
      },
    }).values
  } catch (error) {
    return give(error.message, 'npm run bench -- --only one --rounds 1')
  }
}

function number(values, name, least) {
  const value = Number(values[name])
  if (value >= least) return value
  return give(`--${name} is no number of at least ${least}: ${values[name]}`, `--${name} 5`)
}

/** A list of names out of `known`; all of them where none is given. */
function chosen(text, known, what) {
  const names = text ? text.split(',') : known
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined) give(`There is no ${what} ${unknown}`, known.join(', '))
  return names
}

function installPeers() {
  const folder = join(import.meta.dirname, 'peers')
  if (existsSync(join(folder, 'node_modules', 'uwebsockets'))) return
  console.error('Installing the peers in bench/peers …')
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], {cwd: folder, stdio: ['ignore', 2, 2]})
}

const values = options()
const rounds = number(values, 'rounds', 0)
const seconds = number(values, 'seconds', 0.1)
const endAt = performance.now() + number(values, 'stop-after', 1) * 1000
if (!existsSync(join(root, 'dist'))) give('There is no build', 'npm run build')
installPeers()
mkdirSync(raw, {recursive: true})

const {rows} = await import('./suite/rows.mjs')
const {compile} = await import('./suite/driver.mjs')
const {wsmeshVersion} = await import('./suite/machine.mjs')
const {stopAll} = await import('./suite/processes.mjs')
const {FIGURES, textTable} = await import('./suite/report.mjs')
const {writeResults} = await import('./suite/results.mjs')

const names = chosen(values.only, Object.keys(rows), 'row')
const everyPeer = [...new Set(Object.values(rows).flatMap(({peers}) => peers))]
const wanted = chosen(values.peers, everyPeer, 'peer')
const inC = values['node-driver'] ? undefined : compile('driver', raw)
const inNode = [process.execPath, join(import.meta.dirname, 'suite', 'driver-node.mjs')]
const wsmesh = wsmeshVersion(root)
const programs = {driver: inC ? [inC] : inNode, limit: compile('limit', raw)}
if (!inC) console.error('The driver is the one in Node, which costs more than the servers')

function keep(run) {
  appendFileSync(book, `${JSON.stringify(run)}\n`)
  const {row, peer, mode, fault} = run
  const figures = SHOWN.filter((name) => Number.isFinite(run[name]))
    .map((name) => `${FIGURES[name].name} ${FIGURES[name].show(run[name])}`)
  const words = [row.padEnd(8), mode.padEnd(10), peer.padEnd(18), figures.join('  ')]
  if (fault) words.push(`NOT VALID: ${fault}`)
  console.log(words.join(' '))
}

async function runRow(name, turn, round) {
  const {peers, run} = rows[name]
  const all = peers.filter((peer) => wanted.includes(peer))
  const shared = {programs, seconds, frameBytes: FRAME_BYTES}
  for (const peer of turn % 2 ? all.toReversed() : all) {
    const runs = await run(peer, shared).catch((error) => [{mode: 'all', fault: error.message}])
    stopAll()
    if (!runs) console.error(`${peer} cannot run here`)
    const at = new Date().toISOString()
    const made = {row: name, peer, round, at, wsmesh, driver: inC ? 'C' : 'Node'}
    for (const one of runs ?? []) keep({...made, ...one})
  }
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
process.once('exit', stopAll)

if (!values.keep && rounds > 0) rmSync(book, {force: true})
for (let turn = 0; turn < rounds; turn += 1) {
  for (const name of names) {
    if (performance.now() < endAt) await runRow(name, turn, new Date().toISOString())
  }
}
const runs = existsSync(book)
  ? readFileSync(book, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line))
  : []
console.log(textTable(runs))
const isWhole = !values.only && !values.peers && rounds > 0
if (values.write || isWhole) writeResults(runs, root)
