import {Flags} from '@oclif/core'

import {BaseCommand} from '../lib/cli/base-command.js'
import {failureOf, renderFailure} from '../lib/cli/failure.js'
import {durationFlag, reachFlags} from '../lib/cli/flags.js'
import {TOP_INTERVAL_MS} from '../lib/cli/top/top-keys.js'
import {TOP_SORTS} from '../lib/cli/top/top-view.js'

export default class TopCommand extends BaseCommand {
  static override summary = 'nodes, rates, latency, slow consumers, live'
  static override description =
    'The keys are at the foot of the screen, ? explains the columns. Where stdout is no terminal, '
    + 'and with --json, it is one snapshot, or -n of them.'
  static override examples = [
    'wsmesh top',
    'wsmesh top --sort queue --interval 500ms',
    'wsmesh top | cat',
    "wsmesh top --json -n 60 | jq -c '.nodes[] | [.id, .outPerS, .deliveryP99Ms]'",
  ]
  static override jsonFields = ['a line each round: at', 'master', 'term', 'warnings[]',
    'nodes[]: as pool list, and isDraining', 'deliveryP99Ms', 'receiptP99Ms', 'queueBytes',
    'slowConsumers', 'slowConsumersNew', 'loopDelayMs', 'cpuShare', 'lagMessages',
    'outboxMessages']
  static override flags = {
    sort: Flags.option({
      char: 's', options: TOP_SORTS, default: 'pool' as const, helpValue: 'COLUMN',
      summary: `the most first: ${TOP_SORTS.join(', ')}`,
    })(),
    reverse: Flags.boolean({char: 'r', summary: 'the least first'}),
    interval: durationFlag({
      char: 'i', default: 1000, minMs: TOP_INTERVAL_MS.min, maxMs: TOP_INTERVAL_MS.max,
      summary: 'between two rounds',
    }),
    count: Flags.integer({char: 'n', min: 1, helpValue: 'N', summary: 'so many rounds, then end'}),
    ...reachFlags(),
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(TopCommand)
    const {liveTop, plainTop, printTop} = await import('../lib/cli/top/run-top.js')
    const {stdin, stdout} = process
    const options = {
      sort: flags.sort, isReversed: flags.reverse, intervalMs: flags.interval, count: flags.count,
      context: this.context, colours: this.out, stdin, stdout,
    }
    const isLive = stdin.isTTY && stdout.isTTY && !this.jsonEnabled()
    process.exitCode = isLive
      ? await liveTop(flags, {
        ...options, failed: (error) =>
          renderFailure(failureOf(error, 'wsmesh top'), this.out).trimEnd(),
      })
      : await printTop(flags, {
        ...options, render: (top) => (this.jsonEnabled() ? JSON.stringify(top)
          : plainTop(top, options, stdout.isTTY ? stdout.columns : undefined)),
      })
  }
}
