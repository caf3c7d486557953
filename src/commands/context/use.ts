import {Args} from '@oclif/core'

import {BaseCommand} from '../../lib/cli/base-command.js'
import {type CurrentJson, useContext} from '../../lib/cli/context/edit-contexts.js'

export default class ContextUseCommand extends BaseCommand {
  static override summary = 'work in this context from now on, where nothing else says which mesh'
  static override description =
    'Flags, variables and a wsmesh.config.json in this folder or above it come first.'
  static override examples = ['wsmesh context use staging', 'wsmesh context use none']
  static override jsonFields = ['current']
  static override args = {
    name: Args.string({required: true, ignoreStdin: true, description: 'or none'}),
  }

  async run(): Promise<CurrentJson> {
    const {args} = await this.parse(ContextUseCommand)
    const used = await useContext(args.name, process.env)
    this.print(used.current === null ? 'No context is in use' : `In use: ${used.current}`)
    return used
  }
}
