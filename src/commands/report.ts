import {Args, Flags} from '@oclif/core'

import {BaseCommand} from '../lib/cli/base-command.js'
import {reportFileFlags} from '../lib/siege/report/report-flags.js'

export default class ReportCommand extends BaseCommand {
  static override summary = 'show, convert and compare what runs of siege left behind'
  static override description = [
    'It reads what `wsmesh siege --json` printed. One report is shown as at the end of its run,',
    'and written as a page or for other tools; several are compared, the last with the first. A',
    'change of less than a tenth is called the same: runs of one program differ by as much.',
  ].join('\n')
  static override examples = [
    'wsmesh report run.json',
    'wsmesh report run.json --html siege.html --junit siege.xml',
    'wsmesh report before.json after.json',
    "wsmesh report before.json after.json --json | jq '.metrics[] | select(.change == \"worse\")'",
    'wsmesh siege --json | wsmesh report - --html siege.html',
  ]
  static override jsonFields = ['of one run: its report', 'of several: runs[]', 'metrics[]: name',
    'values[]', 'texts[]', 'ratio', 'change', 'differences[]: name', 'values[]']
  static override strict = false
  static override args = {
    run: Args.string({required: true, description: 'files of siege --json; - is stdin'}),
  }
  static override flags = {
    compare: Flags.boolean({summary: 'compare; goes without saying when several are given'}),
    ...reportFileFlags(),
  }

  async run(): Promise<object> {
    const {flags, argv} = await this.parse(ReportCommand)
    const {reportAgain} = await import('../lib/siege/report/report-again.js')
    const {html, junit, hdr} = flags
    const {json, lines, notices} = await reportAgain({
      paths: argv.map(String),
      isComparison: flags.compare,
      files: {html, junit, hdr},
      stdin: process.stdin,
    }, {colours: this.out, widthMax: process.stdout.isTTY ? process.stdout.columns : undefined})
    this.print(lines.join('\n'))
    for (const notice of notices) this.notice(notice)
    return json
  }
}
