import {Args, Flags} from '@oclif/core'

import {BaseCommand} from '../lib/cli/base-command.js'
import {durationFlag, reachFlags, repeatable} from '../lib/cli/flags.js'
import {proofFlags} from '../lib/cli/wire/proof.js'

export default class PingCommand extends BaseCommand {
  static override summary = 'how far nodes are, and whether they answer, again and again'
  static override description =
    'Without --url the nodes of the pool are asked, each at its own address, as operators and '
    + 'nodes reach it. With --url it goes the way of a client: through the proxy, past the '
    + "authentication, to the node and back. Exit status 3 when an answer was missing, however it "
    + 'was ended.'
  static override examples = [
    'wsmesh ping',
    'wsmesh ping n-5ca68f81 -c 10',
    'wsmesh ping --url wss://example.com/WebSockets',
    'wsmesh ping --all --url wss://example.com/WebSockets -i 200ms',
    "wsmesh ping -c 5 --json | jq 'select(.type == \"summary\").targets[] | .p99Ms'",
  ]
  static override usage = ['ping [NODE...] [FLAGS]', 'ping --url URL [FLAGS]']
  static override strict = false
  static override jsonFields = ['a line each: type (connected, reply, lost)', 'at', 'target', 'url',
    'seq', 'ms', 'node', 'why', 'and last (summary): sent', 'answered', 'lost', 'minMs', 'avgMs',
    'p99Ms', 'maxMs', 'targets[]']
  static override args = {
    node: Args.string({
      description: 'the id of a node; without one all of them', ignoreStdin: true,
    }),
  }
  static override flags = {
    url: repeatable({helpValue: 'URL', summary: 'as a client, through this URL (repeatable)'}),
    all: Flags.boolean({summary: 'the nodes of the pool too, beside --url'}),
    count: Flags.integer({char: 'c', min: 1, helpValue: 'N', summary: 'so many, then end'}),
    interval: durationFlag({char: 'i', default: 1000, minMs: 10, summary: 'between two of them'}),
    wait: durationFlag({
      char: 'W', default: 2000, maxMs: 60_000, summary: 'for an answer, or for connecting',
    }),
    quiet: Flags.boolean({char: 'q', summary: 'the numbers at the end alone'}),
    ...proofFlags(),
    ...reachFlags(),
  }

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(PingCommand)
    const {pingCommand} = await import('../lib/cli/ping/ping-command.js')
    process.exitCode = await pingCommand(flags, argv.map(String), {
      asJson: this.jsonEnabled(),
      out: this.out,
      widthMax: process.stdout.isTTY ? process.stdout.columns : undefined,
      line: (text) => this.line(text),
    })
  }
}
