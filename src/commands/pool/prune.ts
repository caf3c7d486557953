import {Flags} from '@oclif/core'

import {BaseCommand} from '../../lib/cli/base-command.js'
import {reachFlags} from '../../lib/cli/flags.js'
import {
  assertCanConfirm, confirmRemoval, describePruned, type PruneJson, prunePool,
} from '../../lib/cli/pool-prune.js'
import {withMesh} from '../../lib/cli/reach.js'

const {node: _node, ...flagsOfPool} = reachFlags()

export default class PoolPruneCommand extends BaseCommand {
  static override summary = 'remove rows of nodes that do not answer from the pool'
  static override examples = [
    'wsmesh pool prune --dry-run',
    'wsmesh pool prune --yes',
  ]
  static override jsonFields = ['removed[]', 'kept[]', 'dryRun']
  static override flags = {
    yes: Flags.boolean({char: 'y', default: false, summary: 'do not ask'}),
    'dry-run': Flags.boolean({
      default: false, summary: 'say what would be removed, remove nothing',
    }),
    ...flagsOfPool,
  }

  async run(): Promise<PruneJson> {
    const {flags} = await this.parse(PoolPruneCommand)
    const asks = !flags.yes && !flags['dry-run']
    if (asks) assertCanConfirm()
    const pruned = await withMesh(flags, (access) =>
      prunePool(access, {
        isDryRun: flags['dry-run'],
        confirm: async (plan) => {
          if (asks) return confirmRemoval(plan)
          this.print(plan.join('\n'))
          return true
        },
      }),
    )
    this.print(describePruned(pruned))
    return pruned
  }
}
