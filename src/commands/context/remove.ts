import {Args} from '@oclif/core'

import {BaseCommand} from '../../lib/cli/base-command.js'
import {removeContext} from '../../lib/cli/context/edit-contexts.js'

export default class ContextRemoveCommand extends BaseCommand {
  static override summary = 'forget the name of a mesh; the mesh itself is not touched'
  static override examples = ['wsmesh context remove staging']
  static override jsonFields = ['removed', 'current']
  static override args = {
    name: Args.string({required: true, ignoreStdin: true, description: 'of the context'}),
  }

  async run(): Promise<{readonly removed: string; readonly current: string | null}> {
    const {args} = await this.parse(ContextRemoveCommand)
    const {current} = await removeContext(args.name, process.env)
    this.print(`Context ${args.name} is forgotten`)
    return {removed: args.name, current}
  }
}
