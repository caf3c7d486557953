import {Flags} from '@oclif/core'

import {defaultDataDir} from '../lib/auth/data-dir.js'
import {BaseCommand} from '../lib/cli/base-command.js'
import {readConfigFile} from '../lib/cli/config-file.js'
import {checkedPage, checkedUrl, hiddenFlags} from '../lib/cli/doctor-flags.js'
import {EXIT} from '../lib/cli/exit-code.js'
import {durationFlag, repeatable} from '../lib/cli/flags.js'
import {serveFlags} from '../lib/cli/serve-flags.js'
import {serveOptionsOf} from '../lib/cli/serve-options.js'
import {strayVariables} from '../lib/cli/stray-variables.js'
import type {DoctorJson} from '../lib/doctor/run-doctor.js'
import {formatDuration} from '../lib/util/duration.js'

export default class DoctorCommand extends BaseCommand {
  static override summary = 'say what is set up wrongly here, and what to do about it'
  static override description =
    'Looks at this server, its files, the pool, the nodes and, with a public URL, at the way of '
    + 'clients through the proxy: with a real connection that is silent until it is pinged. Give '
    + 'it the settings of the node: it takes every flag of serve, its variables and '
    + 'wsmesh.config.json. It changes nothing. Exit status 96 when something is to be put right.'
  static override examples = [
    'wsmesh doctor',
    'wsmesh doctor --url wss://example.com/WebSockets --page https://example.com',
    'wsmesh doctor --quick --json | jq .findings',
    'wsmesh doctor --pool mysql://wsmesh@db/app --node-url ws://10.0.0.5:8080',
  ]
  static override jsonFields = ['findings[]: id', 'severity', 'what', 'why', 'todo[]', 'passed[]',
    'notChecked[]: id', 'why']
  static override flags = {
    url: Flags.string({helpValue: 'URL', summary: 'what clients dial (--public-url)'}),
    page: repeatable({
      helpValue: 'ORIGIN', summary: 'a page that must be let in: https://example.com (repeatable)',
    }),
    quick: Flags.boolean({summary: 'do not wait for a ping through the public URL'}),
    'errors-only': Flags.boolean({summary: 'exit with 0 when there are warnings alone'}),
    verbose: Flags.boolean({char: 'v', summary: 'name the checks that found nothing, too'}),
    timeout: durationFlag({
      env: 'WSMESH_TIMEOUT', default: 5000, maxMs: 60_000, summary: 'bound of each question',
    }),
    ...hiddenFlags(serveFlags()),
  }

  async run(): Promise<DoctorJson> {
    const {flags} = await this.parse(DoctorCommand)
    const [{runDoctor}, {doctorScreen}] = await Promise.all([
      import('../lib/doctor/run-doctor.js'),
      import('../lib/doctor/doctor-screen.js'),
    ])
    const report = await runDoctor({
      serve: serveOptionsOf(flags, this.config.version, this.argv),
      dataDir: flags['data-dir'] ?? defaultDataDir(process.env),
      configPath: (await readConfigFile(process.cwd()))?.path,
      env: process.env,
      strayVariables: strayVariables(process.env),
      url: flags.url === undefined ? undefined : checkedUrl(flags.url),
      pages: (flags.page ?? []).map(checkedPage),
      isQuick: flags.quick,
      timeoutMs: flags.timeout,
      onWait: (url, waitMs) =>
        this.notice(`Watching a silent connection through ${url}, for up to `
          + `${formatDuration(waitMs)} (--quick leaves it out) …`),
    })
    this.print(doctorScreen(report, {colours: this.out, isVerbose: flags.verbose}).join('\n'))
    const counts = flags['errors-only']
      ? report.findings.filter(({severity}) => severity === 'error') : report.findings
    if (counts.length > 0) process.exitCode = EXIT.unwell.code
    return report
  }
}
