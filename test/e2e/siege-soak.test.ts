/** `wsmesh siege --soak` as people run it: a clean server, a node that leaks, one that dies. */
import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {beforeAll, describe, expect, test} from 'vitest'
import type {RunReport} from '../../src/lib/siege/run-report.js'
import {assertBuilt} from '../helpers/built.js'
import {runCli, startCli} from '../helpers/cli.js'
import {eventually} from '../helpers/eventually.js'
import {freePort} from '../helpers/free-port.js'
import {startLeaky} from '../helpers/leaky-server.js'
import {mutant} from '../helpers/mutant.js'
import {ServeMesh} from '../helpers/serve-process.js'
import {fixtureReport} from '../lib/siege/fixture-report.js'
import {soakReport} from '../lib/siege/fixture-leak.js'

/** As little as a verdict takes: a history that is soon empty, no connection that hangs. */
const QUICK = ['--history-seconds', '1'] as const
const SOAK = ['siege', '--soak', '-c', '60', '--cycles', '12', '--connect-rate', '2000',
  '--detection-limit', '100000', '--timeout', '30s', '--warm-up', '300'] as const
const KINDS = ['--kinds', 'clean,post,terminate,resume,tabs,abort,refused,invalid'] as const
const LONG_MS = 900_000

beforeAll(() => assertBuilt('lib/node'))

describe.concurrent('wsmesh siege --soak', {timeout: LONG_MS}, () => {
  test('passes a clean server of another kind, and says how little it would have seen', async () => {
    await using server = await startLeaky('clean')
    const {clientUrl} = server.target.place
    const page = clientUrl.replace('ws:', 'http:').concat('sample')
    const {exit, stdout, stderr} = await runCli(
      [...SOAK, '--protocol', 'plain', '--sample-url', page, clientUrl], {timeoutMs: LONG_MS})
    expect(stderr).toMatch(/^soak: 60 visits at \S+ in a cycle, 2000\/s in all; a warm-up, then 12 /)
    expect(stderr).toMatch(/cycle 5 \(warm-up\)[^]*\(12 of 12\)/)
    expect(stdout).toMatch(/^PASS {2}.*B a connection would have been seen\n/)
    expect(exit).toBe(0)
  })

  test('finds a delete that is missing in a node, and names what holds it', async () => {
    await using forgetful = await mutant(
      {file: 'lib/node/connection-index.js', from: 'this.#byKey.delete(key)', to: 'void key'},
      // It remembers few visits, so that few of them fill that.
      {file: 'lib/node/visits.js', from: 'ENDED_VISITS_MAX = 4096', to: 'ENDED_VISITS_MAX = 64'})
    await using mesh = await ServeMesh.open()
    const clean = await mesh.start(...QUICK)
    const leaky = await mesh.startFrom(forgetful.bin, ...QUICK)
    const [before = '', page = '', cases = ''] = ['before.json', 'siege.html', 'siege.xml']
      .map((name) => join(mesh.folder, name))
    await writeFile(before, JSON.stringify(soakReport(fixtureReport())))
    const {exit, stdout, stderr} = await runCli([...SOAK, ...KINDS, '--hours', '0.001', '--ndjson',
      '--compare', before, '--html', page, '--junit', cases], {env: mesh.env, timeoutMs: LONG_MS})
    const {verdict, leak, reasons} = reportIn(stdout)
    expect({verdict, exit}).toEqual({verdict: 'leak', exit: 98})
    const nodeOf = (id: string) => leak?.nodes.find(({node}) => node === id)
    const {findings = [], summary} = nodeOf(leaky.ready.node) ?? {}
    const leaks = findings.filter((one) => one.verdict === 'leak')
    expect(leaks.map(({name}) => name)).toEqual(
      expect.arrayContaining(['users', 'sessions', 'class ClientConnection', 'class Socket']))
    expect(leaks.find(({name}) => name === 'users')).toMatchObject({per: 'connection'})
    expect(summary).toMatch(/^users grows by .* held by .*ConnectionIndex\.#byKey → Map/)
    expect(reasons.join()).toContain(leaky.ready.node)
    // So short a warm-up fills no cache.
    expect(nodeOf(clean.ready.node)?.verdict).toMatch(/^(pass|inconclusive)/)
    // With --hours it goes on; the comparison leaves stdout to programs.
    expect(stderr).toContain('(12 after the warm-up)')
    expect(stderr).toMatch(/heap at rest +[\d.]+ ?MiB +[\d.]+ ?MiB/)
    expect(await readFile(page, 'utf8')).toContain('<strong>LEAK')
    expect(await readFile(cases, 'utf8')).toMatch(/<failure type="memory" message="users grows by/)
  })

  test('of a node that is restarted in the middle: INVALID, with what was measured', async () => {
    await using mesh = await ServeMesh.open()
    const port = String(await freePort())
    const node = await mesh.start('--port', port, ...QUICK)
    const siege = startCli([...SOAK, ...KINDS, '--strict', '--ndjson'], {env: mesh.env})
    await using _ = siege
    await eventually(() => siege.stdout().includes('\n'), {what: 'a cycle', timeoutMs: LONG_MS})
    await mesh.kill(node)
    const again = await mesh.start('--port', port, ...QUICK)
    expect(again.ready.pid).not.toBe(node.ready.pid)
    expect(await siege.exit).toBe(97)
    expect(siege.stdout()).toMatch(/^\{"type":"cycle","cycle":1,"isWarmUp":true,/)
    const report = reportIn(siege.stdout())
    expect(report.verdict).toBe('invalid')
    expect(report.leak?.nodes[0]?.samples.length).toBeGreaterThan(0)
    expect(report.reasons.join()).toMatch(/another one after cycle \d+: restarted|no sample after/)
    expect(siege.stderr()).not.toContain('    at ')
  })
})

/** The last line of --ndjson. */
function reportIn(stdout: string): RunReport {
  const last = stdout.trim().split('\n').at(-1) ?? ''
  return (JSON.parse(last) as {readonly report: RunReport}).report
}
