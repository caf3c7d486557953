/** `wsmesh demo`: nodes in processes of their own, a page, and an end that leaves nothing. */
import {isAbsolute, join, relative} from 'node:path'
import {ensureDataDir, defaultDataDir} from '../auth/data-dir.js'
import {loadSecret} from '../auth/secret.js'
import {signToken} from '../auth/token.js'
import {withResolvers} from '../operator/resolvers.js'
import {findPortOwner} from '../transport/port-owner.js'
import {WsmeshError} from '../util/errors.js'
import {askLibrary, forwardUpgrade} from './front-door.js'
import {isWhole, viewMesh} from './mesh-view.js'
import type {MeshView} from './mesh-view.js'
import {MeshWatch} from './mesh-watch.js'
import type {Look} from './mesh-watch.js'
import {NodeFleet} from './node-fleet.js'
import {NumberFlow, publishThrough} from './number-flow.js'
import {startNodeProcess} from '../process/node-process.js'
import type {Killing} from './page-answers.js'
import {readPageFiles} from './page-files.js'
import {startPageServer} from './page-server.js'
import type {PageServer, PageServerOptions} from './page-server.js'
import {spelledCommand, tryCommands} from './shell-text.js'
import type {TryCommand} from './shell-text.js'
import {renderStartBlock} from './start-block.js'
import type {Colours} from './start-block.js'

/** A node has this long to be part of the mesh; a busy machine needs seconds. */
const READY_MS = 60_000
/** Drain gives up by itself after 10 s. */
const STOP_MS = 20_000
const LOOK_AGAIN_MS = 100
const TOKEN_TTL_MS = 3_600_000

/** Settings of `serve` that are not the demo's: three nodes cannot share an address. */
const NOT_INHERITED = [
  'WSMESH_ACTIONS', 'WSMESH_HOST', 'WSMESH_LOG_LEVEL', 'WSMESH_NODE_URL', 'WSMESH_PORT',
  'WSMESH_PUBLIC_URL', 'WSMESH_SUPERVISE', 'WSMESH_WORKERS', 'WSMESH_MAX_RSS',
]

export interface DemoOptions {
  readonly nodes: number
  readonly port: number
  readonly withPage: boolean
  /** A folder of action modules instead of the demo's own. */
  readonly actionsDir: string | undefined
  readonly dataDir: string | undefined
  readonly secretFile: string | undefined
  /** Where this package is. */
  readonly packageRoot: string
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
}

export interface DemoOutput {
  /** The start block, once. */
  print(text: string): void
  /** What happens later, a line each. */
  notice(line: string): void
  readonly colours: Colours
  /** The same as an object: `--json`. */
  ready(line: object): void
}

/** Called with what to do at the first and at every later wish to stop. */
export type OnStop = (stop: () => void, stopAtOnce: () => void) => void

/** Runs until it is stopped; then everything that it started has ended. */
export async function runDemo(
  options: DemoOptions,
  output: DemoOutput,
  onStop: OnStop,
): Promise<void> {
  const demo = new Demo(options, output)
  const stopped = new Promise<void>((resolve) => {
    onStop(resolve, () => demo.kill())
  })
  try {
    await Promise.race([demo.start(), stopped])
    await stopped
    output.notice('Stopping…')
  } finally {
    await demo.stop()
  }
  output.notice('All nodes have ended.')
}

/** What the page is told. */
interface Description extends MeshView {
  readonly isWhole: boolean
  readonly commands: readonly TryCommand[]
}

class Demo {
  readonly #options: DemoOptions
  readonly #output: DemoOutput
  readonly #fleet: NodeFleet
  readonly #wsmesh: string
  readonly #watch = new MeshWatch({look: () => this.#look()})
  #flow: NumberFlow | undefined
  #page: PageServer | undefined
  /** As it was when the mesh was whole last. */
  #master: string | null = null
  #isStopped = false

  constructor(options: DemoOptions, output: DemoOutput) {
    this.#options = options
    this.#output = output
    const binFile = join(options.packageRoot, 'bin', 'run.js')
    const path = options.env['PATH'] ?? ''
    this.#wsmesh = spelledCommand({binFile, cwd: options.cwd, path})
    const args = nodeArguments(options, binFile)
    const env = {...options.env}
    for (const name of NOT_INHERITED) delete env[name]
    this.#fleet = new NodeFleet({
      count: options.nodes,
      readyMs: READY_MS,
      stopMs: STOP_MS,
      listCommand: this.#commandsFor(undefined)[0]?.command ?? '',
      report: (line) => {
        output.notice(line)
        this.#watch.stir()
      },
      start: (name) => {
        const onLog = (line: string): void => output.notice(`node ${name}: ${line}`)
        return startNodeProcess({command: process.execPath, args, env, onLog})
      },
    })
  }

  async start(): Promise<void> {
    const ready = withResolvers<void>()
    // Without a page nobody waits for it.
    ready.promise.catch(() => {})
    try {
      if (this.#options.withPage) this.#page = await this.#startPage(ready.promise)
      await this.#fleet.start()
      const view = await this.#whole()
      this.#present(view)
      ready.resolve()
    } catch (error) {
      ready.reject(error instanceof Error ? error : new Error(String(error)))
      throw error
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#flow?.close()
    // Tabs stay connected to their nodes until these tell them why they go.
    const closed = this.#page?.close()
    const {master, nodes} = await viewMesh(this.#fleet.nodes())
    await this.#fleet.stop(nodes.find(({id}) => id !== null && id === master)?.name)
    await closed
  }

  kill(): void {
    this.#fleet.kill()
  }

  async #startPage(whenReady: Promise<void>): Promise<PageServer> {
    const {dataDir = defaultDataDir(this.#options.env), env, secretFile, port} = this.#options
    await ensureDataDir(dataDir)
    const secret = await loadSecret({secretFile, env, dataDir})
    const flow = new NumberFlow({
      connect: () => publishThrough(secret, () => this.#nodeUrls()),
      report: (line) => this.#output.notice(line),
    })
    this.#flow = flow
    const server: PageServerOptions = {
      port,
      files: await readPageFiles(),
      whenReady,
      describe: () => this.#describe(),
      signToken: (user, groups) => signToken({user, groups, ttlMs: TOKEN_TTL_MS}, secret),
      kill: (id) => this.#killNode(id),
      library: () => askLibrary(this.#fleet.nodes()),
      forward: (request, socket, head) =>
        forwardUpgrade(request, socket, head, () => this.#fleet.nodes()),
      watch: (onState, withNumbers) => {
        const ends = [this.#watch.add(onState), ...(withNumbers ? [flow.listen()] : [])]
        return () => {
          for (const end of ends) end()
        }
      },
    }
    return startPageServer(server).catch(async (error: unknown) => {
      throw await namingPortOwner(error, port, this.#wsmesh)
    })
  }

  /** All nodes are ready; now they are to see each other. */
  async #whole(): Promise<MeshView> {
    const deadline = performance.now() + READY_MS
    for (;;) {
      const view = await viewMesh(this.#fleet.nodes())
      if (isWhole(view)) return view
      if (this.#isStopped || performance.now() > deadline) {
        const roles = view.nodes.map(({name, role}) => `node ${name} is ${role}`).join(', ')
        throw new WsmeshError('NODE_FAILED', `The nodes do not find each other: ${roles}`)
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
    }
  }

  #present(view: MeshView): void {
    this.#master = view.master
    const pool = this.#fleet.nodes()[0]?.ready?.pool ?? ''
    const pageUrl = this.#page?.url
    const actions = fromHere(actionsOf(this.#options), this.#options.cwd)
    const commands = this.#commands(view)
    this.#output.print(
      renderStartBlock({pageUrl, pool, actions, view, commands}, this.#output.colours),
    )
    this.#output.ready({type: 'ready', pageUrl: pageUrl ?? null, pool, ...view, pid: process.pid})
  }

  async #describe(): Promise<Description> {
    const view = await viewMesh(this.#fleet.nodes())
    const whole = isWhole(view)
    // Whoever kills the master sees what that costs, not how long a publisher looks for a node.
    if (whole && view.master !== this.#master) this.#flow?.move()
    if (whole) this.#master = view.master
    return {...view, isWhole: whole, commands: this.#commands(view)}
  }

  async #look(): Promise<Look> {
    const state = await this.#describe()
    return {text: JSON.stringify(state), isWhole: state.isWhole}
  }

  /** Where the numbers enter the mesh: rather not at the master, which is the one to be killed. */
  #nodeUrls(): readonly string[] {
    const ready = this.#fleet.nodes().flatMap((node) => node.ready ?? [])
    const followers = ready.filter(({node}) => node !== this.#master)
    const masters = ready.filter(({node}) => node === this.#master)
    return [...followers, ...masters].map(({nodeUrl}) => nodeUrl)
  }

  /**
   * Only when each other node holds everything: who kills one after another faster than they come
   * back has no mesh left, and what only the dead ones held is gone.
   */
  async #killNode(id: string): Promise<Killing> {
    const node = this.#fleet.nodes().find(({ready}) => ready?.node === id)
    if (node?.ready === undefined) return {type: 'unknown'}
    const {name, ready: {pid}} = node
    const view = await viewMesh(this.#fleet.nodes())
    const others = new Set(view.nodes.flatMap((other) => other.view)).size - 1
    if (others < 1) return {type: 'refused', why: 'No other node would be left to go on'}
    if (!isWhole(view)) {
      return {type: 'refused', why: 'A node is still coming back: then this one can go'}
    }
    return this.#fleet.killNode(id) ? {type: 'killed', name, pid} : {type: 'unknown'}
  }

  #commands(view: MeshView): readonly TryCommand[] {
    const master = view.nodes.find(({id}) => id !== null && id === view.master)
    return this.#commandsFor(master?.pid ?? undefined)
  }

  #commandsFor(masterPid: number | undefined): readonly TryCommand[] {
    const {dataDir, secretFile} = this.#options
    return tryCommands({wsmesh: this.#wsmesh, dataDir, secretFile, masterPid})
  }
}

/** A port that is taken is most often another demo's: says whose, and what to type. */
async function namingPortOwner(error: unknown, port: number, wsmesh: string): Promise<unknown> {
  if (!(error instanceof WsmeshError) || error.code !== 'ADDRESS_IN_USE') return error
  const owner = await findPortOwner(port)
  const by = owner === undefined ? '' : ` by process ${owner.pid}: ${owner.command.slice(0, 200)}`
  const suggestions = [
    `${wsmesh} demo --port ${port < 65_535 ? port + 1 : 0}`,
    ...(owner === undefined ? [] : [`kill ${owner.pid}   (ends that one)`]),
  ]
  const message = `Port ${port} for the page is in use${by}`
  return new WsmeshError('ADDRESS_IN_USE', message, {cause: error.cause, suggestions})
}

function nodeArguments(options: DemoOptions, binFile: string): readonly string[] {
  const {dataDir, secretFile} = options
  return [
    '--import', new URL('../process/keep-with-parent.js', import.meta.url).href,
    binFile, 'serve', '--host', '127.0.0.1', '--port', '0', '--json', '--log-level', 'info',
    ...(dataDir === undefined ? [] : ['--data-dir', dataDir]),
    ...(secretFile === undefined ? [] : ['--secret-file', secretFile]),
    '--actions', actionsOf(options),
  ]
}

function actionsOf({actionsDir, packageRoot}: DemoOptions): string {
  return actionsDir ?? join(packageRoot, 'examples', 'actions', 'demo.mjs')
}

/** Relative where that is shorter to read: below the folder where the user stands. */
function fromHere(path: string, cwd: string): string {
  const below = relative(cwd, path)
  return below === '' || below.startsWith('..') || isAbsolute(below) ? path : below
}

