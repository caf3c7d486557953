/**
 * wsmesh against others on this machine: `npm run bench -- --only ROW --rounds N`.
 *
 * Every round runs each peer once, in turn, the other way round in every second one; what is
 * compared is CPU time of whole processes per delivered message within one round, so a machine that
 * is slow for a minute slows both. bench/README.md has the rules; RESULTS.md is what this writes.
 */
import {execFileSync} from 'node:child_process'
import {appendFileSync, existsSync, mkdirSync, readFileSync, rmSync} from 'node:fs'
import {join} from 'node:path'
import {parseArgs} from 'node:util'

const {values} = parseArgs({
  options: {
    only: {type: 'string', multiple: true, default: []},
    peers: {type: 'string'},
    rounds: {type: 'string', default: '5'},
    seconds: {type: 'string', default: '2'},
    'stop-after': {type: 'string', default: 'Infinity'},
    fresh: {type: 'boolean', default: false},
  },
})
const root = join(import.meta.dirname, '..')
const raw = join(import.meta.dirname, 'raw')
const book = join(raw, 'runs.jsonl')

function installPeers() {
  const folder = join(import.meta.dirname, 'peers')
  if (existsSync(join(folder, 'node_modules', 'uwebsockets'))) return
  console.error('Installing the peers in bench/peers …')
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], {cwd: folder, stdio: ['ignore', 2, 2]})
}

if (!existsSync(join(root, 'dist'))) throw new Error('There is no build: npm run build')
installPeers()
mkdirSync(raw, {recursive: true})
const {rows} = await import('./suite/rows.mjs')
const {compile} = await import('./suite/driver.mjs')
const {textTable} = await import('./suite/report.mjs')

const programs = {driver: compile('driver', raw), limit: compile('limit', raw)}
if (!programs.driver) throw new Error('The driver needs a C compiler: apt-get install gcc libc6-dev')
const names = values.only.length > 0 ? values.only.flatMap((text) => text.split(',')) : Object.keys(rows)
const unknown = names.find((name) => !rows[name])
if (unknown) throw new Error(`No row ${unknown}: there are ${Object.keys(rows).join(', ')}`)
const wanted = values.peers?.split(',')
const endAt = performance.now() + Number(values['stop-after']) * 1000
if (values.fresh) rmSync(book, {force: true})

function keep(run) {
  appendFileSync(book, `${JSON.stringify(run)}\n`)
  const {row, peer, mode, cpuUs, perSecond, p50Us, p99Us, fault} = run
  const figures = cpuUs === undefined ? '' : `${cpuUs.toFixed(3)} us  ${Math.round(perSecond)}/s  p50 ${
    Math.round(p50Us)}  p99 ${Math.round(p99Us)} us`
  console.log(`${row.padEnd(8)} ${mode.padEnd(10)} ${peer.padEnd(18)} ${figures}${fault ? `  NOT VALID: ${fault}` : ''}`)
}

async function runRow(name, round, options) {
  const {peers, run} = rows[name]
  const turn = peers.filter((peer) => !wanted || wanted.includes(peer))
  for (const peer of round % 2 ? turn.toReversed() : turn) {
    const runs = await run(peer, options)
    if (!runs) {
      console.error(`${peer} cannot run here`)
      continue
    }
    for (const figures of runs) {
      keep({row: name, peer, round: options.round, at: new Date().toISOString(), ...figures})
      if (name === 'one' && peer === 'wsmesh') options.frameBytes = Math.round(figures.frameBytes) - 4
    }
  }
}

for (let round = 0; round < Number(values.rounds) && performance.now() < endAt; round += 1) {
  for (const name of names) {
    if (performance.now() >= endAt) break
    const options = {
      programs, seconds: Number(values.seconds), round: new Date().toISOString(), frameBytes: 213,
    }
    await runRow(name, round, options)
  }
}
const runs = readFileSync(book, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line))
console.log(textTable(runs))
