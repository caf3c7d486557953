import {Args} from '@oclif/core'

import {BaseCommand} from '../../lib/cli/base-command.js'
import {reachFlags} from '../../lib/cli/flags.js'
import {type ActJson, actOn, describeAct, describeStep} from '../../lib/cli/node-act.js'

export default class NodeStepDownCommand extends BaseCommand {
  static override summary = 'have the master hand over to another node, and stay as follower'
  static override description =
    'Messages that come meanwhile wait for the next master, some 50 ms. Nothing is done at a ' +
    'node that is no master. Exit status 1 when nobody can take over: it is the only node, or ' +
    'the pool does not answer; then it stays master.'
  static override examples = [
    'wsmesh node step-down n-5ca68f81',
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
    ...reachFlags(),
  }

  async run(): Promise<ActJson> {
    const {flags, args} = await this.parse(NodeStepDownCommand)
    const outcome = await actOn(flags, args.node, 'step-down', (step) => {
      if (process.stderr.isTTY && !this.jsonEnabled()) this.notice(describeStep(step))
    })
    this.print(describeAct(outcome))
    return outcome
  }
}
