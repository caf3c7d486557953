import {Flags} from '@oclif/core'

import {BaseCommand} from '../lib/cli/base-command.js'
import {poolFlags, secretFlags} from '../lib/cli/flags.js'

export default class DemoCommand extends BaseCommand {
  static override summary = 'start a mesh of several nodes on this machine, and a page to see it'
  static override description = [
    'It uses the pool and the secret that the other commands use, so they find it with no flag.',
    'Break it: a node that dies is reported, and a fresh one takes its place.',
  ].join('\n')
  static override examples = [
    'wsmesh demo',
    'wsmesh demo --nodes 5 --port 8889',
    'wsmesh demo --dir ./actions',
    'wsmesh demo --no-page --json',
  ]
  static override jsonFields = ['type', 'pageUrl', 'pool', 'master', 'term', 'nodes', 'pid']
  static override flags = {
    nodes: Flags.integer({
      char: 'n', default: 3, min: 1, max: 20, helpValue: 'N', summary: 'how many nodes',
    }),
    port: Flags.integer({
      char: 'p', default: 8888, min: 0, max: 65_535, helpValue: 'PORT',
      summary: 'port of the page; 0: any',
    }),
    page: Flags.boolean({default: true, allowNo: true, summary: 'the page; --no-page: nodes only'}),
    dir: Flags.directory({
      exists: true, helpValue: 'DIR',
      summary: "folder of action modules, followed as it changes, in place of the demo's own",
    }),
    'data-dir': poolFlags()['data-dir'],
    ...secretFlags(),
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(DemoCommand)
    const {runDemo} = await import('../lib/demo/run-demo.js')
    const {onStopSignals} = await import('../lib/demo/stop-signals.js')
    const options = {
      nodes: flags.nodes,
      port: flags.port,
      withPage: flags.page,
      actionsDir: flags.dir,
      dataDir: flags['data-dir'],
      secretFile: flags['secret-file'],
      packageRoot: this.config.root,
      env: process.env,
      cwd: process.cwd(),
    }
    const output = {
      colours: this.out,
      print: (text: string) => this.print(text),
      notice: (line: string) => this.notice(line),
      ready: (line: object) => {
        if (this.jsonEnabled()) this.line(JSON.stringify(line))
      },
    }
    await runDemo(options, output, onStopSignals)
  }
}
