import {Args} from '@oclif/core'

import type {NodeAct} from '../protocol/act-frame.js'
import {BaseCommand} from './base-command.js'
import {
  type ActFlagValues, type ActJson, actOn, describeAct, describeStep,
} from './node-act.js'

/** Each command names them itself: oclif looks at a command's own args alone. */
export const NODE_ARGS = {
  node: Args.string({
    name: 'ID', required: true, ignoreStdin: true,
    description: 'its id, the start of it, or its address, as pool list shows them',
  }),
}

/** What `wsmesh node drain|restart|stop|step-down` have in common: one node, and its outcome. */
export abstract class NodeActCommand extends BaseCommand {
  static override jsonFields = ['node', 'act', 'wasMaster', 'master', 'term', 'clients',
    'handoverMs', 'ms', 'supervisor']

  /** Rejects as actOn does. */
  protected async act(flags: ActFlagValues, node: string, act: NodeAct): Promise<ActJson> {
    const outcome = await actOn(flags, node, act, (step) => {
      if (process.stderr.isTTY && !this.jsonEnabled()) this.notice(describeStep(step))
    })
    this.print(describeAct(outcome))
    return outcome
  }
}
