/**
 * Clients that come back: three real nodes, numbered messages all the time, and two clients of their
 * own making that resume. Again and again a node is killed with SIGKILL, now that of the clients, now
 * the master, and replaced by a fresh one; after each kill both clients go to another node with the
 * position that they saw last. Fails unless each of them saw the numbers 1 to N, none missing, none
 * twice, and was told each time that it was recovered.
 *
 *   npm run build && node bench/resume.mjs --kills 100 [--pool mysql://…] [--rate 200]
 */
import {parseArgs} from 'node:util'
import {WebSocket} from 'ws'
import {connectOperator} from '../dist/lib/operator/operator-client.js'
import {BenchMesh, USER, spreadOf, until} from './mesh.mjs'

const {values} = parseArgs({
  options: {
    kills: {type: 'string', default: '100'},
    rate: {type: 'string', default: '200'},
    pool: {type: 'string'},
  },
})
const mesh = new BenchMesh('resume', values.pool)

/** Knows of the protocol what docs/PROTOCOL.md says, and nothing of wsmesh's code. */
class Client {
  got = []
  position = undefined
  resumes = 0
  refused = 0
  waits = []
  node = undefined
  #socket = undefined

  /** To another node than the last, or to any that is left. */
  async connect() {
    for (;;) {
      const others = [...mesh.nodes].filter((node) => node !== this.node)
      const node = others[Math.floor(Math.random() * others.length)]
      if (await this.#tryAt(node)) return
    }
  }

  async #tryAt(node) {
    const socket = new WebSocket(node.ready.clientUrl, ['wsmesh.v1'])
    socket.on('error', () => {})
    const isOpen = await new Promise((resolve) => {
      socket.once('open', () => resolve(true))
      socket.once('close', () => resolve(false))
    })
    if (!isOpen) return false
    this.#socket = socket
    this.node = node
    const {position: resume} = this
    const since = performance.now()
    const answered = new Promise((resolve) => {
      socket.once('close', () => resolve(false))
      socket.on('message', (data) => {
        if (this.#socket !== socket) return
        const frame = JSON.parse(data)
        if (frame.action === 'Client/authentication') {
          this.position = frame.details[1].position
          if (resume !== undefined) {
            this.resumes += 1
            this.waits.push(performance.now() - since)
            if (!frame.details[1].recovered) this.refused += 1
          }
          resolve(true)
        } else if (frame.action === 'Client/position') this.position = frame.details[0]
        else if (frame.action === 'n') {
          this.got.push(frame.details[0])
          this.position = frame.position
        }
      })
    })
    socket.send(JSON.stringify({action: 'Client/authentication', details: [{token: mesh.token, resume}]}))
    return answered
  }

  leave() {
    this.#socket?.terminate()
    this.#socket = undefined
  }
}

/** Numbers on their way; each is sent until it has a receipt. */
class Publisher {
  last = 0
  #operator = undefined
  #timer = undefined
  #waiting = new Set()

  async use(node) {
    await this.pause()
    this.#operator?.close()
    const {secret} = mesh
    this.#operator = await connectOperator({url: node.ready.nodeUrl, secret, timeoutMs: 5000})
    this.#timer = setInterval(() => this.#send(), 1000 / Number(values.rate))
  }

  #send() {
    this.last += 1
    const message = {action: 'n', details: [this.last], target: {user: USER}}
    const sent = this.#operator.publish(message, 11_000)
    this.#waiting.add(sent)
    sent.then(() => this.#waiting.delete(sent))
  }

  async pause() {
    clearInterval(this.#timer)
    await Promise.all(this.#waiting)
  }
}

const clients = [new Client(), new Client()]
const publisher = new Publisher()
const kills = Number(values.kills)
try {
  for (let i = 0; i < 3; i++) await mesh.start()
  for (const client of clients) await client.connect()
  for (let kill = 1; kill <= kills; kill++) {
    const master = await mesh.master(3)
    const victim = kill % 2 === 0 ? master : clients[0].node
    await publisher.use([...mesh.nodes].find((node) => node !== victim))
    const before = publisher.last
    await until(() => publisher.last >= before + 20, 'messages before the kill')
    mesh.kill(victim)
    await Promise.all(clients.map((client) => {
      client.leave()
      return client.connect()
    }))
    const after = publisher.last
    await until(() => clients.every(({got}) => got.length > after), 'messages after the kill')
    await mesh.start()
  }
  await publisher.pause()
  await until(() => clients.every(({got}) => got.length >= publisher.last), 'all messages')
  for (const {got, refused} of clients) {
    const wrong = got.findIndex((number, index) => number !== index + 1)
    if (wrong !== -1) throw new Error(`saw ${got[wrong]} after ${got[wrong - 1]}`)
    if (got.length !== publisher.last) throw new Error(`${got.length} of ${publisher.last}`)
    if (refused > 0) throw new Error(`not recovered ${refused} times`)
  }
  console.log(
    `${kills} kills, ${clients[0].resumes + clients[1].resumes} resumes: ` +
    `each client saw 1 to ${publisher.last}, none missing, none twice`,
  )
  console.log(`answer to a resume, ms: ${spreadOf(clients.flatMap((client) => client.waits))}`)
} finally {
  mesh.end()
}
process.exit()
