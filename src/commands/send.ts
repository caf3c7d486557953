import {Args, Flags} from '@oclif/core'

import {BaseCommand} from '../lib/cli/base-command.js'
import {readDetails} from '../lib/cli/details-input.js'
import {reachFlags, yesFlag} from '../lib/cli/flags.js'
import {withMesh} from '../lib/cli/reach.js'
import {sendOne} from '../lib/cli/send-one.js'
import {describeSent, exitOfSent, type SendJson} from '../lib/cli/send-result.js'
import {reportStream} from '../lib/cli/send-report.js'
import {checkSendUsage, dangerOfSending, namesOf} from '../lib/cli/send-usage.js'
import {describeTarget, targetFlags, targetOf, unknownKeysHint} from '../lib/cli/target-flags.js'

export default class SendCommand extends BaseCommand {
  static override danger = dangerOfSending
  static override summary = 'send a message to users, groups, sessions or everyone'
  static override description = 'Exit status 5 when nobody for whom it was is connected.'
  static override examples = [
    'wsmesh send hello Hi --user 42',
    "wsmesh send cart/changed --json-details '{\"items\": 3}' --user 42 --user 7",
    'wsmesh send news "Back at 5" --registered --json',
    'wsmesh send report --details @report.json --group staff',
    'wsmesh send --stdin < messages.ndjson',
  ]
  static override usage = ['send ACTION [DETAIL...] TARGET', 'send --stdin']
  static override strict = false
  static override jsonFields = ['id', 'position', 'connections', 'nodes', 'ms', 'byNode']
  static override args = {
    action: Args.string({
      description: 'name of the action, such as hello or cart/changed', ignoreStdin: true,
    }),
    detail: Args.string({description: 'arguments of the action, as text', ignoreStdin: true}),
  }
  static override flags = {
    ...targetFlags(),
    'json-details': Flags.boolean({summary: 'each DETAIL is JSON'}),
    details: Flags.string({helpValue: '-|@FILE', summary: 'a JSON array from stdin or a file'}),
    stdin: Flags.boolean({
      summary: 'NDJSON from stdin: {"action","details","user":[42],"id"}, or another target',
    }),
    id: Flags.string({
      helpValue: 'TEXT', summary: "the message's own id: sent again, it is delivered once",
    }),
    traceparent: Flags.string({
      helpValue: 'TEXT', summary: 'the trace it is part of, where nodes have --trace-context',
    }),
    yes: yesFlag(),
    ...reachFlags(),
  }

  async run(): Promise<SendJson | undefined> {
    const {flags, argv} = await this.parse(SendCommand)
    const [action, ...words] = argv.map(String)
    checkSendUsage(flags, action, process.stdin)
    if (flags.stdin) {
      const print = {
        line: (text: string) => this.line(text),
        notice: (text: string) => this.notice(text),
        asJson: this.jsonEnabled(),
        colours: this.err,
      }
      process.exitCode = await withMesh(flags, (access) =>
        reportStream(access, process.stdin, print),
      )
      return undefined
    }
    const target = targetOf(flags)
    const input = {words, asJson: flags['json-details'], from: flags.details}
    const details = await readDetails(input, process.stdin)
    const publication = {action: action ?? '', details, target, ...namesOf(flags)}
    const sent = await withMesh(flags, (access) => sendOne(access, publication))
    this.print(describeSent(sent, describeTarget(target)))
    const hint = exitOfSent(sent) !== 0 ? unknownKeysHint(target) : undefined
    if (hint !== undefined) this.notice(hint)
    process.exitCode = exitOfSent(sent)
    return sent
  }
}
