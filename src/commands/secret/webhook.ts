import {BaseCommand} from '../../lib/cli/base-command.js'
import {contextFlag, poolFlags, secretFlags} from '../../lib/cli/flags.js'
import {makeWebhookSecret} from '../../lib/cli/secret-rotation.js'

export default class SecretWebhookCommand extends BaseCommand {
  static override summary = 'print the key that the application checks webhooks with'
  static override description =
    'It is made from the mesh secret in use, and opens nothing. While the mesh secret is being '
    + 'changed nodes sign with both: give the application the new key before the old secret goes.'
  static override examples = [
    'wsmesh secret webhook',
    'wsmesh secret webhook --json',
  ]
  static override jsonFields = ['key']
  static override flags = {
    context: contextFlag(), 'data-dir': poolFlags()['data-dir'], ...secretFlags(),
  }

  async run(): Promise<{readonly key: string}> {
    const {flags} = await this.parse(SecretWebhookCommand)
    const key = await makeWebhookSecret(flags)
    this.print(key)
    return {key}
  }
}
