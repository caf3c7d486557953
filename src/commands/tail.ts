import {Flags} from '@oclif/core'

import {BaseCommand} from '../lib/cli/base-command.js'
import {reachFlags} from '../lib/cli/flags.js'
import {LossyLines} from '../lib/cli/lossy-lines.js'
import {withMesh} from '../lib/cli/reach.js'
import {runTail} from '../lib/cli/run-tail.js'
import {splitNodeFlags} from '../lib/cli/tail-usage.js'
import {tailUnread} from '../lib/cli/tail-view.js'

export default class TailCommand extends BaseCommand {
  static override summary = 'show what the mesh relays, as it happens'
  static override description = 'Masters changing and nodes coming and going are on stderr.'
  static override examples = [
    'wsmesh tail',
    "wsmesh tail --action 'cart/*' --user 42",
    'wsmesh tail --grep error --json | jq .details',
    'wsmesh tail --count 1',
  ]
  static override jsonFields = [
    'at (ms since 1970)', 'position', 'id', 'origin', 'target', 'action', 'details',
  ]
  static override flags = {
    action: Flags.string({
      char: 'a', helpValue: 'GLOB', summary: 'only these actions: * within a part, ** across',
    }),
    user: Flags.string({
      char: 'u', helpValue: 'ID', summary: 'only messages that name this user as target',
    }),
    grep: Flags.string({
      char: 'e', helpValue: 'REGEX', summary: 'only where action, target or details match',
    }),
    count: Flags.integer({
      char: 'n', min: 1, helpValue: 'N', summary: 'end after so many messages',
    }),
    ...reachFlags(),
    node: Flags.string({
      multiple: true, multipleNonGreedy: true, env: 'WSMESH_NODE', helpValue: 'ID|URL',
      summary: 'an id: only what was published there; a URL: ask this node, past the pool',
    }),
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(TailCommand)
    const {origin, node} = splitNodeFlags([flags.node ?? []].flat())
    const filter = {
      ...(flags.action === undefined ? {} : {action: flags.action}),
      ...(flags.user === undefined ? {} : {user: flags.user}),
      ...(origin === undefined ? {} : {origin}),
    }
    const lines = new LossyLines(process.stdout, (dropped) =>
      this.notice(tailUnread(dropped, this.err)),
    )
    await withMesh({...flags, node}, (access) =>
      runTail(access, {
        filter,
        grep: flags.grep,
        count: flags.count,
        asJson: this.jsonEnabled(),
        out: this.out,
        err: this.err,
        line: (text) => lines.write(text),
        notice: (text) => this.notice(text),
      }),
    )
  }
}
