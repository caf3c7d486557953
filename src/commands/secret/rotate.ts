import {Flags} from '@oclif/core'

import {BaseCommand} from '../../lib/cli/base-command.js'
import {contextFlag, poolFlags, secretFlags, yesFlag} from '../../lib/cli/flags.js'
import {describeRotation, runRotation, type RotationJson} from '../../lib/cli/secret-rotation.js'

export default class SecretRotateCommand extends BaseCommand {
  static override danger = 'changes the secret of the mesh'
  static override summary = 'change the mesh secret while the mesh runs, in three steps'
  static override description =
    'Without a flag a new secret is made and accepted; --use makes it the one in use; --finish '
    + 'forgets the old one. After each step copy the file to every server: nodes read it again.'
  static override examples = [
    'wsmesh secret rotate',
    'wsmesh secret rotate --use',
    'wsmesh secret rotate --finish',
    'wsmesh secret rotate --secret-file /etc/wsmesh/secret',
  ]
  static override jsonFields = ['step', 'path', 'secrets']
  static override flags = {
    use: Flags.boolean({
      default: false, exclusive: ['finish'], summary: 'use the new one, the old one is accepted',
    }),
    finish: Flags.boolean({default: false, summary: 'forget the old one'}),
    yes: yesFlag(),
    context: contextFlag(),
    'data-dir': poolFlags()['data-dir'],
    ...secretFlags(),
  }

  async run(): Promise<RotationJson> {
    const {flags} = await this.parse(SecretRotateCommand)
    const rotation = await runRotation(flags, flags.use ? 'use' : flags.finish ? 'finish' : 'add')
    this.print(describeRotation(rotation))
    return rotation
  }
}
