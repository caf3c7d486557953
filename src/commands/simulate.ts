import {BaseCommand} from '../lib/cli/base-command.js'
import {scaleFlags} from '../lib/cli/scale/scale-flags.js'
import type {ScaleJson} from '../lib/cli/scale/scale-view.js'
import {lifeFlags, lifeSize, sharedFlags} from '../lib/cli/simulate-flags.js'
import {LONG_KINDS} from '../lib/simulation/fault.js'
import type {SimulationJson} from '../lib/cli/simulate-view.js'

export default class SimulateCommand extends BaseCommand {
  static override summary = 'what a mesh of some size would live through, or what it would cost'
  static override description =
    'Nothing is started, opened or sent.\n\n' +
    'With --relay: what a mesh of that size has to do, part by part, by costs that were measured ' +
    '(docs/SCALE.md): which part is full first, and where the master relay ends. Exit status 99 ' +
    'when no size that was asked for does it.\n\n' +
    'Without: hours of its life in a minute. The code that decides in every node runs on a ' +
    'simulated clock, network and store, which are broken on purpose; each step is checked ' +
    'against the promises. The same flags tell the same story. 50 nodes for 24 hours take about ' +
    'half a minute: the mesh is played from 3 s before a fault until it has healed, and the calm ' +
    'between is skipped; --play-all plays it too, some 20 minutes. Faults last up to 12 s unless ' +
    'told, and take no more copies than a mesh may lose. Exit status 98 when a promise is ' +
    `broken.\n\nKinds of faults: ${LONG_KINDS.join(', ')}.`
  static override examples = [
    'wsmesh simulate --relay master --nodes 10..1000 --users 200k --rate 500',
    'wsmesh simulate --relay nats --nodes 200 --users 5M --rate 20k --mix user=99,group=1',
    'wsmesh simulate --nodes 50 --hours 24 --seed 7',
    'wsmesh simulate --nodes 3 --fault kill-master --faults-per-hour 60',
    'wsmesh simulate --nodes 5 --fault store-outage@1h+10m --fault kill-master@1h5m',
    "wsmesh simulate --json | jq '.masterChanges.toDeliveryMs.p99'",
  ]
  static override jsonFields = ['schema', 'version', 'exit', 'config',
    'with --relay: fits, costs, sizes[] (nodes, fits, clientsPerNode, ratePerSMax, fullAtMost, ' +
      'nodesReached, message[] (step, at, us), parts[] (name, at, load, now, limit, busy)), ' +
      'ends: master, nats (nodesFrom, nodesTo, fullBefore, fullAfter), natsPaysFrom',
    'without: verdict', 'simulatedS',
    'playedS', 'wallS', 'steps', 'faults: begun, passedOver (by kind)',
    'masterChanges: count, toMasterMs, toDeliveryMs (count, p50, p90, p99, max), byCause',
    'messages: accepted, refused', 'receipts: calmMs, troubledMs, timeouts, incomplete',
    'links: toFollower, toMaster (framesPerS, messagesPerS, bytesPerS, framesPerSMax)',
    'peaks: outboxMessages, outboxBytes, historyMessages, historyBytes',
    'invariants: count, violation (invariant, message, atS, playedAtS, replay, trace[])']
  static override flags = {...sharedFlags(), ...scaleFlags(), ...lifeFlags()}

  async run(): Promise<SimulationJson | ScaleJson> {
    const {flags} = await this.parse(SimulateCommand)
    const {version} = this.config
    const {relay} = flags
    const widthMax = process.stdout.isTTY ? process.stdout.columns : undefined
    const screen = {colours: this.out, widthMax}
    if (relay !== undefined) {
      const {runScale, scaleText} = await import('../lib/cli/scale/run-scale.js')
      const result = await runScale({...flags, relay}, version)
      this.print(scaleText(result, {...screen, isCsv: flags.csv}))
      process.exitCode = result.exit
      return result
    }
    const {runSimulation} = await import('../lib/cli/run-simulate.js')
    const {simulateScreen} = await import('../lib/cli/simulate-screen.js')
    const {onStopSignals} = await import('../lib/demo/stop-signals.js')
    const stop = new AbortController()
    onStopSignals(() => stop.abort(), () => process.exit())
    const result = await runSimulation({
      flags: {...flags, ...lifeSize(flags)}, version, signal: stop.signal, terminal: process.stderr,
    })
    this.print(simulateScreen(result, screen).join('\n'))
    process.exitCode = result.exit
    return result
  }
}
