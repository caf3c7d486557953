/**
 * The clients of a mesh: each reads at its pace, loses its connection now and then, with its node
 * or by itself, and comes back to any node with the last position that it read.
 */
import {AHEAD_WAIT_MS} from '../mesh/coming-back.js'
import type {Identity} from '../protocol/target.js'
import {QUICK, type ClientLine, type Pace} from './client-line.js'
import {ClientJudge} from './client-judge.js'
import {identityOf, SimClient} from './sim-client.js'
import type {ClientWatcher, CloseReason} from './sim-clients.js'
import type {SimMesh} from './sim-mesh.js'
import {SimRandom} from './sim-random.js'
import type {SimProcess} from './sim-process.js'
import {check} from './violation.js'

/** As in src/lib/node: quiet clients are looked after this often. */
const SWEEP_MS = 1000
/** From the end of a connection to the first try, by most. */
const JITTER_MS = [20, 1500] as const
/** Some close their laptop. */
const AWAY_CHANCE = 0.15
const AWAY_MEAN_MS = 8000
const STAY_MEAN_MS = 7000
/** A node that has not answered by then will not. */
const GIVE_UP_MS = AHEAD_WAIT_MS + 2000
/** A node that is cut off from a client notices by its pings, or never. */
const UNNOTICED_MS_MAX = 30_000

export class Crowd implements ClientWatcher {
  readonly judge: ClientJudge
  readonly clients: SimClient[] = []
  readonly #mesh: SimMesh
  readonly #random: SimRandom
  /** Rises with each try and each end: what a former try comes to is for nobody. */
  readonly #tries = new Map<SimClient, number>()
  /** Those that are told where to go. */
  readonly #guided = new Set<SimClient>()
  #isRestless = true

  constructor(mesh: SimMesh, count: number) {
    this.#mesh = mesh
    this.#random = new SimRandom(mesh.seed, 'crowd')
    const {invariants, config, isLossAllowed} = mesh
    this.judge = new ClientJudge(
      invariants.ledger, config, isLossAllowed, (process) => invariants.record(process),
      () => mesh.keptFromMs,
    )
    for (let index = 0; index < count; index += 1) {
      const client = this.#make(`c${index + 1}`)
      mesh.scheduler.after(this.#random.between(500, 3000), () => this.#try(client))
    }
    if (count > 0) this.#sweep()
  }

  /** A client that goes where it is told, and stays away when it has lost its connection. */
  add(name: string, identity: Identity): SimClient {
    const client = new SimClient(name, identity, QUICK, this.judge)
    this.#guided.add(client)
    return client
  }

  /** Brings one of those to a node. It may be taken later, or never: its `line` tells. */
  bring(client: SimClient, process: SimProcess): void {
    const mine = this.#nextTry(client)
    client.lose(this.#mesh.nowMs)
    if (!process.clients.isOpen) return
    process.clients.knock(client, this.judge, (line) => this.#taken(client, mine, process, line))
  }

  /** From now on clients stay where they are, and those that are away come. */
  settle(): void {
    this.#isRestless = false
    for (const client of this.clients) if (!client.line) this.#comeBack(client, 200)
  }

  /** Every client leaves its node for another. */
  moveAll(): void {
    for (const client of this.clients) {
      const {line} = client
      const process = this.#mesh.living.find(({id}) => id === client.lastNode)
      if (line && process) this.#leave(client, line, process)
    }
  }

  /** In calm, after moveAll: nobody has lost anything. */
  checkReturned(): void {
    const {invariants, masters, nowMs, isHistoryWhole} = this.#mesh
    const {ledger} = invariants
    const epoch = masters[0]?.core.stats().epoch ?? ''
    for (const client of this.clients) {
      client.line?.settle(nowMs)
      const {name, position, line} = client
      check(line !== undefined && position !== undefined, 'clientsReturn', () => {
        return `${name} has no connection`
      })
      // A slow one may have long to read.
      if (line?.isRead === false) continue
      check(client.wasRecovered === true || !isHistoryWhole, 'clientsReturn', () => {
        return `${name} came back and was not recovered`
      })
      check(position?.epoch === epoch && position.seq === ledger.lastSeq(epoch), 'clientsReturn',
        () => `${name} stands at ${position?.seq}, the mesh at ${ledger.lastSeq(epoch)}`)
    }
  }

  /** The lowest seq that a client has yet to read; 0 if that is of another epoch. */
  unreadFrom(epoch: string): number {
    let lowest = Infinity
    for (const {line} of this.clients) {
      line?.settle(this.#mesh.nowMs)
      const {unread} = line ?? {}
      if (unread) lowest = Math.min(lowest, unread.epoch === epoch ? unread.seq : 0)
    }
    return lowest
  }

  closed(line: ClientLine, reason: CloseReason): void {
    const {name, pace} = line.client
    this.#mesh.note(name, `is closed: ${reason}`)
    // What was queued before may still be read.
    const lateMs = this.#random.chance(0.5) ? pace.latencyMs : 0
    this.#mesh.scheduler.after(lateMs, () => this.#lost(line))
  }

  died(line: ClientLine, how: 'killed' | 'powerless'): void {
    line.cut(this.#mesh.nowMs)
    const noticedMs = how === 'killed' ? 0 : this.#random.between(0, 5000)
    this.#mesh.scheduler.after(noticedMs, () => this.#lost(line))
  }

  #lost(line: ClientLine): void {
    const {client} = line
    if (client.line !== line) return
    client.lose(this.#mesh.nowMs)
    this.#comeBack(client, this.#delayMs())
  }

  #make(name: string): SimClient {
    const random = this.#random
    const user = random.chance(0.2) ? undefined : `u${random.integer(1, 4)}`
    const groups = user !== undefined && random.chance(0.3) ? ['staff'] : []
    const identity = identityOf(user, groups, user && `s${random.integer(1, 4)}`)
    const client = new SimClient(name, identity, drawPace(random), this.judge)
    this.clients.push(client)
    return client
  }

  #delayMs(): number {
    const random = this.#random
    return this.#isRestless && random.chance(AWAY_CHANCE)
      ? random.exponential(AWAY_MEAN_MS)
      : random.between(...JITTER_MS)
  }

  #comeBack(client: SimClient, delayMs: number): void {
    if (this.#guided.has(client)) return
    const mine = this.#nextTry(client)
    this.#mesh.scheduler.after(delayMs, () => {
      if (this.#tries.get(client) === mine) this.#try(client)
    })
  }

  #nextTry(client: SimClient): number {
    const next = (this.#tries.get(client) ?? 0) + 1
    this.#tries.set(client, next)
    return next
  }

  /** One node after the other, by chance, until one takes it. */
  #try(client: SimClient): void {
    const {scheduler, living} = this.#mesh
    const mine = this.#nextTry(client)
    const others = living.filter(({id}) => id !== client.lastNode)
    const process = this.#random.pick(others.length > 0 ? others : living)
    scheduler.after(client.pace.latencyMs * 2, () => {
      if (process?.state !== 'running' || !process.clients.isOpen) {
        this.#comeBack(client, this.#random.between(100, 1000))
        return
      }
      process.clients.knock(client, this.judge, (line) => this.#taken(client, mine, process, line))
    })
    scheduler.after(GIVE_UP_MS, () => {
      if (this.#tries.get(client) === mine && !client.line) this.#try(client)
    })
  }

  #taken(client: SimClient, mine: number, process: SimProcess, line: ClientLine | undefined): void {
    if (this.#tries.get(client) !== mine) {
      if (line) process.clients.forget(line)
      return
    }
    if (!line) {
      this.#comeBack(client, this.#random.between(100, 1000))
      return
    }
    client.line = line
    client.lastNode = process.id
    if (!this.#isRestless || this.#guided.has(client)) return
    this.#mesh.scheduler.after(this.#random.exponential(STAY_MEAN_MS), () => {
      if (client.line === line && this.#isRestless) this.#leave(client, line, process)
    })
  }

  /** The client goes, or its network does: then its node may not notice for long. */
  #leave(client: SimClient, line: ClientLine, process: SimProcess): void {
    const isNoticed = this.#random.chance(0.6)
    client.lose(this.#mesh.nowMs)
    const noticedMs = isNoticed ? client.pace.latencyMs : this.#random.between(0, UNNOTICED_MS_MAX)
    this.#mesh.scheduler.after(noticedMs, () => process.clients.forget(line))
    this.#comeBack(client, this.#delayMs())
  }

  #sweep(): void {
    const {running, config, nowMs, scheduler} = this.#mesh
    for (const process of running) {
      process.clients.sweep(config.historyMs)
      for (const line of process.clients.lines()) this.judge.connected(process, line, nowMs)
    }
    scheduler.after(SWEEP_MS, () => this.#sweep())
  }
}

function drawPace(random: SimRandom): Pace {
  const latencyMs = random.between(0.5, 60)
  if (random.chance(0.7)) return {latencyMs, bytesPerMs: Infinity, queueBytesMax: 1024 * 1024}
  const bytesPerMs = random.between(3, 20)
  return {latencyMs, bytesPerMs, queueBytesMax: random.integer(1000, 20_000)}
}
