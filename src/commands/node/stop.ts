import {Args, Flags} from '@oclif/core'

import {BaseCommand} from '../../lib/cli/base-command.js'
import {reachFlags} from '../../lib/cli/flags.js'
import {type ActJson, actOn, describeAct, describeStep} from '../../lib/cli/node-act.js'

export default class NodeStopCommand extends BaseCommand {
  static override danger = 'ends a node, and sends all its clients away at once'
  static override summary = 'have a node leave the mesh at once, and end'
  static override description =
    'As drain, but clients are closed all at once: they come to the other nodes each after a ' +
    'pause of its own. A drain that is under way becomes a stop. The only node ' +
    'wants --yes.'
  static override examples = [
    'wsmesh node stop n-5ca68f81',
    'wsmesh node stop 10.0.0.5:8080',
  ]
  static override jsonFields = ['node', 'act', 'wasMaster', 'master', 'term', 'clients',
    'handoverMs', 'ms', 'supervisor']
  static override args = {
    node: Args.string({
      name: 'ID', required: true, ignoreStdin: true,
      description: 'its id, the start of it, or its address, as pool list shows them',
    }),
  }
  static override flags = {
    yes: Flags.boolean({
      char: 'y', default: false,
      summary: 'also the only node of the mesh',
    }),
    ...reachFlags(),
  }

  async run(): Promise<ActJson> {
    const {flags, args} = await this.parse(NodeStopCommand)
    const outcome = await actOn(flags, args.node, 'stop', (step) => {
      if (process.stderr.isTTY && !this.jsonEnabled()) this.notice(describeStep(step))
    })
    this.print(describeAct(outcome))
    return outcome
  }
}
