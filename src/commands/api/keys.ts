import {describeApiKeys, listApiKeys, type ApiKeysJson} from '../../lib/cli/api-keys.js'
import {BaseCommand} from '../../lib/cli/base-command.js'
import {apiKeyFlags, poolFlags} from '../../lib/cli/flags.js'

export default class ApiKeysCommand extends BaseCommand {
  static override summary = 'list the keys of the HTTP API: names and rights, not the keys'
  static override examples = ['wsmesh api keys', 'wsmesh api keys --json']
  static override jsonFields = ['path', 'keys']
  static override flags = {...apiKeyFlags(), 'data-dir': poolFlags()['data-dir']}

  async run(): Promise<ApiKeysJson> {
    const {flags} = await this.parse(ApiKeysCommand)
    const keys = await listApiKeys(flags)
    this.print(describeApiKeys(keys))
    return keys
  }
}
