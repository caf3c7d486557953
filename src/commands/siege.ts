import {BaseCommand} from '../lib/cli/base-command.js'
import {reachFlags, yesFlag} from '../lib/cli/flags.js'
import {reportFileFlags} from '../lib/siege/report/report-flags.js'
import {clientFlags, loadFlags, soakFlags, verdictFlags} from '../lib/siege/siege-flags.js'

export default class SiegeCommand extends BaseCommand {
  static override danger = (flags: Readonly<Record<string, unknown>>) =>
    (flags['nodes'] === undefined ? 'puts load on the mesh' : undefined)
  static override summary = 'load the mesh with clients and messages, and judge what comes'
  static override description = [
    'Without a URL: all nodes of the pool. Messages leave by an absolute schedule, whoever is',
    'slow, and latency counts from when they should have left. Every delivery is accounted for.',
    'The first line is the verdict: PASS, FAIL (a threshold), INVALID (the generator was the',
    'bottleneck) and so on; exit statuses are in wsmesh help exit-codes, the method is in',
    'docs/SIEGE.md.',
  ].join('\n')
  static override examples = [
    'wsmesh siege',
    "wsmesh siege -c 1000 -r 2000 -t 1m --threshold 'latency.p99<50ms'",
    'wsmesh siege --nodes 3 -c 300 -r 500 --fault kill-master@10s',
    'wsmesh siege --stairs -r 200 -t 10s',
    'wsmesh siege --soak --nodes 3',
    'wsmesh siege --soak --nodes 3 --failover kill',
    'wsmesh siege --protocol plain -c 100 -r 1000 ws://127.0.0.1:9000/',
    'wsmesh siege --html siege.html --junit siege.xml',
    'wsmesh siege -c 50 -t 10s http://127.0.0.1:8080/healthz',
    'wsmesh siege --json -t 10s > run.json',
  ]
  static override usage = 'siege [URL...] [FLAGS]'
  static override strict = false
  static override jsonFields = ['schema', 'verdict', 'exit', 'reasons[]', 'config', 'counts',
    'rates', 'latency', 'thresholds[]', 'errors[]', 'closeCodes[]', 'generator', 'nodes[]',
    'faults[]', 'leak', 'seconds[]']
  static override flags = {
    ...loadFlags(), ...clientFlags(), ...soakFlags(), ...verdictFlags(), ...reportFileFlags(),
    yes: yesFlag(), ...reachFlags(),
  }

  readonly #stop = new AbortController()

  /** Who reads no more wants no more load; the exit status is the verdict's all the same. */
  protected override stdoutClosed(): void {
    this.#stop.abort()
  }

  protected override stdoutFailed(error: Error): void {
    this.notice(`Cannot write the report: ${error.message}`)
    this.#stop.abort()
  }

  async run(): Promise<object | undefined> {
    const {flags, argv} = await this.parse(SiegeCommand)
    const {siege} = await import('../lib/siege/siege-command.js')
    const {onStopSignals} = await import('../lib/demo/stop-signals.js')
    onStopSignals(() => this.#stop.abort(), () => process.exit())
    const report = await siege({
      flags,
      urls: argv.map(String),
      argv: this.argv,
      version: this.config.version,
      packageRoot: this.config.root,
      env: process.env,
      signal: this.#stop.signal,
      screen: {
        colours: this.out, widthMax: process.stdout.isTTY ? process.stdout.columns : undefined,
      },
      print: (text) => this.print(text),
      line: (text) => this.line(text),
      notice: (text) => this.notice(text),
      progress: {screen: process.stderr, colours: this.err, env: process.env, process},
      failed: (error) => this.report(error),
    })
    // A verdict says more than a report that could not be written.
    if (report.exit !== 0) process.exitCode = report.exit
    return flags.ndjson ? undefined : report
  }
}
