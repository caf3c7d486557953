import {Args, Flags} from '@oclif/core'

import {API_RATE_MAX, API_RIGHTS} from '../../lib/auth/api-keys.js'
import {newApiKey, type NewKeyJson} from '../../lib/cli/api-keys.js'
import {BaseCommand} from '../../lib/cli/base-command.js'
import {apiKeyFlags, poolFlags, repeatable} from '../../lib/cli/flags.js'

export default class ApiKeyCommand extends BaseCommand {
  static override summary = 'make a key for the HTTP API, and print it this once'
  static override description =
    'The file has the hash of the key, what it may do and how much a second; nodes read it again '
    + 'when it changes. Copy it to every server.'
  static override examples = [
    'wsmesh api key shop',
    "wsmesh api key shop --action 'shop/*' --rate 100",
    'wsmesh api key support --allow who --allow kick --allow nodes',
    'wsmesh api key shop --api-key-file /etc/wsmesh/api-keys.json > shop.key; chmod 600 shop.key',
  ]
  static override jsonFields = ['key', 'name', 'allow', 'actions', 'perSecond', 'path']
  static override args = {
    name: Args.string({
      required: true, ignoreStdin: true, description: 'what the log calls who has it',
    }),
  }
  static override flags = {
    allow: Flags.option({
      multiple: true, multipleNonGreedy: true, options: API_RIGHTS, helpValue: 'WHAT',
      summary: `${API_RIGHTS.join(', ')} (repeatable; publish if not given)`,
    })(),
    action: repeatable({
      helpValue: 'GLOB', summary: 'actions it may publish (repeatable; any if not given)',
    }),
    rate: Flags.integer({
      default: 1000, min: 0, max: API_RATE_MAX, helpValue: 'N',
      summary: 'messages a second at each node; 0: no limit',
    }),
    ...apiKeyFlags(),
    'data-dir': poolFlags()['data-dir'],
  }

  async run(): Promise<NewKeyJson> {
    const {args, flags} = await this.parse(ApiKeyCommand)
    const made = await newApiKey(args.name, flags)
    this.print(made.key)
    return made
  }
}
