import {Flags} from '@oclif/core'

import {BaseCommand} from '../lib/cli/base-command.js'
import {describeControl, kickClients, whoseOf} from '../lib/cli/control-clients.js'
import {reachFlags, whoseFlags, yesFlag} from '../lib/cli/flags.js'
import {withMesh} from '../lib/cli/reach.js'
import {exitOfSent, type SendJson} from '../lib/cli/send-result.js'

export default class KickCommand extends BaseCommand {
  static override danger = 'closes connections of users'
  static override summary = 'close connections of a user or session, on every node'
  static override description =
    'Their clients are told `kicked` (4501) and do not connect again by themselves. What nodes ' +
    'remember of them is forgotten first: log out in the application, then kick, and nobody ' +
    'comes back by the old session. A token holds until it ends. Exit status 5 when nobody was ' +
    'there.'
  static override examples = [
    'wsmesh kick --session 5fj2k8p0c1 --reason "logged out"',
    'wsmesh kick --user 42',
    'wsmesh kick --connection n-5ca68f81-c17',
  ]
  static override jsonFields = ['id', 'position', 'connections', 'nodes', 'ms', 'byNode']
  static override flags = {
    ...whoseFlags(),
    reason: Flags.string({helpValue: 'TEXT', summary: 'what the client is told besides'}),
    yes: yesFlag(),
    ...reachFlags(),
  }

  async run(): Promise<SendJson> {
    const {flags} = await this.parse(KickCommand)
    const target = whoseOf(flags, 'kick')
    const sent = await withMesh(flags, (access) => kickClients(access, target, flags.reason))
    this.print(describeControl('closed', sent, target))
    process.exitCode = exitOfSent(sent)
    return sent
  }
}
