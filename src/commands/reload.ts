import {Flags} from '@oclif/core'

import {defaultDataDir} from '../lib/auth/data-dir.js'
import {BaseCommand} from '../lib/cli/base-command.js'
import {EXIT} from '../lib/cli/exit-code.js'
import {durationFlag, poolFlags} from '../lib/cli/flags.js'
import {type ReloadJson, reloadAll} from '../lib/supervisor/reload-all.js'
import {describeReload} from '../lib/supervisor/reload-text.js'

const {'data-dir': dataDirFlag} = poolFlags()

export default class ReloadCommand extends BaseCommand {
  static override summary = 'replace the supervised nodes of this machine, one after another'
  static override description =
    'Asks every `wsmesh serve --supervise` of this data folder, one after another, and waits. New '
    + 'nodes read the configuration file, certificates and action files anew; no message is lost '
    + 'and no client refused. When a new node does not start, its predecessor goes on, nothing '
    + 'further is replaced, and the exit status is 1. It does the same as SIGHUP.'
  static override examples = [
    'wsmesh reload',
    'wsmesh reload --supervisor 4711',
    'wsmesh reload --json | jq .supervisors[].replaced',
  ]
  static override jsonFields = ['supervisors[]: pid', 'command', 'outcome', 'why',
    'replaced[]: before', 'now']
  static override flags = {
    supervisor: Flags.integer({helpValue: 'PID', min: 1, summary: 'this one alone'}),
    timeout: durationFlag({
      env: 'WSMESH_TIMEOUT', default: 300_000, minMs: 1000, summary: 'bound of the whole command',
    }),
    'data-dir': dataDirFlag,
  }

  async run(): Promise<ReloadJson> {
    const {flags} = await this.parse(ReloadCommand)
    const result = await reloadAll({
      dataDir: flags['data-dir'] ?? defaultDataDir(process.env),
      pid: flags.supervisor,
      timeoutMs: flags.timeout,
      onSupervisor: ({pid, command}) => this.print(`${command} (supervisor ${pid})`),
      onReplaced: ({before, now}) => this.print(`  ${before ?? 'no node'} → ${now}`),
    })
    this.print(describeReload(result))
    if (result.supervisors.some(({outcome}) => outcome === 'failed')) {
      process.exitCode = EXIT.error.code
    }
    return result
  }
}
