import {Args, Flags} from '@oclif/core'

import {BaseCommand} from '../../lib/cli/base-command.js'
import {addContext, type ContextJson} from '../../lib/cli/context/edit-contexts.js'
import {contextSettingFlags} from '../../lib/cli/context/setting-flags.js'

export default class ContextAddCommand extends BaseCommand {
  static override summary = 'give a mesh a name, for --context'
  static override description =
    'Kept in ~/.config/wsmesh/contexts.json, for you alone (mode 0600). Of secrets and '
    + 'certificates only the paths are kept. One of the same name is replaced.'
  static override examples = [
    'wsmesh context add prod --pool mysql://wsmesh@db/app --secret-file ~/prod.secret --production',
    'wsmesh context add staging --config /srv/staging/wsmesh.config.json',
    'wsmesh context add prod --pool - --production < pool-url.txt',
    'wsmesh context add one --node ws://10.0.0.5:8080 --secret-file ~/one.secret',
  ]
  static override jsonFields = ['name', 'current', 'production', 'config', 'settings', 'file']
  static override args = {
    name: Args.string({required: true, ignoreStdin: true, description: 'letters, digits, . _ -'}),
  }
  static override flags = {
    production: Flags.boolean({summary: 'is shown in red, and asked before what is dangerous'}),
    config: Flags.string({helpValue: 'FILE', summary: 'a wsmesh.config.json that has the rest'}),
    ...contextSettingFlags(),
  }

  async run(): Promise<ContextJson> {
    const {args, flags} = await this.parse(ContextAddCommand)
    const {context, missing} = await addContext(args.name, flags, process)
    for (const path of missing) this.notice(`${this.err.yellow('warning:')} ${path} is not there`)
    this.print(`Context ${context.name} is kept in ${context.file}`)
    this.print(`Next: wsmesh pool list --context ${context.name}`)
    return context
  }
}
