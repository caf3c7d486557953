/** A site whose tabs hear numbers of a mesh, and networks to its nodes that can be cut. */
import {randomUUID} from 'node:crypto'
import {readFile} from 'node:fs/promises'
import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import {join} from 'node:path'
import type {BrowserContext, Page} from 'playwright-core'
import type {MeshSecret} from '../../src/lib/auth/mesh-secret.js'
import {loadSecret} from '../../src/lib/auth/secret.js'
import {signToken} from '../../src/lib/auth/token.js'
import type {MeshState} from '../../src/lib/client/types.js'
import {connectOperator} from '../../src/lib/operator/operator-client.js'
import type {OperatorConnection} from '../../src/lib/operator/operator-connection.js'
import {eventually} from './eventually.js'
import {Tunnel} from './fake-node.js'
import type {ServeMesh, ServeProcess} from './serve-process.js'

const PAGE = `<!doctype html><title>Tab</title>
  <script>
    window.sockets = 0
    window.WebSocket = class extends WebSocket {
      constructor(...args) { super(...args); window.sockets += 1 }
    }
  </script>
  <script src="/wsmesh.js"></script>
  <script>
    const query = new URLSearchParams(location.search)
    const user = query.get('user')
    window.got = []
    window.recovered = []
    window.mesh = wsmesh.connect(query.getAll('url'), {
      getToken: async () => (await fetch('/token?user=' + user)).text(),
      position: query.get('position'),
      shared: query.has('shared') && user,
    })
    mesh.on('n', (number) => got.push(number))
    mesh.onRecovered((isRecovered) => recovered.push(isRecovered))
  </script>`

/** What the page's script adds to its window, as far as tests look at it. */
interface TabWindow {
  readonly got: number[]
  readonly recovered: boolean[]
  readonly sockets: number
  readonly mesh: {
    readonly state: MeshState
    request(action: string, ...details: unknown[]): Promise<unknown[]>
    close(): void
  }
}

declare const window: TabWindow

export interface TabReport {
  readonly got: readonly number[]
  readonly recovered: readonly boolean[]
  readonly sockets: number
  readonly state: MeshState
}

export class Tab {
  constructor(readonly page: Page) {}

  report(): Promise<TabReport> {
    return this.page.evaluate(() => ({
      got: window.got, recovered: window.recovered, sockets: window.sockets,
      state: window.mesh.state,
    }))
  }

  echo(text: string): Promise<unknown[]> {
    return this.page.evaluate((said) => window.mesh.request('echo', said), text)
  }

  leave(): Promise<void> {
    return this.page.evaluate(() => window.mesh.close())
  }

  is(type: MeshState['type']): Promise<unknown> {
    return this.page.waitForFunction((wanted) => window.mesh.state.type === wanted, type)
  }
}

export class TabSite implements AsyncDisposable {
  readonly #server = createServer()
  /** Another site's numbers are others. */
  readonly #name = randomUUID()
  readonly #tunnels: Tunnel[] = []
  readonly tabs: Tab[] = []
  readonly complaints: string[] = []
  /** The last number that was sent. */
  last = 0
  #operator: OperatorConnection | undefined
  #isSending = false
  #sending: Promise<void> = Promise.resolve()

  private constructor(
    readonly mesh: ServeMesh,
    readonly secret: MeshSecret,
    readonly context: BrowserContext,
  ) {}

  static async open(mesh: ServeMesh, context: BrowserContext): Promise<TabSite> {
    const secret = await loadSecret({env: {}, dataDir: mesh.folder})
    const site = new TabSite(mesh, secret, context)
    const library = await readFile(join(import.meta.dirname, '..', '..', 'dist', 'wsmesh.js'))
    site.#server.on('request', (request, response) => {
      const {pathname, searchParams} = new URL(request.url ?? '', 'http://site')
      const user = searchParams.get('user') ?? ''
      response.setHeader('content-type', pathname === '/' ? 'text/html' : 'text/javascript')
      if (pathname === '/') response.end(PAGE)
      else if (pathname === '/wsmesh.js') response.end(library)
      else if (pathname === '/token') {
        signToken({user, ttlMs: 600_000}, secret).then(
          (token) => response.end(token), () => response.destroy(),
        )
      } else response.writeHead(404).end()
    })
    await new Promise<void>((resolve) => site.#server.listen(0, '127.0.0.1', resolve))
    for (const {ready} of mesh.nodes) site.#tunnels.push(await Tunnel.open(ready.clientUrl))
    await site.use(mesh.nodes[0])
    return site
  }

  async open(user: string, query: Readonly<Record<string, string>> = {}): Promise<Tab> {
    const {port} = this.#server.address() as AddressInfo
    const url = new URL(`http://127.0.0.1:${port}/`)
    url.search = new URLSearchParams({user, ...query}).toString()
    for (const tunnel of this.#tunnels) url.searchParams.append('url', tunnel.url)
    const page = await this.context.newPage()
    page.on('pageerror', (error) => this.complaints.push(String(error)))
    await page.goto(url.href)
    const tab = new Tab(page)
    this.tabs.push(tab)
    return tab
  }

  /** Sends numbers to these users, one after the other has its receipt, until `stop`. */
  send(users: readonly string[]): void {
    this.#isSending = true
    const one = async (): Promise<void> => {
      const [number, target] = [this.last + 1, {user: users}]
      const message = {action: 'n', details: [number], target, messageId: `${this.#name}-${number}`}
      try {
        await this.#operator?.publish(message, 11_000)
        this.last = number
      } catch {
        // Its node is gone, or has not answered: the same once more, through whichever is used now.
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    }
    this.#sending = (async () => {
      while (this.#isSending) await one()
    })()
  }

  async stop(): Promise<void> {
    this.#isSending = false
    await this.#sending
  }

  /** Numbers go through this node from now on. */
  async use(node: ServeProcess | undefined): Promise<void> {
    const before = this.#operator
    const url = node?.ready.nodeUrl ?? ''
    this.#operator = await connectOperator({url, secret: this.secret, timeoutMs: 5000})
    before?.close()
  }

  /** kill -9 of a node, and another one in its place; resolves when that one is linked. */
  async replace(node: ServeProcess, ...args: readonly string[]): Promise<void> {
    const port = Number(new URL(node.ready.clientUrl).port)
    const tunnel = this.#tunnels.find(({to}) => to === port)
    await this.use(this.mesh.nodes.find((other) => other !== node))
    const {last} = this
    await eventually(() => this.last > last + 3, {what: 'numbers before a kill', timeoutMs: 20_000})
    await this.mesh.kill(node)
    const {ready} = await this.mesh.start(...args)
    if (tunnel !== undefined) tunnel.to = Number(new URL(ready.clientUrl).port)
  }

  /** The network of all tabs carries nothing, and they are told so, as browsers tell it. */
  async cut(): Promise<void> {
    for (const tunnel of this.#tunnels) tunnel.isDead = true
    await this.context.setOffline(true)
  }

  async mend(): Promise<void> {
    for (const tunnel of this.#tunnels) tunnel.revive()
    await this.context.setOffline(false)
  }

  /** Each tab that still lives has heard all numbers: 1 to the last, as they were sent. */
  async haveAll(): Promise<readonly TabReport[]> {
    const numbers = Array.from({length: this.last}, (_, index) => index + 1)
    return Promise.all(this.tabs.filter(({page}) => !page.isClosed()).map(async (tab) => {
      const report = await eventually(async () => {
        const now = await tab.report()
        return now.got.at(-1) === this.last && now
      }, {what: `number ${this.last} in ${tab.page.url()}`, timeoutMs: 60_000})
      const wrong = report.got.findIndex((number, index) => number !== numbers[index])
      if (wrong >= 0 || report.got.length !== numbers.length) {
        const around = report.got.slice(Math.max(0, wrong - 2), wrong + 3).join(' ')
        throw new Error(`${tab.page.url()} heard … ${around} … (${report.got.length} numbers)`)
      }
      return report
    }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    this.#operator?.close()
    for (const {page} of this.tabs) await page.close()
    for (const tunnel of this.#tunnels) await tunnel[Symbol.asyncDispose]()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
