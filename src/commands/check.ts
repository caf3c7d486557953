import {Flags} from '@oclif/core'

import {BaseCommand, isExit} from '../lib/cli/base-command.js'
import {failureJson, failureOf} from '../lib/cli/failure.js'
import {durationFlag, reachFlags, repeatable} from '../lib/cli/flags.js'
import type {Verdict} from '../lib/cli/check/judge.js'

export default class CheckCommand extends BaseCommand {
  static override summary = 'one line and a status for monitoring systems: Nagios, Icinga, …'
  static override description =
    'Asks all nodes. Exit status 0: well, 1: a warning, 2: critical, the mesh cannot be reached '
    + 'among it, 3: nobody knows, since a flag or the secret is wrong. Without a limit it is '
    + 'critical when there is not one master, a node does not answer or is isolated, and a '
    + "warning when a row of the dead is left or a node looks for the master. A viewer's secret "
    + 'is enough. Names: nodes, lease, relay, delivery, receipt (p99 of the last seconds), rtt, '
    + 'lag, outbox, unstable, queue, loop, cpu, rss, connections; slow and refused are counted '
    + 'within --over.'
  static override examples = [
    'wsmesh check',
    'wsmesh check --expect 3 --warn receipt=100ms --crit receipt=500ms',
    'wsmesh check --warn lag=100 --crit lag=5000 --warn nodes=3 --crit nodes=2',
    'wsmesh check --warn slow=0 --over 10s --timeout 20s',
    'wsmesh check --json | jq .measured',
  ]
  static override jsonFields = ['status', 'summary', 'problems[]: status', 'text',
    'measured[]: name', 'unit', 'value', 'node', 'warn', 'crit']
  static override flags = {
    warn: repeatable({helpValue: 'NAME=LIMIT', summary: 'a warning beyond it (repeatable)'}),
    crit: repeatable({helpValue: 'NAME=LIMIT', summary: 'critical beyond it (repeatable)'}),
    expect: Flags.integer({
      min: 0, helpValue: 'N', summary: 'critical when fewer nodes take part',
    }),
    over: durationFlag({default: 5000, minMs: 100, summary: 'how long slow and refused count'}),
    ...reachFlags(),
  }

  async run(): Promise<Verdict> {
    const {flags} = await this.parse(CheckCommand)
    const {checkLine, exitOf, runCheck} = await import('../lib/cli/check/run-check.js')
    const verdict = await runCheck(flags)
    this.print(checkLine(verdict))
    process.exitCode = exitOf(verdict.status)
    return verdict
  }

  /** Those who call it read one line of stdout, and a status of theirs. */
  override async catch(error: Error): Promise<void> {
    if (isExit(error)) return super.catch(error)
    const {exitOf, failedLine, statusOf} = await import('../lib/cli/check/run-check.js')
    const failure = failureOf(error, 'wsmesh check')
    const status = statusOf(failure)
    const exit = exitOf(status)
    if (this.jsonEnabled()) this.logJson({status, error: {...failureJson(failure), exit}})
    else this.line(failedLine(status, failure))
    process.exitCode = exit
  }
}
