import {Flags} from '@oclif/core'

import {BaseCommand} from '../lib/cli/base-command.js'
import {reachFlags} from '../lib/cli/flags.js'
import {askedNodes, listWho, whoFilterOf} from '../lib/cli/list-who.js'
import {splitNodeFlags} from '../lib/cli/tail-usage.js'
import {whoScreen} from '../lib/cli/who-screen.js'
import {exitOfWho, type WhoJson} from '../lib/cli/who-view.js'

export default class WhoCommand extends BaseCommand {
  static override summary = 'show who is connected, since when, and through which node'
  static override description =
    'All nodes are asked at this moment; nothing is stored. The users of a node that died are ' +
    'gone with it, at once. A node that does not answer within 2 s is named, and its users are ' +
    'missing. Exit status 5 when nobody who was asked for is connected; 3 when that is not ' +
    'known, as a node did not answer.'
  static override examples = [
    'wsmesh who',
    'wsmesh who --user 42',
    'wsmesh who --group staff --limit 1000',
    "wsmesh who --json | jq '.users[] | select(.queueBytes > 0)'",
  ]
  static override jsonFields = ['users[]: user (null: all guests)', 'connections', 'byNode',
    'sessions[]', 'groups[]', 'since (ms since 1970)', 'ageMs', 'queueBytes',
    'tabs[] (with --user or --session): node', 'connection', 'session', 'since', 'ageMs',
    'queueBytes', 'language', 'userAgent; connections', 'unproved', 'truncated', 'complete',
    'nodes[]: id', 'state', 'connections', 'why; warnings[]']
  static override flags = {
    user: Flags.string({char: 'u', helpValue: 'ID', summary: 'this user, tab by tab'}),
    group: Flags.string({char: 'g', helpValue: 'NAME', summary: 'connections in this group'}),
    session: Flags.string({helpValue: 'ID', summary: 'this session, tab by tab'}),
    limit: Flags.integer({
      char: 'n', min: 1, max: 100_000, default: 100, helpValue: 'N', summary: 'users at most',
    }),
    expect: Flags.integer({
      min: 0, helpValue: 'N', summary: 'exit with 3 when fewer nodes answer',
    }),
    ...reachFlags(),
    node: Flags.string({
      multiple: true, multipleNonGreedy: true, env: 'WSMESH_NODE', helpValue: 'ID|URL',
      summary: 'only this node; by URL: past the pool',
    }),
  }

  async run(): Promise<WhoJson> {
    const {flags} = await this.parse(WhoCommand)
    const {origin, node} = splitNodeFlags([flags.node ?? []].flat())
    const filter = whoFilterOf(flags)
    const who = await listWho({...flags, node}, {filter, limit: flags.limit, only: origin})
    const widthMax = process.stdout.isTTY ? process.stdout.columns : undefined
    this.print(whoScreen(who, filter, {colours: this.out, widthMax}).join('\n'))
    process.exitCode = exitOfWho(who, filter)
    const missing = flags.expect === undefined ? undefined : askedNodes(who, flags.expect)
    if (missing) this.report(missing)
    return who
  }
}
