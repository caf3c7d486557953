import {Flags} from '@oclif/core'

import {BaseCommand} from '../../lib/cli/base-command.js'
import type {CodeJson} from '../../lib/cli/errors/lookup.js'

const KINDS = ['error', 'close', 'answer', 'client', 'exit'] as const

export default class ErrorsListCommand extends BaseCommand {
  static override summary = 'all codes: of errors, closes, answers, the client library, exits'
  static override examples = [
    'wsmesh errors list',
    'wsmesh errors list --kind close',
    "wsmesh errors list --json | jq -r '.codes[].code'",
  ]
  static override jsonFields = ['codes[]: code', 'kind', 'name', 'exit', 'reconnect', 'what', 'why',
    'todo[]']
  static override flags = {
    kind: Flags.option({
      options: KINDS, helpValue: 'KIND', summary: `one of: ${KINDS.join(', ')}`,
    })(),
  }

  async run(): Promise<{readonly codes: readonly CodeJson[]}> {
    const {flags} = await this.parse(ErrorsListCommand)
    const [{allCodes}, {codeList}] = await Promise.all([
      import('../../lib/cli/errors/lookup.js'),
      import('../../lib/cli/errors/lookup-screen.js'),
    ])
    const codes = allCodes().filter(({kind}) => flags.kind === undefined || kind === flags.kind)
    const widthMax = process.stdout.isTTY ? process.stdout.columns : undefined
    this.print(codeList(codes, {colours: this.out, widthMax}).join('\n'))
    return {codes}
  }
}
