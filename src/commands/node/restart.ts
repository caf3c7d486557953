import {Flags} from '@oclif/core'

import {reachFlags} from '../../lib/cli/flags.js'
import {NODE_ARGS, NodeActCommand} from '../../lib/cli/node-act-command.js'
import type {ActJson} from '../../lib/cli/node-act.js'

export default class NodeRestartCommand extends NodeActCommand {
  static override danger = 'leads all clients of a node away, and ends it'
  static override summary = 'have a node drain, and end with the status that asks for a fresh one'
  static override description =
    'As drain; then the process ends with status 75, for which a supervisor starts it again at ' +
    'once: that of wsmesh, systemd with RestartForceExitStatus=75, a container that always ' +
    'restarts. A node that runs under none is restarted by nobody: then --yes is needed.'
  static override examples = [
    'wsmesh node restart n-5ca68f81',
    'wsmesh node restart 5ca --drain-seconds 30',
  ]
  static override args = NODE_ARGS
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
    return this.act(flags, args.node, 'restart')
  }
}
