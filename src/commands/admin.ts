import {Flags} from '@oclif/core'

import {BaseCommand} from '../lib/cli/base-command.js'
import {contextFlag, poolFlags, secretFlags, tlsFlags} from '../lib/cli/flags.js'

export default class AdminCommand extends BaseCommand {
  static override summary = 'a page to see the mesh and to run it: nodes, users, sieges'
  static override description = [
    'It prints a link for operators and one for viewers; whoever has a link may that much, so give',
    'it to nobody else. Start on the page starts a supervised node on this machine, with the flags',
    'behind -- for wsmesh serve. Nodes go on when the admin ends, and it finds them again.',
  ].join('\n')
  static override examples = [
    'wsmesh admin',
    'wsmesh admin --expect 3 --read-only',
    'wsmesh admin -- --host 0.0.0.0 --actions ./actions',
    'wsmesh admin --listen 10.0.0.5:8890 --listen-cert cert.pem --listen-key key.pem',
  ]
  static override usage = ['admin [FLAGS] [-- SERVE FLAGS]']
  static override strict = false
  static override jsonFields = ['type', 'url', 'operatorUrl', 'viewerUrl', 'pool', 'pid']
  static override flags = {
    listen: Flags.string({
      default: '127.0.0.1:8890', env: 'WSMESH_ADMIN_LISTEN', helpValue: 'HOST:PORT',
      summary: 'where the page is; port 0: any',
    }),
    'listen-cert': Flags.string({helpValue: 'FILE', summary: 'https: certificate, PEM'}),
    'listen-key': Flags.string({helpValue: 'FILE', summary: 'its key, PEM'}),
    'listen-insecure': Flags.boolean({summary: 'other machines may come without TLS'}),
    'public-url': Flags.string({
      helpValue: 'URL', summary: "behind a proxy: the page's address for its users",
    }),
    'read-only': Flags.boolean({summary: 'nobody may do anything: there is no link for operators'}),
    expect: Flags.integer({
      min: 0, helpValue: 'N', summary: 'a red banner when fewer nodes answer',
    }),
    context: contextFlag(),
    ...poolFlags(),
    ...secretFlags(),
    ...tlsFlags(),
  }

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(AdminCommand)
    const {admin} = await import('../lib/admin/admin-command.js')
    const {onStopSignals} = await import('../lib/demo/stop-signals.js')
    await admin({
      flags,
      serveFlags: argv.map(String),
      version: this.config.version,
      packageRoot: this.config.root,
      colours: this.out,
      ready: (line, text) => (this.jsonEnabled() ? this.line(line) : this.print(text)),
      notice: (text) => this.notice(text),
      onStop: onStopSignals,
    })
  }
}
