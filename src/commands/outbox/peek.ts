import {Flags} from '@oclif/core'

import {BaseCommand} from '../../lib/cli/base-command.js'
import {contextFlag, poolFlags} from '../../lib/cli/flags.js'
import {outboxUrlFlag} from '../../lib/cli/outbox-flags.js'
import {asideLines, type OutboxPeekJson, waitingLines, withOutbox}
  from '../../lib/cli/outbox-view.js'

export default class OutboxPeekCommand extends BaseCommand {
  static override summary = 'show rows of the outbox, or those that were set aside and why'
  static override examples = [
    'wsmesh outbox peek',
    'wsmesh outbox peek --aside',
    "wsmesh outbox peek --aside --count 1000 --json | jq -r '.rows[].reason' | sort | uniq -c",
  ]
  static override jsonFields = ['rows[]: id', 'rowId', 'ageMs', 'action', 'details', 'target',
    'reason']
  static override flags = {
    aside: Flags.boolean({default: false, summary: 'those that cannot be sent'}),
    count: Flags.integer({
      default: 20, min: 1, max: 10_000, helpValue: 'N', summary: 'so many, from the first',
    }),
    ...outboxUrlFlag(),
    context: contextFlag(),
    ...poolFlags(),
  }

  async run(): Promise<OutboxPeekJson> {
    const {flags} = await this.parse(OutboxPeekCommand)
    const widthMax = process.stdout.isTTY ? process.stdout.columns : undefined
    const screen = {colours: this.out, widthMax}
    if (flags.aside) {
      const rows = await withOutbox(flags, (store) => store.aside(flags.count))
      this.print(asideLines(rows, screen).join('\n'))
      return {rows}
    }
    const rows = await withOutbox(flags, (store) => store.waiting(flags.count))
    this.print(waitingLines(rows, screen).join('\n'))
    return {rows}
  }
}
