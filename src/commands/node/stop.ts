import {Flags} from '@oclif/core'

import {reachFlags} from '../../lib/cli/flags.js'
import {NODE_ARGS, NodeActCommand} from '../../lib/cli/node-act-command.js'
import type {ActJson} from '../../lib/cli/node-act.js'

export default class NodeStopCommand extends NodeActCommand {
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
  static override args = NODE_ARGS
  static override flags = {
    yes: Flags.boolean({
      char: 'y', default: false,
      summary: 'also the only node of the mesh',
    }),
    ...reachFlags(),
  }

  async run(): Promise<ActJson> {
    const {flags, args} = await this.parse(NodeStopCommand)
    return this.act(flags, args.node, 'stop')
  }
}
