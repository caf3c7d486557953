import {Args} from '@oclif/core'

import {BaseCommand} from '../../lib/cli/base-command.js'
import type {CodeJson} from '../../lib/cli/errors/lookup.js'

export default class ErrorsLookupCommand extends BaseCommand {
  static override summary = 'what a code means, what leads to it, and what to do'
  static override description =
    'Codes of errors (POOL_UNREACHABLE), close codes of WebSockets (4001, slow-consumer, 1006), '
    + 'statuses of answers (503), codes of wsmesh/client (queue-full) and exit statuses (97). '
    + 'docs/ERRORS.md has all of them on a page.'
  static override examples = [
    'wsmesh errors lookup POOL_UNREACHABLE',
    'wsmesh errors lookup 4001',
    'wsmesh errors lookup slow-consumer --json',
    'wsmesh errors lookup "Error: No node answered within 5 s [NODE_UNREACHABLE]"',
  ]
  static override jsonFields = ['matches[]: code', 'kind', 'name', 'exit', 'reconnect', 'what',
    'why', 'todo[]']
  static override args = {
    code: Args.string({
      required: true, ignoreStdin: true, description: 'as it was printed, or the whole line',
    }),
  }

  async run(): Promise<{readonly matches: readonly CodeJson[]}> {
    const {args} = await this.parse(ErrorsLookupCommand)
    const [{lookUp}, {lookUpScreen}] = await Promise.all([
      import('../../lib/cli/errors/lookup.js'),
      import('../../lib/cli/errors/lookup-screen.js'),
    ])
    const matches = lookUp(args.code)
    this.print(lookUpScreen(matches, this.out).join('\n'))
    return {matches}
  }
}
