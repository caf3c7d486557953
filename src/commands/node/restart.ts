import {Args, Flags} from '@oclif/core'

import {BaseCommand} from '../../lib/cli/base-command.js'
import {reachFlags} from '../../lib/cli/flags.js'
import {type ActJson, actOn, describeAct, describeStep} from '../../lib/cli/node-act.js'

export default class NodeRestartCommand extends BaseCommand {
  static override summary = 'have a node drain, and end with the status that asks for a fresh one'
  static override description =
    'As drain; then the process ends with status 75, for which a supervisor starts it again at ' +
    'once: that of wsmesh, systemd with RestartForceExitStatus=75, a container that always ' +
    'restarts. A node that runs under none is restarted by nobody: then --yes is needed.'
  static override examples = [
    'wsmesh node restart n-5ca68f81',
    'wsmesh node restart 5ca --drain-seconds 30',
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
      summary: 'also where nothing would start it again, or the only node',
    }),
    'drain-seconds': Flags.integer({
      min: 0, max: 3600, helpValue: 'N', summary: 'lead clients away over it (as serve was told)',
    }),
    ...reachFlags(),
  }

  async run(): Promise<ActJson> {
    const {flags, args} = await this.parse(NodeRestartCommand)
    const outcome = await actOn(flags, args.node, 'restart', (step) => {
      if (process.stderr.isTTY && !this.jsonEnabled()) this.notice(describeStep(step))
    })
    this.print(describeAct(outcome))
    return outcome
  }
}
