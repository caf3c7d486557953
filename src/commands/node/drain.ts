import {Flags} from '@oclif/core'

import {reachFlags} from '../../lib/cli/flags.js'
import {NODE_ARGS, NodeActCommand} from '../../lib/cli/node-act-command.js'
import type {ActJson} from '../../lib/cli/node-act.js'

export default class NodeDrainCommand extends NodeActCommand {
  static override danger = 'leads all clients of a node away, and ends it'
  static override summary = 'have a node leave the mesh in order, and end'
  static override description =
    'Mastership goes to another node first, then clients to the others, at a pace; then the node ' +
    'leaves the pool, and its process ends. Nothing is lost. The only ' +
    'node wants --yes: its clients would find no other. Exit status 1 when the node refuses, 3 ' +
    'when it is not in reach.'
  static override examples = [
    'wsmesh node drain n-5ca68f81',
    'wsmesh node drain 5ca --drain-seconds 30',
    'wsmesh node drain 10.0.0.5:8080',
    'wsmesh node drain n-5ca68f81 --yes --node ws://127.0.0.1:8080',
  ]
  static override args = NODE_ARGS
  static override flags = {
    yes: Flags.boolean({
      char: 'y', default: false,
      summary: 'also the only node of the mesh',
    }),
    'drain-seconds': Flags.integer({
      min: 0, max: 3600, helpValue: 'N', summary: 'lead clients away over it (as serve was told)',
    }),
    ...reachFlags(),
  }

  async run(): Promise<ActJson> {
    const {flags, args} = await this.parse(NodeDrainCommand)
    return this.act(flags, args.node, 'drain')
  }
}
