import {Flags} from '@oclif/core'

import {BaseCommand} from '../../lib/cli/base-command.js'
import {contextFlag, poolFlags, yesFlag} from '../../lib/cli/flags.js'
import {outboxOptionsOf, outboxUrlFlag} from '../../lib/cli/outbox-flags.js'
import {withOutbox} from '../../lib/cli/outbox-view.js'

interface InitJson {
  readonly made?: readonly string[]
  readonly sql?: string
}

export default class OutboxInitCommand extends BaseCommand {
  static override danger = ({print}: Readonly<Record<string, unknown>>) =>
    (print === true ? undefined : 'makes tables')
  static override summary = 'make the tables and the procedure of the outbox'
  static override description = 'The first node with --outbox does so by itself, where it may.'
  static override examples = [
    'wsmesh outbox init --pool mysql://dba@db/shop',
    'wsmesh outbox init --print --pool mysql://db/shop | mysql -u root shop',
  ]
  static override jsonFields = ['made[]', 'sql']
  static override flags = {
    print: Flags.boolean({default: false, summary: 'print the SQL, touch nothing'}),
    ...outboxUrlFlag(),
    yes: yesFlag(),
    context: contextFlag(),
    ...poolFlags(),
  }

  async run(): Promise<InitJson> {
    const {flags} = await this.parse(OutboxInitCommand)
    if (flags.print) {
      const {outboxSql} = await import('../../lib/pool/outbox/open-outbox-store.js')
      const sql = await outboxSql(outboxOptionsOf(flags))
      this.print(sql)
      return {sql}
    }
    const {made, procedureFailure} = await withOutbox(flags, (store) => store.init())
    this.print(made.length === 0 ? 'nothing to make: it is there' : `made ${made.join(', ')}`)
    if (procedureFailure !== undefined) this.report(procedureFailure)
    return {made}
  }
}
