import {type Command, CommandHelp, Help, type Interfaces} from '@oclif/core'

import {formatDuration} from '../util/duration.js'

/** A command's help: examples first, then how it is called; the fields of --json last. */
export class WsmeshCommandHelp extends CommandHelp {
  protected override sections() {
    const sections = super.sections()
    const first = ['EXAMPLES', 'DESCRIPTION']
    const others = sections.filter(({header}) => !first.includes(header))
    return [
      ...sections.filter(({header}) => header === 'EXAMPLES'),
      {header: 'DESCRIPTION', generate: () => this.#description()},
      ...others,
      {header: 'JSON FIELDS', generate: () => this.#jsonFields()},
    ]
  }

  /** One line each: they are there to be copied. */
  protected override examples(examples: Command.Example[] | string | undefined) {
    const list = [examples ?? []].flat()
    const lines = list.map((item) => (typeof item === 'string' ? item : item.command))
    return lines.length === 0 ? undefined : lines.map((text) => `$ ${text}`).join('\n')
  }

  /** Short: all flags are listed right below. */
  protected override defaultUsage(): string {
    const {id, args, flags} = this.command
    const required = Object.values(flags).filter((flag) => flag.required)
    return [
      id,
      ...Object.values(args).map((arg) => this.arg(arg)),
      ...required.map((flag) =>
        flag.type === 'option' ? `--${flag.name} ${[flag.helpValue].join()}` : `--${flag.name}`,
      ),
      '[FLAGS]',
    ].join(' ')
  }

  /** Of several arguments only the last may be given again. */
  protected override args(args: Command.Arg.Any[]): [string, string | undefined][] | undefined {
    const rows = super.args(args)
    return rows?.map(([name, text], index) =>
      index === rows.length - 1 ? [name, text] : [name.replace('...', ''), text],
    )
  }

  /** Durations are parsed to milliseconds; the default is shown as it would be typed. */
  protected override flags(
    flags: Command.Flag.Any[],
  ): [string, string | undefined][] | undefined {
    return super.flags(flags.map((flag) => withReadableDefault(flag)))
  }

  #description(): string | undefined {
    const {description} = this.command
    return description === undefined ? undefined : this.wrap(asParagraphs(description))
  }

  #jsonFields(): string | undefined {
    const fields: unknown = Reflect.get(this.command, 'jsonFields')
    if (!Array.isArray(fields)) return undefined
    return fields.length === 0 ? undefined : this.wrap(fields.join(', '))
  }
}

/** oclif loads the default export of the helpClass that package.json names. */
export default class WsmeshHelp extends Help {
  protected override CommandHelpClass = WsmeshCommandHelp

  constructor(config: Interfaces.Config, options: Partial<Interfaces.HelpOptions> = {}) {
    super(config, {flagSortOrder: 'none', hideAliasesFromRoot: true, ...options})
  }

  override formatRoot(): string {
    const start = [
      'wsmesh demo                            three nodes and a page to try them',
      'wsmesh serve                           a node on this machine',
      'wsmesh pool list                       who is in the pool, who is master',
      "wsmesh send hello Hi --user 42         to every tab of user 42, on every node",
      'wsmesh tail                            what the mesh relays, as it happens',
      'wsmesh help exit-codes                 what each exit status means',
    ]
    const body = start.map((text) => `$ ${text}`).join('\n')
    return `${this.section('EXAMPLES', body)}\n\n${super.formatRoot()}`
  }
}

/** A single line break is one of the source: the terminal has its own. */
function asParagraphs(text: string): string {
  return text.replace(/(?<!\n)\n(?!\n)/g, ' ')
}

function withReadableDefault(flag: Command.Flag.Any): Command.Flag.Any {
  if (flag.type !== 'option' || flag.helpValue !== 'DURATION') return flag
  const ms: unknown = flag.default
  if (typeof ms !== 'number') return flag
  const text = formatDuration(ms).replaceAll(' ', '')
  return {...flag, default: text.replace(/(?<=[mhd])0[smh]$/, '')}
}
