/** A mesh for one siege alone, in a folder of its own: what a drill breaks, a siege may too. */
import {rm} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as delay} from 'node:timers/promises'
import type {MeshSecret} from '../../auth/mesh-secret.js'
import {loadSecret} from '../../auth/secret.js'
import {DrillMesh} from '../../drill/drill-mesh.js'
import {drillsNamed} from '../../drill/drills.js'
import {makeDrillFolder, noteChild} from '../../drill/leftovers.js'
import type {DrillNetwork} from '../../drill/network/drill-network.js'
import {openNetwork} from '../../drill/network/open-network.js'
import type {DrillStore} from '../../drill/store/drill-store.js'
import {openDrillStore} from '../../drill/store/open-drill-store.js'
import type {AttackTarget} from '../attack/job.js'
import type {SiegeSettings} from '../settings.js'

export interface OwnMeshOptions {
  readonly settings: Pick<SiegeSettings, 'ownNodes' | 'faults'>
  readonly packageRoot: string
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
  readonly onLog: (line: string) => void
  readonly nodeEnv?: Readonly<Record<string, string>>
}

export class OwnMesh {
  readonly folder: string
  readonly secret: MeshSecret
  readonly mesh: DrillMesh
  readonly store: DrillStore

  private constructor(parts: Pick<OwnMesh, 'folder' | 'secret' | 'mesh' | 'store'>) {
    this.folder = parts.folder
    this.secret = parts.secret
    this.mesh = parts.mesh
    this.store = parts.store
  }

  /** Nodes that are linked. Whoever opens it closes it. */
  static async open(options: OwnMeshOptions): Promise<OwnMesh> {
    const folder = await makeDrillFolder()
    const opened: {network?: DrillNetwork; store?: DrillStore; own?: OwnMesh} = {}
    try {
      const drills = options.settings.faults.flatMap(({name}) => drillsNamed(name))
      const network = opened.network = await openNetwork({
        needsCuts: drills.some(({needsCuts}) => needsCuts === true),
        choice: 'auto',
        places: Array.from({length: options.settings.ownNodes}, (_, index) => String(index + 1)),
        report: options.onLog,
      })
      const secret = await loadSecret({env: {}, dataDir: folder})
      const store = opened.store = await openDrillStore({
        url: undefined, ownMariadb: false, folder, proxyHost: undefined,
      })
      const hasInnerFaults = drills.some((drill) => drill.hasInnerFaults === true)
      const mesh = meshOf(options, {folder, secret, network, store, hasInnerFaults})
      const own = opened.own = new OwnMesh({folder, secret, mesh, store})
      const giveUp = (): void => void mesh.end()
      options.signal.addEventListener('abort', giveUp, {once: true})
      await own.#start()
      // From now on whoever lays siege decides when it ends.
      options.signal.removeEventListener('abort', giveUp)
      return own
    } catch (error) {
      if (opened.own !== undefined) {
        await opened.own.close()
      } else {
        await opened.store?.close()
        await opened.network?.close()
        await rm(folder, {recursive: true, force: true})
      }
      throw error
    }
  }

  /** Names and addresses of the places: a process that takes over a place has another address. */
  get targets(): readonly AttackTarget[] {
    return this.mesh.places.map(({name, ready}) => ({
      name: `node-${name}`,
      clientUrl: ready?.clientUrl ?? '',
      operatorUrl: `${ready?.httpUrl.replace('http', 'ws') ?? ''}/mesh`,
      httpUrl: ready?.httpUrl,
    }))
  }

  async close(): Promise<void> {
    await this.mesh.end()
    try {
      await this.store.close()
    } finally {
      await this.mesh.network.close()
      await rm(this.folder, {recursive: true, force: true})
    }
  }

  async #start(): Promise<void> {
    const [first, ...others] = this.mesh.places
    if (first !== undefined) await this.mesh.start(first)
    await Promise.all(others.map((place) => this.mesh.start(place)))
    await this.mesh.whole()
  }
}

interface MeshParts extends Pick<OwnMesh, 'folder' | 'secret' | 'store'> {
  readonly network: DrillNetwork
  readonly hasInnerFaults: boolean
}

function meshOf(options: OwnMeshOptions, parts: MeshParts): DrillMesh {
  const {settings, env, packageRoot, onLog, nodeEnv = {}} = options
  const {folder, secret, network, store, hasInnerFaults} = parts
  return new DrillMesh({
    nodes: settings.ownNodes,
    binFile: join(packageRoot, 'bin', 'run.js'),
    cwd: folder,
    env: {...foreignTo(env), WSMESH_DATA_DIR: folder, ...store.env, ...nodeEnv},
    secret,
    network,
    clocks: undefined,
    hasInnerFaults,
    onLog,
    onStarted: ({pid}) => noteChild(folder, pid),
    sleep: delay,
  })
}

/** Settings of the user's own mesh are none of this one's. */
function foreignTo(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !name.startsWith('WSMESH_'))
  return Object.fromEntries(kept)
}
