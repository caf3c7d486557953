/**
 * The network between simulated hosts, with the manners of TCP: in order, held back by a cut and
 * delivered after it (or reset), ended by FIN or RST when a process dies, and silent for ever when
 * a machine loses power. A handshake takes the same way as everything else, so that a cut, a pause
 * or a death can meet it at any point.
 */
import type {NodeAddress, NodeFrame} from '../protocol/node-frame.js'
import type {MeshEvent} from '../mesh/event.js'
import type {NodeId} from '../util/brand.js'
import type {Endpoint, LinkTable} from './link-table.js'
import type {Scheduler} from './scheduler.js'
import type {SimRandom} from './sim-random.js'

/** A process as the network sees it. */
export interface NetworkProcess {
  readonly id: NodeId
  readonly host: Host
  readonly links: LinkTable
  /** Runs when the process next may: at once, when it is continued, or never once it is dead. */
  whenRunning(run: () => void): void
  handle(event: MeshEvent): void
}

export interface Host {
  readonly url: string
  readonly index: number
  process: NetworkProcess | undefined
  hasPower: boolean
}

export interface NetworkOptions {
  readonly latencyMs: readonly [min: number, max: number]
  readonly spikeChance: number
  readonly spikeMsMax: number
  /** What a healed cut does to a connection that lived through it: reset, rather than go on. */
  readonly resetOnHealChance: number
}

type Item =
  | {readonly type: 'syn' | 'challenge' | 'proof' | 'proved' | 'fin' | 'refused'}
  | {readonly type: 'frame'; readonly frame: NodeFrame}

const SYN: Item = {type: 'syn'}
const CHALLENGE: Item = {type: 'challenge'}
const PROOF: Item = {type: 'proof'}
const PROVED: Item = {type: 'proved'}
const FIN: Item = {type: 'fin'}
const REFUSED: Item = {type: 'refused'}

/** Who knocks and then says nothing is shown out after this. */
const HANDSHAKE_MS = 3000

/** One direction of a connection. */
interface Pipe {
  readonly from: Host
  readonly to: Host
  lastArrivalMs: number
  /** Behind a cut, in order. */
  held: Item[]
  /** Items of an older generation are lost on their way. */
  generation: number
}

interface Connection {
  readonly to: NodeAddress
  readonly dialler: Endpoint
  acceptor: Endpoint | undefined
  readonly forth: Pipe
  readonly back: Pipe
}

export class SimNetwork {
  readonly #scheduler: Scheduler
  readonly #random: SimRandom
  readonly #options: NetworkOptions
  readonly hosts: Host[] = []
  readonly #connections = new Set<Connection>()
  readonly #byEndpoint = new Map<Endpoint, Connection>()
  /** How many faults cut the way from one host to another. */
  readonly #cuts = new Map<number, number>()
  readonly #delays = new Map<number, number>()
  #lossChance = 0
  /** Told of each frame sent; may change it (codec) before it travels. */
  onFrame: (from: NetworkProcess, to: NodeId, frame: NodeFrame) => NodeFrame =
    (_from, _to, frame) => frame

  constructor(scheduler: Scheduler, random: SimRandom, options: NetworkOptions) {
    this.#scheduler = scheduler
    this.#random = random
    this.#options = options
  }

  /** `isLocal`: its nodes listen at a unix socket, for others of their machine. */
  addHost(isLocal = false): Host {
    const index = this.hosts.length
    const url = isLocal ? `ws+unix:/h${index + 1}:/mesh` : `ws://h${index + 1}/mesh`
    const host: Host = {url, index, process: undefined, hasPower: true}
    this.hosts.push(host)
    return host
  }

  /** Both processes have their end of a link open: neither gave the other up. */
  isLinked(a: NodeId, b: NodeId): boolean {
    for (const {dialler, acceptor} of this.#connections) {
      if (dialler.state !== 'open' || acceptor?.state !== 'open') continue
      const [from, to] = [dialler.process.id, acceptor.process.id]
      if ((from === a && to === b) || (from === b && to === a)) return true
    }
    return false
  }

  dial(process: NetworkProcess, link: number, to: NodeAddress, answerMs: number): void {
    const host = this.hosts.find(({url}) => url === to.url)
    const dialler = process.links.add(link, process, 'dialling')
    if (host === undefined) {
      this.#scheduler.after(1, () => process.whenRunning(() => this.#fail(dialler, true)))
      return
    }
    const connection: Connection = {
      to,
      dialler,
      acceptor: undefined,
      forth: {from: process.host, to: host, lastArrivalMs: 0, held: [], generation: 0},
      back: {from: host, to: process.host, lastArrivalMs: 0, held: [], generation: 0},
    }
    this.#connections.add(connection)
    this.#byEndpoint.set(dialler, connection)
    this.#put(connection, connection.forth, SYN)
    this.#scheduler.after(answerMs, () => {
      if (dialler.state === 'dialling') process.whenRunning(() => this.#giveUp(connection))
    })
  }

  /** The core sends on a link; a link whose end has not been noticed yet swallows it. */
  send(process: NetworkProcess, link: number, frame: NodeFrame): void {
    const endpoint = process.links.get(link)
    const connection = endpoint && this.#byEndpoint.get(endpoint)
    if (!connection || endpoint.state !== 'open') return
    const isForth = endpoint === connection.dialler
    const peer = isForth ? connection.to.id : connection.dialler.process.id
    const travelling = this.onFrame(process, peer, frame)
    if (this.#lossChance > 0 && this.#random.chance(this.#lossChance)) return
    this.#put(connection, isForth ? connection.forth : connection.back, {
      type: 'frame',
      frame: travelling,
    })
  }

  /** The core closes a link, or gives up a dial. */
  close(process: NetworkProcess, link: number): void {
    const endpoint = process.links.get(link)
    if (!endpoint) return
    const connection = this.#byEndpoint.get(endpoint)
    this.#end(endpoint)
    if (connection) this.#put(connection, this.#pipeFrom(connection, endpoint), FIN)
  }

  /**
   * `killed`: the kernel says goodbye to all peers. `powerless`: nobody says anything, and peers
   * learn of it when the machine is up again and answers what they send with a reset.
   */
  processDied(process: NetworkProcess, how: 'killed' | 'powerless'): void {
    for (const endpoint of process.links.endpoints()) {
      const connection = this.#byEndpoint.get(endpoint)
      this.#end(endpoint)
      if (!connection) continue
      const pipe = this.#pipeFrom(connection, endpoint)
      // What was on its way arrives, or a reset overtakes it.
      if (this.#random.chance(0.5)) {
        pipe.generation += 1
        pipe.held = []
      }
      if (how === 'killed') this.#put(connection, pipe, FIN)
    }
  }

  /** Counted: two faults may cut the same way. */
  cut(from: Host, to: Host): void {
    const key = wayKey(from, to)
    this.#cuts.set(key, (this.#cuts.get(key) ?? 0) + 1)
  }

  mend(from: Host, to: Host): void {
    const key = wayKey(from, to)
    const count = (this.#cuts.get(key) ?? 0) - 1
    this.#cuts.set(key, Math.max(0, count))
    if (count > 0) return
    for (const connection of this.#connections) {
      const isForth = connection.forth.from === from && connection.forth.to === to
      const isBack = connection.back.from === from && connection.back.to === to
      if (isForth) this.#release(connection, connection.forth)
      if (isBack) this.#release(connection, connection.back)
    }
  }

  /** Both ends of every connection between two hosts learn that it is over. */
  reset(a: Host, b: Host): void {
    for (const connection of this.#connections) {
      const {from, to} = connection.forth
      if ((from === a && to === b) || (from === b && to === a)) this.#reset(connection)
    }
  }

  setLoss(chance: number): void {
    this.#lossChance = chance
  }

  /** Extra milliseconds for all that goes this way. */
  setDelay(from: Host, to: Host, extraMs: number): void {
    this.#delays.set(wayKey(from, to), extraMs)
  }

  /** Drops connections that neither end knows any more. */
  sweep(): void {
    for (const connection of this.#connections) {
      const {dialler, acceptor} = connection
      if (dialler.state !== 'closed' || (acceptor && acceptor.state !== 'closed')) continue
      this.#connections.delete(connection)
      this.#byEndpoint.delete(dialler)
      if (acceptor) this.#byEndpoint.delete(acceptor)
    }
  }

  #put(connection: Connection, pipe: Pipe, item: Item): void {
    if (pipe.held.length > 0) {
      pipe.held.push(item)
      return
    }
    this.#travel(connection, pipe, item, 0)
  }

  #travel(connection: Connection, pipe: Pipe, item: Item, extraMs: number): void {
    const {generation} = pipe
    const atMs = this.#scheduler.nowMs + this.#latencyMs(pipe) + extraMs
    pipe.lastArrivalMs = Math.max(pipe.lastArrivalMs, atMs)
    this.#scheduler.at(pipe.lastArrivalMs, () => {
      if (generation !== pipe.generation) return
      if (this.#isCut(pipe)) pipe.held.push(item)
      else this.#arrive(connection, pipe, item)
    })
  }

  #arrive(connection: Connection, pipe: Pipe, item: Item): void {
    if (pipe === connection.back) {
      const {dialler} = connection
      if (dialler.state !== 'closed') {
        dialler.process.whenRunning(() => this.#arriveAtDialler(connection, item))
      } else if (item.type !== 'fin' && pipe.to.hasPower) {
        this.#put(connection, connection.forth, FIN)
      }
      return
    }
    if (item.type === 'syn') {
      this.#knock(connection)
      return
    }
    const {acceptor} = connection
    if (acceptor && acceptor.state !== 'closed') {
      acceptor.process.whenRunning(() => this.#arriveAtAcceptor(connection, acceptor, item))
    } else if (item.type !== 'fin' && pipe.to.hasPower) {
      // A machine that is up answers what belongs to no connection with a reset.
      this.#put(connection, connection.back, FIN)
    }
  }

  #knock(connection: Connection): void {
    const host = connection.forth.to
    if (!host.hasPower) return
    const {process} = host
    if (!process) {
      this.#put(connection, connection.back, REFUSED)
      return
    }
    const acceptor = process.links.accept(process)
    connection.acceptor = acceptor
    this.#byEndpoint.set(acceptor, connection)
    process.whenRunning(() => {
      if (acceptor.state === 'dialling') this.#put(connection, connection.back, CHALLENGE)
    })
    this.#scheduler.after(HANDSHAKE_MS, () => {
      if (acceptor.state === 'dialling') process.whenRunning(() => this.#end(acceptor))
    })
  }

  #arriveAtDialler(connection: Connection, item: Item): void {
    const {dialler, acceptor, to} = connection
    if (dialler.state === 'closed') return
    switch (item.type) {
      case 'refused': {
        this.#fail(dialler, true)
        return
      }
      case 'challenge': {
        if (acceptor?.process.id === to.id) {
          this.#put(connection, connection.forth, PROOF)
        } else {
          this.#fail(dialler, true)
          this.#put(connection, connection.forth, FIN)
        }
        return
      }
      case 'proved': {
        dialler.state = 'open'
        dialler.process.handle({type: 'link-opened', link: dialler.link, peer: to.id})
        return
      }
      case 'fin': {
        if (dialler.state === 'dialling') this.#fail(dialler, false)
        else this.#noticeEnd(dialler)
        return
      }
      case 'frame': {
        dialler.process.handle({type: 'frame', link: dialler.link, frame: item.frame})
        return
      }
      case 'syn':
      case 'proof': {
        throw new Error('only diallers send these')
      }
    }
  }

  #arriveAtAcceptor(connection: Connection, acceptor: Endpoint, item: Item): void {
    if (acceptor.state === 'closed') return
    const {process, link} = acceptor
    if (item.type === 'proof') {
      acceptor.state = 'open'
      process.handle({type: 'link-accepted', link, peer: connection.dialler.process.id})
      this.#put(connection, connection.back, PROVED)
    } else if (item.type === 'fin') {
      if (acceptor.state === 'open') this.#noticeEnd(acceptor)
      else this.#end(acceptor)
    } else if (item.type === 'frame') {
      process.handle({type: 'frame', link, frame: item.frame})
    }
  }

  #giveUp(connection: Connection): void {
    if (connection.dialler.state !== 'dialling') return
    this.#fail(connection.dialler, false)
    this.#put(connection, connection.forth, FIN)
  }

  #fail(dialler: Endpoint, gone: boolean): void {
    if (dialler.state !== 'dialling') return
    this.#end(dialler)
    dialler.process.handle({type: 'link-failed', link: dialler.link, gone})
  }

  #noticeEnd(endpoint: Endpoint): void {
    this.#end(endpoint)
    endpoint.process.handle({type: 'link-closed', link: endpoint.link})
  }

  #end(endpoint: Endpoint): void {
    endpoint.state = 'closed'
    endpoint.process.links.delete(endpoint.link)
  }

  #release(connection: Connection, pipe: Pipe): void {
    const {held} = pipe
    if (held.length === 0) return
    if (this.#random.chance(this.#options.resetOnHealChance)) {
      this.#reset(connection)
      return
    }
    pipe.held = []
    // TCP tries again after a while that grows with the length of the cut.
    const retryMs = this.#random.between(0, 500)
    for (const item of held) this.#travel(connection, pipe, item, retryMs)
  }

  #reset(connection: Connection): void {
    for (const pipe of [connection.forth, connection.back]) {
      pipe.generation += 1
      pipe.held = []
      this.#travel(connection, pipe, FIN, 0)
    }
  }

  #pipeFrom(connection: Connection, endpoint: Endpoint): Pipe {
    return endpoint === connection.dialler ? connection.forth : connection.back
  }

  #isCut(pipe: Pipe): boolean {
    return (this.#cuts.get(wayKey(pipe.from, pipe.to)) ?? 0) > 0
  }

  #latencyMs(pipe: Pipe): number {
    const {latencyMs, spikeChance, spikeMsMax} = this.#options
    const extraMs = this.#delays.get(wayKey(pipe.from, pipe.to)) ?? 0
    const spikeMs =
      spikeChance > 0 && this.#random.chance(spikeChance) ? this.#random.between(5, spikeMsMax) : 0
    return this.#random.between(latencyMs[0], latencyMs[1]) + spikeMs + extraMs
  }
}

function wayKey(from: Host, to: Host): number {
  return from.index * 1024 + to.index
}
