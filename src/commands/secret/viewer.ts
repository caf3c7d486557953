import {BaseCommand} from '../../lib/cli/base-command.js'
import {contextFlag, poolFlags, secretFlags} from '../../lib/cli/flags.js'
import {makeViewer} from '../../lib/cli/secret-rotation.js'

export default class SecretViewerCommand extends BaseCommand {
  static override summary = 'print a secret that may look at the mesh and do nothing'
  static override description =
    'Its holder may use pool list, tail, who and explain. It is made from the mesh secret in use: '
    + 'when that is changed, viewers need a new one.'
  static override examples = [
    'wsmesh secret viewer > viewer.secret; chmod 600 viewer.secret',
    'wsmesh secret viewer --json',
  ]
  static override jsonFields = ['secret']
  static override flags = {
    context: contextFlag(), 'data-dir': poolFlags()['data-dir'], ...secretFlags(),
  }

  async run(): Promise<{readonly secret: string}> {
    const {flags} = await this.parse(SecretViewerCommand)
    const secret = await makeViewer(flags)
    this.print(secret)
    return {secret}
  }
}
