import type {ReadyJson} from '../lib/node/serve.js'
import {BaseCommand} from '../lib/cli/base-command.js'
import {EXIT} from '../lib/cli/exit-code.js'
import {renderServeBlock} from '../lib/cli/serve-block.js'
import {serveFlags} from '../lib/cli/serve-flags.js'
import {serveOptionsOf} from '../lib/cli/serve-options.js'
import {superviseOptionsOf} from '../lib/cli/supervise-flags.js'
import {isSupervised} from '../lib/process/supervision.js'
import {redactUrl} from '../lib/sql/redact-url.js'

export default class ServeCommand extends BaseCommand {
  static override summary = 'run a node of the mesh'
  static override examples = [
    'wsmesh serve',
    'wsmesh serve --actions examples/actions/hello.mjs',
    'wsmesh serve --pool mysql://wsmesh@db/app --host 0.0.0.0 --node-url ws://10.0.0.5:8080',
    'wsmesh serve --auth-url http://localhost/auth.php --session-cookie sid --origin https://a.eu',
    'wsmesh serve --tls-cert cert.pem --tls-key key.pem --node-listen 10.0.0.5:8081',
    'wsmesh serve --port 0 --json',
    'wsmesh serve --supervise --workers auto --max-rss 1G',
  ]
  static override jsonFields = ['type', 'node', 'role', 'term', 'clientUrl', 'nodeUrl', 'httpUrl',
    'apiUrl', 'pool', 'pid']
  static override flags = serveFlags()

  async run(): Promise<void> {
    const {flags} = await this.parse(ServeCommand)
    const options = serveOptionsOf(flags, this.config.version, this.argv)
    const onReady = (ready: ReadyJson): void => {
      if (this.jsonEnabled()) this.line(JSON.stringify(ready))
      else if (process.stdout.isTTY) this.line(renderServeBlock(ready, this.out))
    }
    // What keeps a node starts it with this same command line.
    const kept = isSupervised(process.env) ? undefined : superviseOptionsOf(flags)
    if (kept === undefined) {
      const {serve} = await import('../lib/node/serve.js')
      if (await serve(options, onReady) === 'restart') process.exitCode = EXIT.restart.code
      return
    }
    const {supervise} = await import('../lib/supervisor/supervise.js')
    const json = this.jsonEnabled() ? [] : ['--json']
    const args = [...process.execArgv, ...process.argv.slice(1), ...json]
    const command = ['wsmesh', 'serve', ...this.argv.map(redactUrl)].join(' ')
    await supervise({...kept, serve: options, args, command,
      onReady: (ready) => onReady({type: 'ready', ...ready})})
  }

  /** Nobody reads the one line any more: that is no reason to stop. */
  protected override stdoutClosed(): void {}

  protected override stdoutFailed(error: Error): void {
    this.notice(`Cannot write the line that says it is ready: ${error.message}`)
  }
}
