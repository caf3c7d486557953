import {Args, loadHelpClass} from '@oclif/core'

import {BaseCommand} from '../lib/cli/base-command.js'
import {checkSubject} from '../lib/cli/help-subject.js'
import {HELP_TOPICS} from '../lib/cli/help-topics.js'

export default class HelpCommand extends BaseCommand {
  static override summary = 'help of a command, or a topic: exit-codes, environment'
  static override examples = ['wsmesh help send', 'wsmesh help exit-codes']
  static override enableJsonFlag = false
  static override strict = false
  static override args = {
    subject: Args.string({description: 'a command or a topic', ignoreStdin: true}),
  }

  async run(): Promise<void> {
    const {argv} = await this.parse(HelpCommand)
    const words = argv.map(String)
    const topic = HELP_TOPICS[words.join(' ')]
    if (topic) {
      for (const line of topic(this.out)) this.print(line)
      return
    }
    checkSubject(words, this.config)
    const Help = await loadHelpClass(this.config)
    await new Help(this.config, this.config.pjson.oclif.helpOptions).showHelp(words)
  }
}
