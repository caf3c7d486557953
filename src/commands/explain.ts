import {Args, Flags} from '@oclif/core'

import {BaseCommand} from '../lib/cli/base-command.js'
import {explainScreen} from '../lib/cli/explain-screen.js'
import {exitOfExplain, type ExplainJson} from '../lib/cli/explain-view.js'
import {reachFlags} from '../lib/cli/flags.js'
import {askedOf, explain} from '../lib/cli/run-explain.js'
import {LIMITS} from '../lib/protocol/limits.js'

export default class ExplainCommand extends BaseCommand {
  static override summary = 'say what became of a message at each node and connection, and why'
  static override description =
    'Every node is asked at this moment for what its history (60 s, or 16 MiB) and its memory of ' +
    'connections that ended hold. "Queued" is handed to a socket: whether the browser got it, no ' +
    'server knows. Exit status 5 when nobody got it; 3 when that is not known, as a node did not ' +
    'answer.'
  static override examples = [
    'wsmesh explain n-5ca68f81-2',
    'wsmesh explain --user 42',
    'wsmesh explain n-5ca68f81-2 --user 42',
    "wsmesh explain --user 42 --json | jq '.messages[] | select(.verdict != \"queued\")'",
  ]
  static override usage = ['explain MESSAGE-ID [--user ID]', 'explain --user ID [--limit N]']
  static override jsonFields = ['messages[]: id', 'verdict', 'origin', 'position', 'term', 'ageMs',
    'action', 'bytes', 'target', 'connections', 'byNode[]: node', 'state', 'queued', 'more',
    'connections[]: connection', 'user', 'session', 'outcome', 'why', 'sinceMs',
    'ended (null, or code, reason, afterMs)', 'queueBytes; complete', 'nodes[]: id', 'state',
    'delivered', 'why; warnings[]']
  static override args = {
    message: Args.string({
      name: 'MESSAGE-ID', description: 'as send --json and tail --json print it', ignoreStdin: true,
    }),
  }
  static override flags = {
    user: Flags.string({
      char: 'u', helpValue: 'ID', summary: "this user's connections, those it was not for too",
    }),
    limit: Flags.integer({
      char: 'n', min: 1, max: LIMITS.explainMessages, default: 10, helpValue: 'N',
      summary: 'messages at most, the last ones',
    }),
    ...reachFlags(),
  }

  async run(): Promise<ExplainJson> {
    const {flags, args} = await this.parse(ExplainCommand)
    const asked = askedOf(args.message, flags)
    const explained = await explain(flags, asked)
    const widthMax = process.stdout.isTTY ? process.stdout.columns : undefined
    const screen = explainScreen(explained, asked, {colours: this.out, widthMax})
    this.print(screen.join('\n'))
    process.exitCode = exitOfExplain(explained)
    return explained
  }
}
