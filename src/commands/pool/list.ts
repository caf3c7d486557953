import {Flags} from '@oclif/core'

import {BaseCommand} from '../../lib/cli/base-command.js'
import {failureJson, failureOf, renderFailure} from '../../lib/cli/failure.js'
import {durationFlag, reachFlags} from '../../lib/cli/flags.js'
import {listPool, missingNodes, poolLines, watchPool} from '../../lib/cli/pool-list.js'
import type {PoolJson} from '../../lib/cli/pool-view.js'

export default class PoolListCommand extends BaseCommand {
  static override summary = 'list the nodes of the mesh, and who is master'
  static override aliases = ['pool']
  static override examples = [
    'wsmesh pool list',
    'wsmesh pool list --watch --interval 1s',
    'wsmesh pool list --expect 3',
    'wsmesh pool list --output name | xargs -n1 wsmesh tail --count 1 --node',
    "wsmesh pool list --json | jq '.nodes[] | select(.state != \"up\")'",
  ]
  static override jsonFields = ['relay', 'master', 'term', 'nodes[]: id', 'order', 'role', 'state',
    'nodeUrl', 'clientUrl', 'clients', 'users', 'inPerS', 'outPerS', 'rttMs', 'uptimeS',
    'rssBytes', 'pid', 'version', 'why', 'warnings[]']
  static override flags = {
    watch: Flags.boolean({char: 'w', summary: 'again and again; with --json one line each time'}),
    interval: durationFlag({default: 2000, minMs: 100, summary: 'between two lists of --watch'}),
    output: Flags.option({
      char: 'o', options: ['table', 'name'] as const, default: 'table', helpValue: 'FORMAT',
      summary: 'table, or name: the addresses alone, one a line',
    })(),
    expect: Flags.integer({
      min: 0, helpValue: 'N', summary: 'exit with 3 when fewer nodes answer',
    }),
    ...reachFlags(),
  }

  async run(): Promise<PoolJson | undefined> {
    const {flags} = await this.parse(PoolListCommand)
    const isScreen = process.stdout.isTTY && !this.jsonEnabled()
    const widthMax = () => (isScreen ? process.stdout.columns : undefined)
    const text = (pool: PoolJson) =>
      poolLines(pool, flags.output, {colours: this.out, widthMax: widthMax()}).join('\n')
    if (flags.watch) {
      await watchPool(flags, flags.interval, {
        isScreen,
        render: (pool) => (this.jsonEnabled() ? JSON.stringify(pool) : text(pool)),
        failed: (error) => {
          const failure = failureOf(error, 'wsmesh pool list')
          return this.jsonEnabled()
            ? JSON.stringify({error: failureJson(failure)})
            : renderFailure(failure, this.out).trimEnd()
        },
        write: (output) => process.stdout.write(output),
      })
    }
    const pool = await listPool(flags)
    this.print(text(pool))
    const missing = flags.expect === undefined ? undefined : missingNodes(pool, flags.expect)
    if (missing) this.report(missing)
    return pool
  }
}
