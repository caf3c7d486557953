import {Flags} from '@oclif/core'

import {BaseCommand} from '../../lib/cli/base-command.js'
import {relayFlags, relayOptionsOf, streamSettingsOf} from '../../lib/cli/relay-flags.js'

interface InitJson {
  readonly stream?: string
  readonly differs?: readonly string[]
  readonly config?: Readonly<Record<string, unknown>>
  readonly publish?: readonly string[]
  readonly subscribe?: readonly string[]
}

export default class RelayInitCommand extends BaseCommand {
  static override summary = 'make the stream of a relay, or print what it needs'
  static override description = 'The first node does so by itself, where it may.'
  static override examples = [
    'wsmesh relay init --relay nats://10.0.0.1:4222 --relay-replicas 3',
    'wsmesh relay init --print --relay-replicas 3',
    'wsmesh relay init --print --json | jq .config > wsmesh.json',
  ]
  static override jsonFields = ['stream', 'differs[]', 'config{}', 'publish[]', 'subscribe[]']
  static override flags = {
    print: Flags.boolean({default: false, summary: 'print it for who may, touch nothing'}),
    'history-seconds': Flags.integer({
      env: 'WSMESH_HISTORY_SECONDS', default: 60, min: 1, max: 86_400,
      summary: 'as the nodes have it',
    }),
    ...relayFlags(),
  }

  async run(): Promise<InitJson> {
    const {flags} = await this.parse(RelayInitCommand)
    const {describeStream, makeStream} = await import('../../lib/cli/relay-init.js')
    if (flags.print) {
      const {text, ...json} = describeStream(streamSettingsOf(flags))
      this.print(text)
      return json
    }
    const {stream, differs} = await makeStream(relayOptionsOf(flags), ({message}) =>
      this.notice(`waiting: ${message}`))
    this.print(`the stream ${stream} is there`)
    for (const each of differs) this.print(`but ${each}`)
    return {stream, differs}
  }
}
