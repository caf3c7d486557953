import {BaseCommand} from '../../lib/cli/base-command.js'
import {readConfigFile} from '../../lib/cli/config-file.js'
import {configScreen} from '../../lib/cli/config-screen.js'
import {type ConfigJson, showConfig} from '../../lib/cli/config-show.js'
import {reachFlags} from '../../lib/cli/flags.js'

export default class ConfigShowCommand extends BaseCommand {
  static override summary = 'show every setting and where its value comes from'
  static override description =
    'Flag before environment before wsmesh.config.json before context before default; a context '
    + 'that --context names comes behind flags, one of WSMESH_CONTEXT behind the environment.'
  static override examples = ['wsmesh config show', 'wsmesh config show --json']
  static override jsonFields = ['file', 'settings[]: key', 'value', 'origin', 'source']
  static override flags = reachFlags()

  async run(): Promise<ConfigJson> {
    const {flags, raw} = await this.parse(ConfigShowCommand)
    const given = new Set(raw.flatMap((token) => (token.type === 'flag' ? [token.flag] : [])))
    const config = showConfig({
      flags: Object.fromEntries(Object.entries(flags).filter(([name]) => given.has(name))),
      env: process.env,
      file: await readConfigFile(process.cwd()),
      context: this.context,
    })
    const widthMax = process.stdout.isTTY ? process.stdout.columns : undefined
    this.print(configScreen(config, {colours: this.out, widthMax}).join('\n'))
    return config
  }
}
