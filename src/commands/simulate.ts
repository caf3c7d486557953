import {Flags} from '@oclif/core'

import {BaseCommand} from '../lib/cli/base-command.js'
import {durationFlag, repeatable} from '../lib/cli/flags.js'
import {hoursFlag} from '../lib/cli/simulate-flags.js'
import {LONG_KINDS} from '../lib/simulation/fault.js'
import type {SimulationJson} from '../lib/cli/simulate-view.js'

export default class SimulateCommand extends BaseCommand {
  static override summary = 'what a mesh of some size would live through in hours, in a minute'
  static override description =
    'The code that decides in every node runs on a simulated clock, network and store, which are ' +
    'broken on purpose; each step is checked against the promises. Nothing is started, opened or ' +
    'sent. The same flags tell the same story. 50 nodes for 24 hours take about half a minute: ' +
    'the mesh is played from 3 s before a fault until it has healed, and the calm between is ' +
    'skipped; --play-all plays it too, some 20 minutes. Faults last up to 12 s unless told, and ' +
    'take no more copies than a mesh may lose. Exit status 98 when a promise is broken.\n\n' +
    `Kinds of faults: ${LONG_KINDS.join(', ')}.`
  static override examples = [
    'wsmesh simulate --nodes 50 --hours 24 --seed 7',
    'wsmesh simulate --nodes 3 --fault kill-master --faults-per-hour 60',
    'wsmesh simulate --nodes 5 --fault store-outage@1h+10m --fault kill-master@1h5m',
    "wsmesh simulate --json | jq '.masterChanges.toDeliveryMs.p99'",
  ]
  static override jsonFields = ['schema', 'version', 'verdict', 'exit', 'config', 'simulatedS',
    'playedS', 'wallS', 'steps', 'faults: begun, passedOver (by kind)',
    'masterChanges: count, toMasterMs, toDeliveryMs (count, p50, p90, p99, max), byCause',
    'messages: accepted, refused', 'receipts: calmMs, troubledMs, timeouts, incomplete',
    'links: toFollower, toMaster (framesPerS, messagesPerS, bytesPerS, framesPerSMax)',
    'peaks: outboxMessages, outboxBytes, historyMessages, historyBytes',
    'invariants: count, violation (invariant, message, atS, playedAtS, replay, trace[])']
  static override flags = {
    nodes: Flags.integer({
      char: 'n', default: 5, min: 2, max: 200, helpValue: 'N', summary: 'how many nodes',
    }),
    hours: hoursFlag({default: 24, summary: 'hours of their life: 0.1, 24, 720'}),
    seed: Flags.integer({
      default: 1, min: 0, max: 4_294_967_295, helpValue: 'N', summary: 'another one, another story',
    }),
    rate: Flags.integer({
      default: 5, min: 0, max: 1000, helpValue: 'N', summary: 'messages per second, in all',
    }),
    'faults-per-hour': Flags.integer({
      default: 12, min: 0, max: 3600, helpValue: 'N',
      summary: 'at random times; one in four brings another',
    }),
    fault: repeatable({
      helpValue: 'KIND[@TIME][+DURATION]',
      summary: 'only these faults: at that time, or at random; may be given again',
    }),
    latency: durationFlag({
      default: 5, minMs: 1, maxMs: 400, summary: 'one way between two nodes, at most',
    }),
    'store-latency': durationFlag({
      default: 8, minMs: 1, maxMs: 400, summary: 'one query of the pool store, at most',
    }),
    'play-all': Flags.boolean({summary: 'play the calm between faults too'}),
  }

  async run(): Promise<SimulationJson> {
    const {flags} = await this.parse(SimulateCommand)
    const {runSimulation} = await import('../lib/cli/run-simulate.js')
    const {simulateScreen} = await import('../lib/cli/simulate-screen.js')
    const {onStopSignals} = await import('../lib/demo/stop-signals.js')
    const stop = new AbortController()
    onStopSignals(() => stop.abort(), () => process.exit())
    const result = await runSimulation({
      flags, version: this.config.version, signal: stop.signal, terminal: process.stderr,
    })
    const widthMax = process.stdout.isTTY ? process.stdout.columns : undefined
    this.print(simulateScreen(result, {colours: this.out, widthMax}).join('\n'))
    process.exitCode = result.exit
    return result
  }
}
