import {BaseCommand} from '../../lib/cli/base-command.js'
import {reachFlags} from '../../lib/cli/flags.js'
import {outboxUrlFlag} from '../../lib/cli/outbox-flags.js'
import {outboxStatus, statusLines, type OutboxStatusJson} from '../../lib/cli/outbox-view.js'

export default class OutboxStatusCommand extends BaseCommand {
  static override summary = 'how many rows of the outbox wait, and who sends them'
  static override aliases = ['outbox']
  static override examples = [
    'wsmesh outbox status',
    'wsmesh outbox status --outbox-url mysql://reader@db/shop',
    "wsmesh outbox status --json | jq '.oldestMs > 5000 or .aside > 0'",
  ]
  static override jsonFields = ['outbox', 'waiting', 'oldestMs', 'aside', 'drainedBy', 'rowsPerS',
    'warnings[]']
  static override flags = {...outboxUrlFlag(), ...reachFlags()}

  async run(): Promise<OutboxStatusJson> {
    const {flags} = await this.parse(OutboxStatusCommand)
    const status = await outboxStatus(flags)
    this.print(statusLines(status, this.out).join('\n'))
    return status
  }
}
