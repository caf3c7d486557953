import {Args, Flags} from '@oclif/core'

import {BaseCommand} from '../lib/cli/base-command.js'
import {durationFlag, reachFlags, repeatable} from '../lib/cli/flags.js'
import {proofFlags} from '../lib/cli/wire/proof.js'

const {node: _, ...reach} = reachFlags()

export default class ConnectCommand extends BaseCommand {
  static override summary = 'be a client by hand: type actions, see what comes'
  static override description =
    'Without a URL it connects to a node of the pool, and when that goes away to another. Type '
    + 'hello "Hi" or a whole frame as JSON; /help says the rest. Lines may be piped in: exit '
    + 'status 1 when one was answered with an error, 4 when the client is not let in.'
  static override examples = [
    'wsmesh connect --user 42',
    'wsmesh connect wss://example.com/WebSockets --session-file session.txt',
    'wsmesh connect wss://example.com --cookie-file cookie.txt --origin https://example.com',
    "wsmesh connect --user 42 -x 'hello \"Hi\"' --wait 2s --json",
    'wsmesh connect --user 42 < script.txt',
  ]
  static override jsonFields = ['a line each: type (connected, received, sent, pong, pinged, '
    + 'closed, failed, wrong)', 'at', 'action', 'details', 'id', 'position', 're', 'ms', 'text',
  'code', 'reason', 'againInMs', 'node', 'user', 'recovered', 'again', 'why']
  static override args = {
    url: Args.string({description: 'where clients connect', ignoreStdin: true}),
  }
  static override flags = {
    execute: repeatable({
      char: 'x', helpValue: 'LINE', summary: 'as if it was typed; before stdin (repeatable)',
    }),
    wait: durationFlag({
      char: 'W', default: 1000, minMs: 0, summary: 'for what comes after the last line of a script',
    }),
    raw: Flags.boolean({summary: 'show frames as they come, those of the protocol too'}),
    auth: Flags.boolean({
      allowNo: true, default: true, summary: '--no-auth: prove nothing, see what happens',
    }),
    ...proofFlags(),
    ...reach,
  }

  async run(): Promise<void> {
    const {flags, args} = await this.parse(ConnectCommand)
    const {connectCommand} = await import('../lib/cli/connect/connect-command.js')
    const print = {asJson: this.jsonEnabled(), out: this.out, context: this.context}
    process.exitCode = await connectCommand(flags, args.url, print)
  }
}
