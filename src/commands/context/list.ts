import {BaseCommand} from '../../lib/cli/base-command.js'
import {contextScreen} from '../../lib/cli/context/context-screen.js'
import {type ContextsJson, listContexts} from '../../lib/cli/context/edit-contexts.js'

export default class ContextListCommand extends BaseCommand {
  static override summary = 'list the meshes that have a name'
  static override aliases = ['context']
  static override examples = ['wsmesh context list', 'wsmesh context list --json | jq .current']
  static override jsonFields = ['current', 'file', 'contexts[]: name', 'current', 'production',
    'config', 'settings']

  async run(): Promise<ContextsJson> {
    await this.parse(ContextListCommand)
    const contexts = await listContexts(process.env)
    const widthMax = process.stdout.isTTY ? process.stdout.columns : undefined
    this.print(contextScreen(contexts, {colours: this.out, widthMax}).join('\n'))
    return contexts
  }
}
