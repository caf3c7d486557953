/**
 * `wsmesh serve --supervise`: what its clients see of faults. Two workers (or one), a stream of
 * messages to everybody, and each fault done to one of them: how long its own clients were away, and
 * what the other's clients noticed. What workers cost is measured by workers.mjs.
 *
 *   npm run build && node bench/supervise.mjs [--workers 1|2] [--victim master|follower]
 *     [--repeat 5] [--probe 10s] [--on-hang report] [--faults 'kill -9,endless loop']
 *
 * --repeat: each fault so often, then medians and the worst. --probe: the supervisor's interval.
 */
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {parseArgs} from 'node:util'
import {WebSocket} from 'ws'

const {values} = parseArgs({
  options: {
    workers: {type: 'string', default: '2'},
    repeat: {type: 'string', default: '1'},
    probe: {type: 'string', default: '1s'},
    faults: {type: 'string'},
    victim: {type: 'string', default: 'master'},
    'on-hang': {type: 'string', default: 'report'},
  },
})
const BIN = new URL('../bin/run.js', import.meta.url).pathname
const ACTIONS = `export default (mesh) => {
  mesh.on('say', ({details, send}) => send('said', details, {everyone: true}))
  mesh.on('spin', function spin() { while (true) Math.sqrt(2) })
  mesh.on('hog', () => {
    globalThis.hog = []
    setInterval(() => globalThis.hog.push(Buffer.alloc(20 * 1024 * 1024, 1)), 100)
  })
}`

/** Nothing outlives the bench, however it ends. */
const running = new Set()
process.on('exit', () => running.forEach((child) => child.kill('SIGTERM')))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))

class Server {
  log = ''
  nodes = []

  constructor(flags, actions = ACTIONS) {
    this.folder = mkdtempSync(join(tmpdir(), 'wsmesh-bench-'))
    const file = join(this.folder, 'actions.mjs')
    writeFileSync(file, actions)
    this.env = {...process.env, WSMESH_DATA_DIR: this.folder}
    this.child = this.run('serve', '--port', '0', '--json', '--actions', file, ...flags,
      '--guests', 'allow', '--max-actions-per-second', '0', '--max-user-actions-per-second', '0')
    this.child.stderr.on('data', (text) => (this.log += text))
    let out = ''
    this.child.stdout.on('data', (text) => {
      out += text
      this.nodes = out.split('\n').slice(0, -1).map((line) => JSON.parse(line))
    })
  }

  run(...args) {
    const child = spawn(process.execPath, [BIN, ...args], {env: this.env})
    running.add(child)
    child.once('exit', () => running.delete(child))
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8')
    return child
  }

  async ready(count) {
    while (this.nodes.filter(({type}) => type === 'ready').length < count) await sleep(20)
  }

  /** The first line of its log that says so. */
  said(text) {
    const line = this.log.split('\n').find((each) => each.includes(text))
    return line?.startsWith('{') ? JSON.parse(line).text : line
  }

  async end() {
    this.child.kill('SIGTERM')
    await once(this.child, 'close')
    rmSync(this.folder, {recursive: true})
  }
}

/** A client that comes back at once, and says what it saw. */
class Client {
  closes = []
  backs = []
  heardMs = performance.now()
  gapMs = 0
  heard = 0

  constructor(url) {
    this.url = url
    this.isOver = false
    this.opened = this.#open()
  }

  async #open() {
    for (;;) {
      const ws = new WebSocket(this.url, 'wsmesh.v1')
      ws.on('error', () => {})
      const closed = new Promise((resolve) => ws.once('close', () => resolve(undefined)))
      ws.on('open', () => ws.send('{"action":"Client/authentication","details":[{}]}'))
      const answer = await Promise.race([once(ws, 'message'), closed]).catch(() => undefined)
      if (answer === undefined) {
        await sleep(20)
        continue
      }
      const [status, about] = JSON.parse(answer[0]).details
      if (status !== 'ok') throw new Error(String(answer[0]))
      this.node = about.node
      this.ws = ws
      ws.on('message', () => this.#heard())
      ws.once('close', () => {
        this.closes.push(performance.now())
        if (!this.isOver) this.opened = this.#open().then(() => this.backs.push(performance.now()))
      })
      return
    }
  }

  #heard() {
    const nowMs = performance.now()
    this.heard += 1
    this.gapMs = Math.max(this.gapMs, nowMs - this.heardMs)
    this.heardMs = nowMs
  }

  close() {
    this.isOver = true
    this.ws.terminate()
  }
}

const FAULTS = {
  'kill -9': {line: 'was killed by SIGKILL', do: ({pid}) => process.kill(pid, 'SIGKILL')},
  'kill -STOP': {line: 'hung', do: ({pid}) => process.kill(pid, 'SIGSTOP')},
  'endless loop': {line: 'hung', act: 'spin'},
  'memory hog': {line: '--max-rss', act: 'hog'},
}

function most(all) {
  return Math.round(Math.max(...all))
}

const WORKERS = Number(values.workers)

/** Clients until each node has some, in the order of the server's nodes: the first one leads. */
async function clientsOf(server) {
  const url = server.nodes[0].clientUrl
  const clients = []
  const at = ({node}) => clients.filter((client) => client.node === node)
  while (clients.length < 400 && server.nodes.some((node) => at(node).length < 10)) {
    const client = new Client(url)
    await client.opened
    clients.push(client)
  }
  return [clients, ...server.nodes.map(at)]
}

/** Does it once to the first node, which leads, or to the second; times in ms since then. */
async function faultOnce({line, do: act, act: action}) {
  const server = new Server(['--supervise', '--workers', values.workers,
    '--probe-interval', values.probe, '--max-rss', '300M', '--on-hang', values['on-hang']])
  await server.ready(WORKERS)
  const [clients, ...byNode] = await clientsOf(server)
  const victim = values.victim === 'follower' ? 1 : 0
  const [own, others = []] = [byNode[victim], byNode[1 - victim]]
  const [speaker] = others
  const timer = setInterval(() => speaker?.ws.send('{"action":"say","details":["x"]}'), 20)
  await sleep(1000)
  for (const client of clients) client.gapMs = 0
  const startMs = performance.now()
  if (act) act(server.nodes[victim])
  else own[0].ws.send(JSON.stringify({action, details: []}))
  while (own.some(({backs}) => backs.length === 0)) await sleep(10)
  await sleep(2000)
  clearInterval(timer)
  const deaf = others.filter(({heard}) => heard < 50).length
  if (deaf > 0) throw new Error(`${deaf} clients of the other node heard too little`)
  const found = {
    closedMs: most(own.map(({closes}) => closes[0] - startMs)),
    backMs: most(own.map(({closes, backs}) => backs[0] - closes[0])),
    closedOfOther: others.filter(({closes}) => closes.length > 0).length,
    gapMs: others.length === 0 ? undefined : most(others.map(({gapMs}) => gapMs)),
    said: server.said(line),
  }
  for (const client of clients) client.close()
  await server.end()
  return found
}

function spread(all) {
  const sorted = all.toSorted((a, b) => a - b)
  return `${sorted[Math.floor(sorted.length / 2)]} ms (at most ${sorted.at(-1)})`
}

async function fault(name, what) {
  const runs = []
  while (runs.length < Number(values.repeat)) runs.push(await faultOnce(what))
  const of = (key) => spread(runs.map((run) => run[key]))
  const closed = runs.reduce((sum, {closedOfOther}) => sum + closedOfOther, 0)
  const other = WORKERS === 1 ? ''
    : `; of the other node: ${closed} closed, longest gap ${of('gapMs')}`
  console.log(`${name}, ${runs.length} times: own clients closed after ${of('closedMs')}, `
    + `back ${of('backMs')} later${other}\n  ${runs[0].said}`)
}

async function exceptionAtStart() {
  const startMs = performance.now()
  const server = new Server(['--supervise'], "throw new Error('no settings')")
  const [status] = await once(server.child, 'close')
  const starts = server.log.split('started again').length
  console.log(`exception at start: status ${status} after ${starts} starts and `
    + `${Math.round(performance.now() - startMs)} ms\n  ${server.said('started again')}\n  `
    + `${server.nodes.at(-1)?.error?.message}`)
  rmSync(server.folder, {recursive: true})
}

for (const [name, what] of Object.entries(FAULTS)) {
  if (values.faults === undefined || values.faults.split(',').includes(name)) await fault(name, what)
}
if (values.faults === undefined) await exceptionAtStart()
