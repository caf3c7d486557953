/** One drill, from the start of its mesh to its verdict. */
import {WsmeshError} from '../util/errors.js'
import type {Drill, DrillContext} from './drill.js'
import {DrillWorld} from './drill-world.js'
import {PATIENCE_MS, WITHIN} from './limits.js'
import type {DrillNetwork} from './network/drill-network.js'
import type {DrillOptions} from './options.js'
import {spreadOf} from './percentile.js'
import type {Spread} from './percentile.js'
import {EMPTY_TALLY, addTallies} from './tally.js'
import type {TabReport, Tally} from './tally.js'
import {EMPTY_TAB} from './tally.js'
import {whatIsBroken} from './verdict.js'
import type {RoundFacts} from './verdict.js'
import {until} from './wait-for.js'

/** What `--json` prints of a drill. Its fields are an API. */
export interface DrillResult {
  readonly drill: string
  /** `skip`: it could not be done on this machine. */
  readonly verdict: 'pass' | 'fail' | 'skip'
  /** Why it failed, the gravest first, or was skipped; empty when it passed. */
  readonly reasons: readonly string[]
  /** The first troubles, each with the message and the connection. */
  readonly troubles: readonly string[]
  readonly pool: string
  readonly relay: 'master' | 'nats'
  readonly nodes: number
  readonly ratePerS: number
  /** Where nodes live: side by side, behind proxies that can be cut, or in namespaces. */
  readonly network: DrillNetwork['type']
  /** What shifted clocks, where some were. */
  readonly clocks: string | null
  readonly rounds: number
  readonly masterChanges: number
  /** Half of the deliveries before the fault came within so long of their sending. */
  readonly latencyMs: Spread | null
  /** From the fault until every node that was not hit delivered what was sent after it. */
  readonly firstMs: Spread | null
  /** The longest time without a delivery at nodes that were not hit. */
  readonly gapMs: Spread | null
  /** From the end of the fault to a whole mesh. */
  readonly wholeMs: Spread | null
  /** From a client's loss of its node until another let it in, its own pauses not counted. */
  readonly backMs: Spread | null
  /** The longest that this machine let a timer wait: nodes stood still as long. */
  readonly stallMs: number
  readonly tally: Tally
  readonly connections: readonly TabReport[]
}

const CALM_MS = [2000, 700] as const
const LOOK_AGAIN_MS = 20

export async function runDrill(drill: Drill, options: DrillOptions): Promise<DrillResult> {
  options.report(`${drill.name}: ${drill.fault}`)
  const world = await DrillWorld.open(drill, options)
  try {
    const rounds: RoundFacts[] = []
    let connections: readonly TabReport[] = world.audience.tabs.map(({index, user}) => ({
      ...EMPTY_TAB, tab: index, user,
    }))
    const reasons = new Set<string>()
    for (let round = 1; round <= options.repeat; round += 1) {
      const {facts, tabs} = await runRound(drill, world, options)
      rounds.push(facts)
      connections = connections.map((report, index) => {
        const tally = tabs[index] ?? EMPTY_TAB
        return {...addTallies(report, {...tally, tab: 0, user: ''}), user: report.user}
      })
      for (const reason of whatIsBroken(drill, facts, options.isShort)) reasons.add(reason)
      if (options.repeat > 1) options.report(progressOf(round, options.repeat, facts))
    }
    for (const fall of world.terms.falls) reasons.add(fall)
    return resultOf(drill, world, options, {rounds, connections, reasons: [...reasons]})
  } finally {
    await world.close()
  }
}

/** A drill that this machine cannot do. */
export function skipped({name}: Drill, why: string): DrillResult {
  return {
    drill: name, verdict: 'skip', reasons: [why], troubles: [], pool: '', relay: 'master',
    nodes: 0, ratePerS: 0,
    network: 'loopback', clocks: null, rounds: 0, masterChanges: 0, latencyMs: null, firstMs: null,
    gapMs: null, wholeMs: null, backMs: null, stallMs: 0, tally: EMPTY_TALLY, connections: [],
  }
}

function progressOf(round: number, rounds: number, {tally, firstMs, gapMs}: RoundFacts): string {
  const first = firstMs === undefined ? 'nothing came' : `first after ${Math.round(firstMs)} ms`
  return `  ${round}/${rounds}: ${first}, gap ${Math.round(gapMs)} ms, ${tally.lost} lost`
}

interface Round {
  readonly facts: RoundFacts
  readonly tabs: ReturnType<DrillWorld['ledger']['settle']>['tabs']
}

/** Calm, the fault, its healing, calm again; then the books are closed. */
async function runRound(drill: Drill, world: DrillWorld, options: DrillOptions): Promise<Round> {
  const {mesh, ledger, crowd, gaps, terms} = world
  const calmMs = CALM_MS[options.isShort ? 1 : 0]
  const broken: string[] = []
  const excuses: string[] = []
  await crowd.attached()
  ledger.beginCalm()
  gaps.begin()
  world.startLoad()
  await world.sleep(calmMs)
  terms.takeChanges()
  world.takeMeasured()
  await terms.look()
  await drill.run(contextOf(drill, world, options, {broken, excuses}))
  const {calmMs: latencyMs, firstMs, gapMs} = gaps.stop()
  const healedMs = performance.now()
  const patienceMs = options.isShort ? PATIENCE_MS : WITHIN.wholeMs
  const wholeMs = await attempt(broken, async () => {
    await mesh.whole(patienceMs)
    const ms = performance.now() - healedMs
    await crowd.attached(patienceMs)
    ledger.beginCalm()
    return ms
  })
  await world.sleep(calmMs)
  ledger.endCalm()
  world.stopLoad()
  await settled(world, options.isShort ? PATIENCE_MS : WITHIN.settledMs)
  await terms.look()
  const {tally, tabs} = ledger.settle()
  const masterChanges = terms.takeChanges()
  const [excuse] = excuses
  const times = {latencyMs, firstMs, gapMs, wholeMs, ...world.takeMeasured()}
  return {facts: {tally, ...times, masterChanges, excuse, broken}, tabs}
}

function contextOf(
  drill: Drill, world: DrillWorld, {holdMs, isShort, report}: DrillOptions,
  {broken, excuses}: {readonly broken: string[]; readonly excuses: string[]},
): DrillContext {
  const {mesh, ledger, crowd, gaps} = world
  const sleep = (ms: number): Promise<void> => world.sleep(ms)
  return {
    mesh, crowd, sleep, report, isShort,
    store: world.store,
    nats: world.nats,
    holdMs: holdMs ?? drill.holdMs[isShort ? 1 : 0],
    strike: async (victims, fault) => {
      ledger.endCalm()
      if (fault !== undefined) await fault()
      gaps.strike(victims.map(({name}) => name))
    },
    hold: async () => {
      await sleep(holdMs ?? drill.holdMs[isShort ? 1 : 0])
      // Nothing came in all that time: the verdict says so.
      await attempt([], () => until(() => gaps.isFlowing || undefined, {
        what: 'messages at every node', withinMs: PATIENCE_MS, sleep,
      }))
    },
    expect: async (what, isSo) => {
      const withinMs = isShort ? PATIENCE_MS : WITHIN.saidMs
      const look = async (): Promise<true | undefined> => ((await isSo()) ? true : undefined)
      await attempt(broken, () => until(look, {what, withinMs, sleep}))
    },
    excuse: (why) => excuses.push(why),
    broken: (what) => broken.push(what),
  }
}

/** A mesh that does not heal is a verdict, not an accident. */
async function attempt<T>(broken: string[], work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof WsmeshError)) throw error
    broken.push(error.message)
    return undefined
  }
}

/** Waits until every publisher has his answers and every client what is due, or it is too late. */
async function settled(world: DrillWorld, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs
  while (performance.now() < deadline) {
    if (world.ledger.waiting === 0 && world.ledger.due === 0) return
    await world.sleep(LOOK_AGAIN_MS)
  }
}

function resultOf(
  drill: Drill,
  {store, mesh, ledger, clocks, nats}: DrillWorld,
  {ratePerS}: DrillOptions,
  {rounds, connections, reasons}: {
    readonly rounds: readonly RoundFacts[]
    readonly connections: readonly TabReport[]
    readonly reasons: readonly string[]
  },
): DrillResult {
  const spread = (name: 'latencyMs' | 'firstMs' | 'gapMs' | 'wholeMs'): Spread | null =>
    spreadOf(rounds.map((facts) => facts[name]).filter((ms) => ms !== undefined)) ?? null
  return {
    drill: drill.name,
    verdict: reasons.length === 0 ? 'pass' : 'fail',
    reasons,
    troubles: ledger.troubles,
    pool: store.label,
    relay: nats === undefined ? 'master' : 'nats',
    nodes: mesh.places.length,
    ratePerS,
    network: mesh.network.type,
    clocks: clocks?.label ?? null,
    rounds: rounds.length,
    masterChanges: rounds.reduce((sum, {masterChanges}) => sum + masterChanges, 0),
    latencyMs: spread('latencyMs'),
    firstMs: spread('firstMs'),
    gapMs: spread('gapMs'),
    wholeMs: spread('wholeMs'),
    backMs: spreadOf(rounds.flatMap(({backMs}) => backMs)) ?? null,
    stallMs: Math.max(0, ...rounds.map(({stallMs}) => stallMs)),
    tally: rounds.reduce((sum, {tally}) => addTallies(sum, tally), EMPTY_TALLY),
    connections,
  }
}
