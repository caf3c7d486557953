import {BaseCommand} from '../lib/cli/base-command.js'
import {describeControl, refreshClients, whoseOf} from '../lib/cli/control-clients.js'
import {reachFlags, whoseFlags} from '../lib/cli/flags.js'
import {withMesh} from '../lib/cli/reach.js'
import {exitOfSent, type SendJson} from '../lib/cli/send-result.js'

export default class RefreshCommand extends BaseCommand {
  static override summary = 'read the identity of a user again: groups, language, session'
  static override description =
    'Every node asks the database or the application again about these connections. What has ' +
    'changed counts from then on; who is not logged in any more is closed with ' +
    '`session-expired`. Connections that a token proved keep what it says until the client sends ' +
    'a newer one, and are not counted. Exit status 5 when there was none.'
  static override examples = [
    'wsmesh refresh --user 42',
    'wsmesh refresh --session 5fj2k8p0c1',
  ]
  static override jsonFields = ['id', 'position', 'connections', 'nodes', 'ms', 'byNode']
  static override flags = {
    ...whoseFlags(),
    ...reachFlags(),
  }

  async run(): Promise<SendJson> {
    const {flags} = await this.parse(RefreshCommand)
    const target = whoseOf(flags, 'refresh')
    const sent = await withMesh(flags, (access) => refreshClients(access, target))
    this.print(describeControl('reading again', sent, target))
    process.exitCode = exitOfSent(sent)
    return sent
  }
}
