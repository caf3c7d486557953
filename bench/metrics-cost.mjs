/**
 * What metrics cost: CPU of a node for each message, while a siege gives it what it can take.
 * In one process, second by second in turn: off (nothing is measured: no latencies, no garbage
 * collections; counters count, since the node needs them), on, and on with /metrics asked for. A
 * figure is the median of the ratios of seconds that follow on each other, so that a machine that
 * changes its speed changes all three.
 *
 *   npm run build && node bench/metrics-cost.mjs [--seconds 60] [--target user] [--clients 200]
 *     [--rate 20000]
 *
 * Fails when on, or on and asked for each second, costs 2 % more than off.
 */
import {execFile, spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {parseArgs, promisify} from 'node:util'

const {values} = parseArgs({
  options: {
    seconds: {type: 'string', default: '60'},
    target: {type: 'string', default: 'user'},
    clients: {type: 'string', default: '200'},
    rate: {type: 'string', default: '20000'},
  },
})
const MORE_MAX = 0.02
/** Code is compiled, and the siege has its rate. */
const WARM_S = 9
const run = promisify(execFile)
const BIN = join(import.meta.dirname, '..', 'bin', 'run.js')
const SWITCH = join(import.meta.dirname, 'metrics-switch.mjs')
const folder = mkdtempSync(join(tmpdir(), 'wsmesh-metrics-'))
const env = {...process.env, WSMESH_DATA_DIR: folder}

function median(all) {
  const sorted = all.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

function percent(share) {
  return `${share < 0 ? '' : '+'}${(share * 100).toFixed(1)} %`
}

const serve = ['serve', '--port', '0', '--json', '--guests', 'allow']
const node = spawn('taskset', ['-c', '0', process.execPath, '--import', SWITCH, BIN, ...serve], {
  env, stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
})
process.on('exit', () => {
  node.kill('SIGKILL')
  rmSync(folder, {recursive: true, force: true})
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))
const [line] = await once(node.stdout.setEncoding('utf8'), 'data')
const {httpUrl} = JSON.parse(line.split('\n')[0])
const periods = []
node.on('message', (period) => periods.push(period))
const {clients, rate, target, seconds} = values
const load = ['siege', '-c', clients, '-r', rate, '--target', target, '-t', `${seconds}s`, '--json']
const siege = run('taskset', ['-c', '1', process.execPath, BIN, ...load], {env, maxBuffer: 2 ** 26})
node.send(httpUrl)
// A siege that finds the node too slow has failed; CPU is counted for each message all the same.
await siege.catch(({stderr}) => process.stderr.write(stderr))

if (periods.length <= WARM_S) throw new Error('Too short: the siege ended before it had begun')
const most = Math.max(...periods.map(({count}) => count))
const good = periods.slice(WARM_S).map((each) => each.count > most / 2 ? each : undefined)
const more = {on: [], scraped: []}
const us = {off: [], on: [], scraped: []}
for (const [index, period] of good.entries()) {
  const group = [period, good[index + 1], good[index + 2]]
  for (const {state, us: each} of period === undefined ? [] : [period]) us[state].push(each)
  if (period?.state !== 'off' || group.some((each) => each === undefined)) continue
  more.on.push(group[1].us / period.us - 1)
  more.scraped.push(group[2].us / period.us - 1)
}
console.log(`off      ${median(us.off).toFixed(2)} µs of CPU a message, up to ${most} a second`)
for (const [state, ratios] of Object.entries(more)) {
  const spread = `${percent(Math.min(...ratios))} to ${percent(Math.max(...ratios))}`
  console.log(`${state.padEnd(8)} ${median(us[state]).toFixed(2)} µs; ${percent(median(ratios))} `
    + `(${spread}, of ${ratios.length})`)
}
process.exit(Object.values(more).every((ratios) => median(ratios) <= MORE_MAX) ? 0 : 1)
