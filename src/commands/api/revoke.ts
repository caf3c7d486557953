import {Args} from '@oclif/core'

import {revokeApiKey} from '../../lib/cli/api-keys.js'
import {BaseCommand} from '../../lib/cli/base-command.js'
import {apiKeyFlags, poolFlags} from '../../lib/cli/flags.js'

export default class ApiRevokeCommand extends BaseCommand {
  static override summary = 'end a key of the HTTP API'
  static override description =
    'Nodes that use this file know it within two seconds. Copy it to every other server.'
  static override examples = ['wsmesh api revoke shop']
  static override jsonFields = ['revoked', 'path']
  static override args = {
    name: Args.string({
      required: true, ignoreStdin: true, description: 'as wsmesh api keys lists it',
    }),
  }
  static override flags = {...apiKeyFlags(), 'data-dir': poolFlags()['data-dir']}

  async run(): Promise<{readonly revoked: string; readonly path: string}> {
    const {args, flags} = await this.parse(ApiRevokeCommand)
    const done = await revokeApiKey(args.name, flags)
    this.print(`${done.revoked} is revoked: it is not in ${done.path} any more`)
    return done
  }
}
