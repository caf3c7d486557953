import {reachFlags} from '../../lib/cli/flags.js'
import {NODE_ARGS, NodeActCommand} from '../../lib/cli/node-act-command.js'
import type {ActJson} from '../../lib/cli/node-act.js'

export default class NodeStepDownCommand extends NodeActCommand {
  static override summary = 'have the master hand over to another node, and stay as follower'
  static override description =
    'Messages that come meanwhile wait for the next master, some 50 ms. Nothing is done at a ' +
    'node that is no master. Exit status 1 when nobody can take over: it is the only node, or ' +
    'the pool does not answer; then it stays master.'
  static override examples = [
    'wsmesh node step-down n-5ca68f81',
  ]
  static override args = NODE_ARGS
  static override flags = {
    ...reachFlags(),
  }

  async run(): Promise<ActJson> {
    const {flags, args} = await this.parse(NodeStepDownCommand)
    return this.act(flags, args.node, 'step-down')
  }
}
