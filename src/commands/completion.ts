import {Args, Flags} from '@oclif/core'

import {BaseCommand} from '../lib/cli/base-command.js'
import {SHELLS, shellOf, shellScript} from '../lib/cli/completion/shell-scripts.js'
import {WsmeshError} from '../lib/util/errors.js'

export default class CompletionCommand extends BaseCommand {
  static override summary = 'a script that has your shell complete commands, flags and names'
  static override description =
    'Commands, flags, their values, contexts, and the nodes that commands saw last. Without a '
    + 'name it is for the shell in $SHELL.'
  static override examples = [
    'wsmesh completion bash > ~/.local/share/bash-completion/completions/wsmesh',
    'wsmesh completion zsh > ~/.zfunc/_wsmesh',
    'wsmesh completion fish > ~/.config/fish/completions/wsmesh.fish',
  ]
  static override enableJsonFlag = false
  static override strict = false
  static override args = {
    shell: Args.string({description: SHELLS.join(', '), ignoreStdin: true}),
  }
  static override flags = {
    complete: Flags.boolean({hidden: true, summary: 'what may come next, for the scripts'}),
  }

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(CompletionCommand)
    const words = argv.map(String)
    if (flags.complete) {
      for (const {value, about} of await this.#complete(words)) this.line(`${value}\t${about}`)
      return
    }
    const [name = shellOf(process.env['SHELL'])] = words
    const shell = SHELLS.find((known) => known === name)
    if (shell === undefined || words.length > 1) {
      throw new WsmeshError('USAGE', `Completion is for ${SHELLS.join(', ')}`, {
        suggestions: SHELLS.map((known) => `${this.config.bin} completion ${known}`),
      })
    }
    process.stdout.write(shellScript(shell, this.config.bin))
  }

  async #complete(words: readonly string[]) {
    const [{complete}, {knownValues}] = await Promise.all([
      import('../lib/cli/completion/complete.js'),
      import('../lib/cli/completion/known-values.js'),
    ])
    const {commands, topics} = this.config
    return complete(words.length === 0 ? [''] : words, {
      commands,
      topics: new Map(topics.map(({name, description = ''}) => [name, description])),
      values: (kind) => knownValues(kind, process.env),
    })
  }
}
