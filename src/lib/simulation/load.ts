import {canHaveClients} from './sim-process.js'
import {randomTarget} from './sim-clients.js'
import type {SimMesh} from './sim-mesh.js'
import type {Host} from './sim-network.js'
import {SimRandom} from './sim-random.js'

/** Publishers at every host: numbered messages at random times, to random targets. */
export class Load {
  readonly #mesh: SimMesh
  readonly #meanMs: number
  readonly #detailBytesMax: number
  #isOn = true

  constructor(mesh: SimMesh, meanMs: number, detailBytesMax: number) {
    this.#mesh = mesh
    this.#meanMs = meanMs
    this.#detailBytesMax = detailBytesMax
    for (const host of mesh.hosts) this.#next(host, new SimRandom(mesh.seed, `load ${host.index}`))
  }

  stop(): void {
    this.#isOn = false
  }

  #next(host: Host, random: SimRandom): void {
    this.#mesh.scheduler.after(random.exponential(this.#meanMs), () => {
      if (!this.#isOn) return
      const target = randomTarget(random)
      const detailBytes = random.integer(10, this.#detailBytesMax)
      const process = this.#mesh.processAt(host)
      const hasPublishers = process && canHaveClients(process.core.standing.state)
      if (hasPublishers && process.state === 'running') {
        this.#mesh.publish(process, target, detailBytes)
      }
      this.#next(host, random)
    })
  }
}
