/** Everything that one drill has of its own: folder, store, secret, nodes, clients. */
import {rm} from 'node:fs/promises'
import {monitorEventLoopDelay} from 'node:perf_hooks'
import {setTimeout as delay} from 'node:timers/promises'
import type {MeshSecret} from '../auth/mesh-secret.js'
import {loadSecret} from '../auth/secret.js'
import {Audience} from './audience.js'
import {Crowd} from './crowd.js'
import {DrillMesh} from './drill-mesh.js'
import type {Drill} from './drill.js'
import {DrillNats} from './drill-nats.js'
import {makeDrillFolder, noteChild} from './leftovers.js'
import {Ledger} from './ledger.js'
import {Load} from './load.js'
import type {DrillNetwork} from './network/drill-network.js'
import {openNetwork} from './network/open-network.js'
import {openNodeClocks} from './node-clocks.js'
import type {NodeClocks} from './node-clocks.js'
import type {DrillOptions} from './options.js'
import type {DrillStore} from './store/drill-store.js'
import {openDrillStore} from './store/open-drill-store.js'
import {TermWatch} from './term-watch.js'
import {GapWatch} from './watch.js'

const PUBLISHERS_MAX = 3
const NS_PER_MS = 1e6

interface WorldParts {
  readonly folder: string
  readonly secret: MeshSecret
  readonly network: DrillNetwork
  readonly clocks: NodeClocks | undefined
  readonly store: DrillStore
  readonly nats: DrillNats | undefined
}

export class DrillWorld {
  readonly audience: Audience
  readonly ledger: Ledger
  readonly gaps = new GapWatch(() => performance.now())
  readonly terms: TermWatch
  readonly mesh: DrillMesh
  readonly crowd: Crowd
  readonly store: DrillStore
  readonly clocks: NodeClocks | undefined
  readonly nats: DrillNats | undefined
  readonly #folder: string
  readonly #signal: AbortSignal
  readonly #ratePerS: number
  readonly #lag = monitorEventLoopDelay({resolution: 10})
  /** Whoever waits for a node then hears that it ended. */
  readonly #onAbort = (): void => void this.mesh.end()
  #backMs: number[] = []
  #load: Load | undefined

  private constructor(drill: Drill, options: DrillOptions, parts: WorldParts) {
    const {store, folder, secret, network, clocks, nats} = parts
    const nodes = drill.nodes ?? options.nodes
    this.#folder = folder
    this.#signal = options.signal
    this.#ratePerS = options.ratePerS
    this.store = store
    this.clocks = clocks
    this.nats = nats
    this.audience = new Audience(nodes)
    this.ledger = new Ledger(this.audience, () => performance.now())
    this.mesh = new DrillMesh({
      nodes,
      binFile: options.binFile,
      cwd: folder,
      env: {...foreignTo(options.env), WSMESH_DATA_DIR: folder, ...store.env},
      secret,
      network,
      clocks,
      nats,
      hasInnerFaults: drill.hasInnerFaults === true,
      onLog: options.onLog,
      onStarted: ({pid}) => noteChild(folder, pid),
      sleep: (ms) => this.sleep(ms),
    })
    this.terms = new TermWatch(this.mesh)
    this.crowd = new Crowd({
      onDeserted: ({name}) => this.gaps.forget(name),
      onBack: (ms) => this.#backMs.push(ms),
      mesh: this.mesh,
      audience: this.audience,
      ledger: this.ledger,
      secret,
      publishers: Math.min(nodes, PUBLISHERS_MAX),
      sleep: (ms) => this.sleep(ms),
    })
    this.ledger.onDelivered(({sentMs}, tab) => {
      const place = this.crowd.placeOf(tab)
      if (place !== undefined) this.gaps.delivered(place.name, sentMs)
    })
  }

  /** A mesh that runs, with clients at every node. Whoever opens it closes it. */
  static async open(drill: Drill, options: DrillOptions): Promise<DrillWorld> {
    const folder = await makeDrillFolder()
    const opened: Opened = {}
    try {
      const nodes = drill.nodes ?? options.nodes
      const places = Array.from({length: nodes}, (_, index) => String(index + 1))
      const network = opened.network = await openNetwork({
        needsCuts: drill.needsCuts === true,
        choice: options.network,
        places,
        report: options.report,
      })
      const secret = await loadSecret({env: {}, dataDir: folder})
      const clocks = drill.shiftsClocks === true ? openNodeClocks(folder) : undefined
      const ownMariadb = drill.store === 'own-mariadb'
      // Without need it would only cost time: it lives in this busy process.
      const isBetween = drill.breaksStore === true || network.type === 'namespaces'
      const proxyHost = isBetween ? network.ownHost : undefined
      const store = await openDrillStore({url: options.pool, ownMariadb, folder, proxyHost})
      opened.store = store
      const isOnNats = relayOf(drill, options) === 'nats'
      const noted = (pid: number | undefined): Promise<void> => noteChild(folder, pid)
      const cut = drill.cutsNats === true ? places : []
      const nats = isOnNats ? await DrillNats.open(folder, noted, cut) : undefined
      if (nats !== undefined) opened.nats = nats
      const parts = {store, folder, secret, network, clocks, nats}
      const world = new DrillWorld(drill, options, parts)
      opened.world = world
      await world.#start(drill)
      return world
    } catch (error) {
      if (opened.world !== undefined) {
        await opened.world.close()
      } else {
        await opened.nats?.close()
        await opened.store?.close()
        await opened.network?.close()
        await rm(folder, {recursive: true, force: true})
      }
      throw error
    }
  }

  /** What was measured of clients and of this machine since the last call. */
  takeMeasured(): {readonly backMs: readonly number[]; readonly stallMs: number} {
    const backMs = this.#backMs
    const stallMs = this.#lag.max / NS_PER_MS
    this.#backMs = []
    this.#lag.reset()
    return {backMs, stallMs}
  }

  /** Rejects when the drill is to end. */
  sleep(ms: number): Promise<void> {
    return delay(ms, undefined, {signal: this.#signal})
  }

  startLoad(): void {
    this.#load?.start()
  }

  stopLoad(): void {
    this.#load?.stop()
  }

  async close(): Promise<void> {
    this.stopLoad()
    this.#signal.removeEventListener('abort', this.#onAbort)
    this.#lag.disable()
    this.terms.stop()
    this.crowd.close()
    await this.mesh.end()
    await this.nats?.close()
    try {
      await this.store.close()
    } finally {
      await this.mesh.network.close()
      await rm(this.#folder, {recursive: true, force: true})
    }
  }

  async #start({startsTogether}: Drill): Promise<void> {
    this.#signal.addEventListener('abort', this.#onAbort)
    if (this.#signal.aborted) return
    const [first, ...others] = this.mesh.places
    if (first !== undefined && startsTogether !== true) await this.mesh.start(first)
    const together = startsTogether === true ? this.mesh.places : others
    await Promise.all(together.map((place) => this.mesh.start(place)))
    await this.mesh.whole()
    await this.crowd.start()
    this.#load = new Load(this.crowd.publishers, this.#ratePerS)
    this.terms.start()
    this.#lag.enable()
  }
}

interface Opened {
  network?: DrillNetwork
  store?: DrillStore
  nats?: DrillNats
  world?: DrillWorld
}

/** Which relay the drill is done with. */
export function relayOf(drill: Drill, {relay}: Pick<DrillOptions, 'relay'>): 'nats' | 'master' {
  if (relay !== 'auto') return relay
  return drill.relay ?? 'master'
}

/** Settings of the user's own mesh are none of the drill's. */
function foreignTo(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !name.startsWith('WSMESH_'))
  return Object.fromEntries(kept)
}
