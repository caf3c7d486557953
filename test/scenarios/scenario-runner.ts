/** Performs the commands of a scenario on a simulated mesh and says what a person would want to know. */
import type {MeshEffect, Receipt} from '../../src/lib/mesh/effect.js'
import {parseDuration} from '../../src/lib/util/duration.js'
import type {Target} from '../../src/lib/protocol/target.js'
import {checkHealed, checkNothingLost, isSettled} from '../../src/lib/simulation/calm.js'
import type {Message} from '../../src/lib/simulation/message.js'
import {makeMeshCore} from '../../src/lib/simulation/run-seed.js'
import {SimMesh} from '../../src/lib/simulation/sim-mesh.js'
import type {Host} from '../../src/lib/simulation/sim-network.js'
import {identityOf, type SimClient} from '../../src/lib/simulation/sim-client.js'
import type {SimProcess} from '../../src/lib/simulation/sim-process.js'
import {check} from '../../src/lib/simulation/violation.js'
import {parseScenario, printBlock} from './scenario-file.js'
import {describeReceipt, describeStanding, describeState, describeTabs} from './scenario-words.js'

/** More receipts than this are told by their first and last. */
const RECEIPTS_MAX = 8

type Handler = (args: readonly string[], line: string) => string

export class ScenarioRunner {
  #mesh: SimMesh | undefined
  #config: Record<string, number> = {}
  #happened: string[] = []
  #runFromMs = 0
  readonly #tabs = new Map<string, SimClient>()
  /** Counter-actions of `cut`, `partition` and the like, undone by `heal`. */
  #cuts: (() => void)[] = []
  readonly #handlers: Readonly<Record<string, Handler>> = {
    config: (args) => this.#configure(args),
    'add-nodes': ([count, where]) => this.#addNodes(Number(count), where === 'local'),
    client: ([node, user, ...groups]) => this.#addClient(node, user, groups),
    tab: ([name, node, user, ...groups]) => this.#tab(name, node, user, groups),
    unplug: ([name]) => this.#unplug(name),
    'come-back': ([name, node]) => this.#comeBack(name, node),
    tabs: () => describeTabs([...this.#tabs.values()], this.#need()),
    run: ([duration]) => this.#run(duration),
    publish: (args, line) => this.#publish(args, line),
    flood: ([node, count]) => this.#flood(node, Number(count)),
    receipts: () => this.#receipts(),
    delivered: () => this.#delivered(),
    state: () => describeState(this.#need()),
    check: () => this.#check(),
    crash: ([node]) => this.#kill(node, 'killed'),
    'power-off': ([node]) => this.#kill(node, 'powerless'),
    restart: ([node]) => `${this.#need().start(this.#host(node)).id} starts`,
    'supervisor-restart': ([node]) =>
      `${this.#need().start(this.#host(node), 'supervisor').id} starts`,
    pause: ([node]) => this.#say(node, 'is stopped', (process) => this.#need().pause(process)),
    continue: ([node]) => this.#continue(node),
    drain: ([node]) => this.#say(node, 'drains', (process) => this.#need().drain(process)),
    retire: ([node]) => (
      this.#say(node, 'retires', (process) => process.handle({type: 'retire'}))
    ),
    'step-down': ([node]) => (
      this.#say(node, 'steps down', (process) => process.handle({type: 'step-down'}))
    ),
    cut: (args) => this.#cut(args),
    reset: ([a, b]) => this.#reset(a, b),
    partition: (args) => this.#partition(args),
    heal: () => this.#heal(),
    store: (args) => this.#store(args),
  }

  /** The whole file again, with what the commands say now. */
  perform(text: string): string {
    const printed: string[] = []
    for (const block of parseScenario(text)) {
      const [name = '', ...args] = block.command.split(/\s+/)
      const handler = this.#handlers[name]
      if (!handler) throw new Error(`no such command: ${block.command}`)
      printed.push(printBlock(block, handler(args, block.command)))
    }
    return printed.join('\n')
  }

  #need(): SimMesh {
    if (this.#mesh) return this.#mesh
    const mesh = new SimMesh({
      seed: 1,
      makeCore: makeMeshCore,
      config: this.#config,
      network: {latencyMs: [1, 1], spikeChance: 0, spikeMsMax: 0, resetOnHealChance: 0},
      store: {latencyMs: [2, 2]},
      lagChance: 0,
      clockRateError: 0,
      isHistoryWhole: Object.keys(this.#config).length === 0,
      isCoded: false,
      isLossAllowed: false,
      clients: 0,
    })
    mesh.invariants.onEffect = (process, effect) => this.#note(process, effect)
    this.#mesh = mesh
    return mesh
  }

  #host(node: string | undefined): Host {
    const host = this.#need().hosts[Number(node) - 1]
    if (!host) throw new Error(`no node ${node}`)
    return host
  }

  #process(node: string | undefined): SimProcess {
    const process = this.#need().processAt(this.#host(node))
    if (!process) throw new Error(`nothing runs at node ${node}`)
    return process
  }

  #say(node: string | undefined, what: string, act: (process: SimProcess) => void): string {
    const process = this.#process(node)
    act(process)
    return `${process.id} ${what}`
  }

  #note(process: SimProcess, effect: MeshEffect): void {
    const text = describeHappening(effect)
    if (text === undefined) return
    // Half seconds, upwards: what matters to people, and does not change with each retry's luck.
    const halves = Math.max(1, Math.ceil((this.#need().nowMs - this.#runFromMs) / 500))
    this.#happened.push(`by ${(halves / 2).toFixed(1)}s ${process.id} ${text}`)
  }

  #configure(args: readonly string[]): string {
    for (const arg of args) {
      const [key = '', value] = arg.split('=')
      this.#config[key] = Number(value)
    }
    return ''
  }

  /** All start in the same millisecond. */
  #addNodes(count: number, isLocal: boolean): string {
    const mesh = this.#need()
    const started: string[] = []
    for (let index = 0; index < count; index += 1) started.push(mesh.start(mesh.addHost(isLocal)).id)
    return started.join(' ')
  }

  #addClient(node: string | undefined, user: string | undefined, groups: readonly string[]): string {
    const process = this.#process(node)
    const {crowd} = this.#need()
    crowd.bring(crowd.add(user ?? '', identityOf(nameOf(user), groups)), process)
    return `${process.id} has ${process.clients.size} connections`
  }

  /** A client with a name, which comes back only when it is told to. */
  #tab(
    name = '', node: string | undefined, user: string | undefined, groups: readonly string[],
  ): string {
    this.#tabs.set(name, this.#need().crowd.add(name, identityOf(nameOf(user), groups)))
    return this.#comeBack(name, node)
  }

  #tabOf(name: string | undefined): SimClient {
    const tab = this.#tabs.get(name ?? '')
    if (!tab) throw new Error(`no tab ${name}`)
    return tab
  }

  /** Its network is gone; its node does not know. */
  #unplug(name: string | undefined): string {
    this.#tabOf(name).lose(this.#need().nowMs)
    return ''
  }

  #comeBack(name: string | undefined, node: string | undefined): string {
    const process = this.#process(node)
    if (!process.clients.isOpen) return `${process.id} takes no clients`
    this.#need().crowd.bring(this.#tabOf(name), process)
    return ''
  }

  #run(duration: string | undefined): string {
    const ms = parseDuration(duration ?? '')
    if (ms === undefined) throw new Error(`run for how long? ${duration}`)
    this.#happened = []
    this.#runFromMs = this.#need().nowMs
    this.#need().run(ms)
    return this.#happened.join('\n')
  }

  #publish(args: readonly string[], line: string): string {
    const text = /"([^"]*)"/.exec(line)?.[1] ?? ''
    const [, kind = 'everyone', ...ids] = line.slice(line.indexOf(' to ')).trim().split(/\s+/)
    const callerId = /" as (\S+) to /.exec(line)?.[1]
    const message = this.#need().publish(this.#process(args[0]), targetOf(kind, ids), 20, {
      key: text, callerId,
    })
    return message.isRefused ? `"${text}" refused` : `"${text}" is ${message.id}`
  }

  #flood(node: string | undefined, count: number): string {
    const process = this.#process(node)
    const messages: Message[] = []
    for (let index = 0; index < count; index += 1) {
      messages.push(this.#need().publish(process, {kind: 'everyone'}, 100))
    }
    const refused = messages.filter(({isRefused}) => isRefused).length
    return `${count - refused} accepted, ${refused} refused`
  }

  #receipts(): string {
    const lines = this.#need().messages.filter(({id}) => id !== undefined)
    const {ledger} = this.#need().invariants
    const told = lines.map(
      ({id, key, receipt}) => `"${key}" ${id}: ${describeReceipt(receipt, ledger)}`,
    )
    const rest = told.length - RECEIPTS_MAX
    return (rest > 0 ? [...told.slice(0, 3), `… ${rest} more`, ...told.slice(-5)] : told).join('\n')
  }

  #delivered(): string {
    const mesh = this.#need()
    const {ledger} = mesh.invariants
    return mesh.living
      .map((process) => {
        const cursor = mesh.recordOf(process).cursor
        const keys: string[] = []
        for (let seq = 1; seq <= (cursor?.seq ?? 0); seq += 1) {
          const entry = ledger.find(cursor?.epoch ?? '', seq)
          const isSeen = entry?.deliveredBy.has(process.id)
          if (entry?.id === undefined || entry.isRepeat) continue
          const key = mesh.invariants.message(entry.id)?.key ?? entry.id
          if (isSeen) keys.push(key)
        }
        return `${process.id}: ${shorten(keys)}`
      })
      .join('\n')
  }

  #check(): string {
    const mesh = this.#need()
    check(isSettled(mesh), 'settles', () => describeState(mesh))
    checkNothingLost(mesh)
    checkHealed(mesh)
    return 'one master, everybody follows, nothing lost, outboxes empty, one link each'
  }

  #kill(node: string | undefined, how: 'killed' | 'powerless'): string {
    const word = how === 'killed' ? 'is killed' : 'loses power'
    return this.#say(node, word, (process) => this.#need().kill(process, how))
  }

  #continue(node: string | undefined): string {
    this.#happened = []
    this.#runFromMs = this.#need().nowMs
    const said = this.#say(node, 'is continued', (process) => this.#need().continue(process))
    return [said, ...this.#happened].join('\n')
  }

  #cut([a, sign, b]: readonly string[]): string {
    const {network} = this.#need()
    const isOneWay = sign === '>'
    const [from, to] = [this.#host(a), this.#host(isOneWay ? b : sign)]
    network.cut(from, to)
    if (!isOneWay) network.cut(to, from)
    this.#cuts.push(() => {
      network.mend(from, to)
      if (!isOneWay) network.mend(to, from)
    })
    return ''
  }

  #reset(a: string | undefined, b: string | undefined): string {
    this.#need().network.reset(this.#host(a), this.#host(b))
    return ''
  }

  #partition(args: readonly string[]): string {
    const bar = args.indexOf('|')
    for (const left of args.slice(0, bar)) {
      for (const right of args.slice(bar + 1)) this.#cut([left, right])
    }
    return ''
  }

  #heal(): string {
    for (const mend of this.#cuts) mend()
    this.#cuts = []
    return ''
  }

  #store([what, node]: readonly string[]): string {
    const {store} = this.#need()
    if (what === 'down' || what === 'up') store.setDown(what === 'down')
    else if (what === 'slow' || what === 'fast') store.setSlow(what === 'slow')
    else if (what === 'wipe') store.wipeAll()
    else if (what === 'wipe-members') store.wipeMembers()
    else if (what === 'evict') store.evict(this.#process(node).id)
    else if (what === 'lose') store.setReachable(this.#host(node).url, false)
    else if (what === 'find') store.setReachable(this.#host(node).url, true)
    else throw new Error(`what of the store? ${what}`)
    return ''
  }
}

/** What is worth a line of a run. */
function describeHappening(effect: MeshEffect): string | undefined {
  if (effect.type === 'standing') return describeStanding(effect.standing)
  if (effect.type === 'log-replaced') return 'lost its place: its clients are told'
  if (effect.type === 'drained') return 'has drained and left'
  if (effect.type === 'receipt' && isTimeout(effect.receipt)) {
    return `has no receipt for ticket ${effect.ticket} yet`
  }
  return undefined
}

function isTimeout(receipt: Receipt): boolean {
  return receipt.type === 'timeout'
}

function targetOf(kind: string, ids: readonly string[]): Target {
  if (kind === 'user' || kind === 'group') return {kind, ids}
  return kind === 'registered' ? {kind} : {kind: 'everyone'}
}

function nameOf(user: string | undefined): string | undefined {
  return user === 'guest' ? undefined : user
}

function shorten(keys: readonly string[]): string {
  if (keys.length <= 12) return keys.map((key) => `"${key}"`).join(' ') || 'nothing'
  return `${keys.length} messages, "${keys[0]}" to "${keys.at(-1)}"`
}
