/** Everything that one drill has of its own: folder, store, secret, nodes, clients. */
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as delay} from 'node:timers/promises'
import {loadSecret} from '../auth/secret.js'
import {Audience} from './audience.js'
import {Crowd} from './crowd.js'
import {DrillMesh} from './drill-mesh.js'
import type {Drill} from './drill.js'
import type {DrillStore} from './drill-store.js'
import {Ledger} from './ledger.js'
import {Load} from './load.js'
import {openDrillStore} from './open-drill-store.js'
import type {DrillOptions} from './options.js'
import {TermWatch} from './term-watch.js'
import {GapWatch} from './watch.js'

const PUBLISHERS_MAX = 3

export class DrillWorld {
  readonly audience: Audience
  readonly ledger: Ledger
  readonly gaps = new GapWatch(() => performance.now())
  readonly terms: TermWatch
  readonly mesh: DrillMesh
  readonly crowd: Crowd
  readonly store: DrillStore
  readonly #folder: string
  readonly #signal: AbortSignal
  #load: Load | undefined
  readonly #ratePerS: number

  private constructor(
    drill: Drill,
    options: DrillOptions,
    parts: Pick<DrillWorld, 'store'> & {folder: string; secret: ConstructorParameters<
      typeof Crowd>[0]['secret']},
  ) {
    const {store, folder, secret} = parts
    const nodes = drill.nodes ?? options.nodes
    this.#folder = folder
    this.#signal = options.signal
    this.#ratePerS = options.ratePerS
    this.store = store
    this.audience = new Audience(nodes)
    this.ledger = new Ledger(this.audience, () => performance.now())
    this.mesh = new DrillMesh({
      nodes,
      binFile: options.binFile,
      cwd: folder,
      env: {...foreignTo(options.env), WSMESH_DATA_DIR: folder, ...store.env},
      withProxies: drill.needsCuts === true,
      onLog: options.onLog,
      sleep: (ms) => this.sleep(ms),
    })
    this.terms = new TermWatch(this.mesh)
    this.crowd = new Crowd({
      onDeserted: ({name}) => this.gaps.forget(name),
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
    const folder = await mkdtemp(join(tmpdir(), 'wsmesh-drill-'))
    let world: DrillWorld | undefined
    let store: DrillStore | undefined
    try {
      const secret = await loadSecret({env: {}, dataDir: folder})
      store = await openDrillStore(options.pool, folder)
      world = new DrillWorld(drill, options, {store, folder, secret})
      await world.#start(drill)
      return world
    } catch (error) {
      if (world === undefined) {
        await store?.close()
        await rm(folder, {recursive: true, force: true})
      } else {
        await world.close()
      }
      throw error
    }
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
    this.terms.stop()
    this.crowd.close()
    await this.mesh.end()
    try {
      await this.store.close()
    } finally {
      await rm(this.#folder, {recursive: true, force: true})
    }
  }

  async #start({startsTogether}: Drill): Promise<void> {
    // Whoever waits for a node then hears that it ended.
    this.#signal.addEventListener('abort', () => void this.mesh.end(), {once: true})
    if (this.#signal.aborted) return
    const [first, ...others] = this.mesh.places
    if (first !== undefined && startsTogether !== true) await this.mesh.start(first)
    const together = startsTogether === true ? this.mesh.places : others
    await Promise.all(together.map((place) => this.mesh.start(place)))
    await this.mesh.whole()
    await this.crowd.start()
    this.#load = new Load(this.crowd.publishers, this.#ratePerS)
    this.terms.start()
  }
}

/** Settings of the user's own mesh are none of the drill's. */
function foreignTo(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !name.startsWith('WSMESH_'))
  return Object.fromEntries(kept)
}
