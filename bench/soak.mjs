/** The soak of a mesh by itself, with figures: `node bench/soak.mjs NODES CONNECTIONS CYCLES OUT.json [RATE] [FOR_S]`. */
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {startNodeProcess} from '../dist/lib/process/node-process.js'
import {loadSecret} from '../dist/lib/auth/secret.js'
import {CHURN_KINDS} from '../dist/lib/siege/soak/churn-kinds.js'
import {runSoak} from '../dist/lib/siege/soak/run-soak.js'
import {judgeServers} from '../dist/lib/siege/soak/soak-report.js'
import {NodeTarget} from '../dist/lib/siege/soak/soak-target.js'

const [count = '3', connections = '300', cycles = '20', out = 'soak.json', rate = '200', forS] = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'wsmesh-soak-'))
const bin = process.env.SOAK_BIN ?? new URL('../bin/run.js', import.meta.url).pathname
const env = {...process.env, WSMESH_DATA_DIR: folder}
const extra = (process.env.SOAK_SERVE ?? '').split(' ').filter(Boolean)
/** The nodes leave with this process, however it ends; told to end, it tidies up behind itself. */
const keep = new URL('../dist/lib/process/keep-with-parent.js', import.meta.url).href
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort())
const processes = []
const targets = []
try {
  for (let n = 0; n < Number(count); n += 1) {
    const child = startNodeProcess({
      command: process.execPath, env,
      args: ['--import', keep, bin, 'serve', '--port', '0', '--json', ...extra],
      onLog: (line) => process.stderr.write(`node ${n}: ${line}\n`),
    })
    processes.push(child)
    const ready = await child.ready
    const secret = await loadSecret({env: {}, dataDir: folder})
    const place = {name: ready.node, clientUrl: ready.clientUrl, operatorUrl: ready.nodeUrl}
    targets.push(new NodeTarget(place, {operatorUrl: ready.nodeUrl, httpUrl: ready.httpUrl, secret}))
  }
  const secret = await loadSecret({env: {}, dataDir: folder})
  const run = await runSoak({
    targets, protocol: 'wsmesh', secret, kinds: Object.keys(CHURN_KINDS), cycles: Number(cycles),
    forMs: forS === undefined ? undefined : Number(forS) * 1000, connections: Number(connections), warmUpConnections: Number(process.env.SOAK_WARM_UP ?? 1000),
    connectPerS: Number(rate), detailsBytes: 200, restMs: 120_000, settleMs: 1000, seed: 1,
    signal: stop.signal,
    onCycle: ({cycle, isWarmUp, atS, work, samples}) => {
      const told = [...samples.values()].map(({sample: s, work: w}) =>
        `${s.objects} obj ${(s.heapBytes / 1024).toFixed(0)}K ext ${(s.externalBytes / 1024).toFixed(0)}K rss ${(s.rssBytes / 2 ** 20).toFixed(0)}M v${s.gauges.visits.value} h${s.gauges.history.value} c${w.connection} p${s.cost.pauseMs}`)
      console.log(cycle, isWarmUp ? 'w' : ' ', atS.toFixed(0), work.messages, work.failed, told.join(' | '))
      if (work.errors.size > 0) console.log([...work.errors].slice(0, 5))
    },
  })
  writeFileSync(out, JSON.stringify({...run, work: {...run.work, byTarget: [...run.work.byTarget], errors: [...run.work.errors]}}))
  for (const [index, server] of judgeServers(run, {detectionLimitBytes: 60}).entries()) {
    console.log(server.name, server.verdict, server.summary)
    for (const {verdict, name, evidence} of server.findings) console.log('  ', verdict, name, evidence)
    if (server.verdict !== 'leak') continue
    const {snapshot} = await targets[index].sample(server.suspects)
    for (const holder of snapshot?.holders ?? []) console.log('   held:', holder.class, holder.path)
  }
} finally {
  for (const target of targets) target.close()
  for (const child of processes) child.signal('SIGTERM')
  await Promise.all(processes.map((child) => child.ended))
  rmSync(folder, {recursive: true, force: true})
}
