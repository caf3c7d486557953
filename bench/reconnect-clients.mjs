/** A process with many clients of the library: does what bench/reconnect.mjs says. */
import {WebSocket} from 'ws'
import {connect} from '../dist/lib/client/connect.js'

const clients = []
/** Counted as they come: to look at thousands again and again would take the time that is measured. */
let backCount = 0

class Client {
  mesh
  isBack = false
  waitMs = 0
  recovered = true
  #lostMs = 0

  constructor(urls, token) {
    this.mesh = connect(urls, {token, WebSocket})
    this.mesh.onState(({type}) => {
      if (type === 'waiting' && this.#lostMs === 0) this.#lostMs = performance.now()
      const isAway = type !== 'open' || this.#lostMs === 0
      if (this.isBack === isAway) backCount += isAway ? -1 : 1
      this.isBack = !isAway
      if (isAway) return
      this.waitMs = performance.now() - this.#lostMs
    })
    this.mesh.onRecovered((recovered) => (this.recovered &&= recovered))
  }

  /** What came before the storm is not its business. */
  begin() {
    backCount = 0
    this.isBack = false
    this.#lostMs = 0
  }
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const isOpen = ({mesh}) => mesh.state.type === 'open'

/** All begin at the first node of the list, which is the one that will die. */
async function open({count, urls, token, perSecond}) {
  const {random} = Math
  for (let i = 0; i < count; i++) {
    // The first of our list is the first in each client's own order; the others are by chance.
    Math.random = () => {
      Math.random = random
      return 0
    }
    clients.push(new Client(urls, token))
    Math.random = random
    if (i % 10 === 9) await sleep(10_000 / perSecond)
  }
  while (!clients.every(isOpen)) await sleep(50)
  return clients.length
}

async function memory() {
  // What ends by itself may end.
  await sleep(1000)
  for (let i = 0; i < 3; i++) globalThis.gc()
  const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  return {heap: process.memoryUsage().heapUsed, timers}
}

const answers = {
  open,
  memory,
  begin: () => clients.forEach((client) => client.begin()),
  back: () => backCount,
  report: () => ({
    waitsMs: clients.map(({waitMs}) => waitMs),
    notRecovered: clients.filter(({recovered}) => !recovered).length,
  }),
  async close() {
    for (const {mesh} of clients) mesh.close()
    // `ws` has one for each socket, until the node has said good-bye too.
    let left = Number.POSITIVE_INFINITY
    for (let tries = 0; left > 0 && tries < 20; tries += 1) left = (await memory()).timers
    return left
  },
}

async function answer(question) {
  process.send({answer: (await answers[question.type](question)) ?? null})
}

process.on('message', (question) => void answer(question))
