import {Args, Flags} from '@oclif/core'

import {BaseCommand} from '../../lib/cli/base-command.js'
import {contextFlag, poolFlags, yesFlag} from '../../lib/cli/flags.js'
import {outboxUrlFlag} from '../../lib/cli/outbox-flags.js'
import {checkRowIds, withOutbox} from '../../lib/cli/outbox-view.js'
import {plural} from '../../lib/cli/plural.js'

export default class OutboxRetryCommand extends BaseCommand {
  static override danger = 'sends rows again'
  static override summary = 'put rows that were set aside back into the outbox, at its end'
  static override description =
    'What was wrong with them is first mended in the table of those set aside ' +
    '(wsmesh_outbox_aside), by UPDATE.'
  static override examples = ['wsmesh outbox retry 7', 'wsmesh outbox retry --all']
  static override jsonFields = ['retried']
  static override strict = false
  static override args = {
    id: Args.string({description: 'of rows set aside, as peek --aside shows them'}),
  }
  static override flags = {
    all: Flags.boolean({default: false, summary: 'all of them'}),
    ...outboxUrlFlag(),
    yes: yesFlag(),
    context: contextFlag(),
    ...poolFlags(),
  }

  async run(): Promise<{readonly retried: number}> {
    const {flags, argv} = await this.parse(OutboxRetryCommand)
    const ids = checkRowIds(argv.map(String), flags.all)
    const retried = await withOutbox(flags, (store) => store.retry(ids))
    this.print(`${plural(retried, 'row')} put back. Next: wsmesh outbox status`)
    return {retried}
  }
}
