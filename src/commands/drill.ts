import {Args, Flags} from '@oclif/core'

import {BaseCommand} from '../lib/cli/base-command.js'
import {EXIT} from '../lib/cli/exit-code.js'
import {durationFlag, poolFlags} from '../lib/cli/flags.js'
import {renderTable} from '../lib/cli/table.js'
import {DRILL_NAMES, NETWORK_CHOICES, RELAY_CHOICES} from '../lib/drill/drill-names.js'

export default class DrillCommand extends BaseCommand {
  static override summary = 'break a mesh of its own on purpose, and check every promise'
  static override description = [
    'It starts real nodes in a folder of its own, puts load on them, does the fault, heals it,',
    'and compares what was sent with what each connection got. Nothing of yours is touched: with',
    '--pool it uses tables of its own, and drops them. The first line is the verdict, and so is',
    'the exit status: 0 when all promises held, 98 when one is broken.',
  ].join('\n')
  static override examples = [
    'wsmesh drill kill-master',
    'wsmesh drill kill-master --repeat 20 --rate 2000',
    'wsmesh drill all --short',
    'wsmesh drill kill-follower --relay nats',
    'wsmesh drill pause-master --pool mysql://wsmesh@db/app --json',
  ]
  static override jsonFields = ['verdict', 'drills']
  static override args = {
    name: Args.string({required: true, options: DRILL_NAMES, description: 'which fault, or all'}),
  }
  static override flags = {
    nodes: Flags.integer({
      char: 'n', default: 5, min: 2, max: 20, helpValue: 'N', summary: 'how many nodes',
    }),
    rate: Flags.integer({
      default: 200, min: 1, max: 20_000, helpValue: 'N', summary: 'messages per second',
    }),
    repeat: Flags.integer({
      default: 1, min: 1, max: 1000, helpValue: 'N', summary: 'how often the fault is done',
    }),
    time: durationFlag({
      minMs: 100, maxMs: 3_600_000, summary: 'how long a fault lasts that does last',
    }),
    network: Flags.option({
      options: NETWORK_CHOICES, default: 'auto' as const,
      summary: 'how links are cut: namespaces (root, ip), or proxies',
    })(),
    relay: Flags.option({
      options: RELAY_CHOICES, default: 'auto' as const, summary: 'nats: three servers of its own',
    })(),
    short: Flags.boolean({summary: '3 nodes, short faults, no time is judged: for busy machines'}),
    verbose: Flags.boolean({summary: "warnings of the nodes' own logs, on stderr"}),
    pool: poolFlags().pool,
  }

  async run(): Promise<object> {
    const {flags, args} = await this.parse(DrillCommand)
    const {runDrills} = await import('../lib/drill/run-drills.js')
    const {onStopSignals} = await import('../lib/demo/stop-signals.js')
    const stop = new AbortController()
    onStopSignals(() => stop.abort(), () => process.exit())
    const result = await runDrills(args.name, {
      pool: flags.pool, relay: flags.relay, network: flags.network,
      nodes: flags.short ? 3 : flags.nodes,
      ratePerS: flags.rate,
      repeat: flags.repeat,
      isShort: flags.short,
      holdMs: flags.time,
      packageRoot: this.config.root,
      env: process.env,
      signal: stop.signal,
      report: (line) => this.notice(line),
      onLog: (line) => flags.verbose && this.notice(line),
      print: (text) => this.print(text),
      colours: this.out,
      renderTable,
    })
    if (result.verdict === 'interrupted') this.exit(EXIT.interrupted.code)
    if (result.verdict === 'fail') process.exitCode = EXIT.promiseBroken.code
    return result
  }
}
