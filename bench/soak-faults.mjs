/**
 * The long form of test/lib/siege/soak-faults.test.ts: each known fault by itself, then 20 clean
 * runs. `node bench/soak-faults.mjs [CLEAN_RUNS]`; about a minute for each on two cores.
 */
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {runSoak} from '../dist/lib/siege/soak/run-soak.js'
import {judgeServers} from '../dist/lib/siege/soak/soak-report.js'
import {PageTarget} from '../dist/lib/siege/soak/soak-target.js'

const EXPECTED = {
  objects: 'class Forgotten', strings: 'members of Sets', listeners: 'listeners of Bus news',
  timers: 'class Timeout', buffers: 'external memory', files: 'open files', cache: undefined, once: undefined,
}
const script = new URL('../test/helpers/leaky-server.mjs', import.meta.url).pathname

async function judge(faults, seed) {
  const child = spawn(process.execPath, [script, ...faults], {stdio: ['ignore', 'pipe', 2, 'ipc']})
  const [port] = await once(child.stdout, 'data')
  const at = `127.0.0.1:${String(port).trim()}`
  const place = {name: faults.join() || 'clean', clientUrl: `ws://${at}/`, operatorUrl: undefined}
  const run = await runSoak({
    targets: [new PageTarget(place, `http://${at}/sample`)],
    protocol: 'plain', secret: undefined, kinds: ['clean', 'terminate', 'abort', 'invalid', 'slow'],
    cycles: 20, forMs: undefined, connections: 300, warmUpConnections: 300, connectPerS: 2000,
    detailsBytes: 100, restMs: 1000, settleMs: 200, seed, signal: new AbortController().signal,
    onCycle: () => {},
  })
  child.kill('SIGKILL')
  const [server] = judgeServers(run, {detectionLimitBytes: 1_000_000})
  return server
}

let wrong = 0
for (const [fault, name] of Object.entries(EXPECTED)) {
  const {verdict, summary, findings} = await judge([fault], 1)
  const leaks = findings.filter((finding) => finding.verdict === 'leak').map((found) => found.name)
  const isRight = name === undefined ? verdict.startsWith('pass') : leaks.includes(name)
  if (!isRight) wrong += 1
  console.log(isRight ? 'right' : 'WRONG', fault.padEnd(10), verdict.padEnd(13), summary)
}
const runs = Number(process.argv[2] ?? 20)
let alarms = 0
for (let seed = 1; seed <= runs; seed += 1) {
  const {verdict, summary} = await judge([], seed)
  if (!verdict.startsWith('pass')) alarms += 1
  console.log('clean', seed, verdict, summary)
}
console.log(`${wrong} of ${Object.keys(EXPECTED).length} faults wrong, ${alarms} false alarms in ${runs} clean runs`)
process.exitCode = wrong + alarms === 0 ? 0 : 1
