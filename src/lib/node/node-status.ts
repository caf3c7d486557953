/** What a node says of itself to those who ask whether they may come. */
import {takesClients} from '../mesh/coming-back.js'
import type {Standing} from '../mesh/effect.js'
import type {NodeStats} from '../protocol/operator-frame.js'
import {unreachable} from '../util/assert.js'

export class NodeStatus {
  #standing: Standing = {state: 'joining'}
  #isDraining = false

  get standing(): Standing {
    return this.#standing
  }

  set standing(standing: Standing) {
    this.#standing = standing
  }

  startDraining(): void {
    this.#isDraining = true
  }

  get isDraining(): boolean {
    return this.#isDraining
  }

  /** Why clients cannot come now; undefined when they can. */
  get closedToClients(): string | undefined {
    if (this.#isDraining) return 'draining'
    const {state} = this.#standing
    return takesClients(state) ? undefined : state
  }

  /** Why a load balancer should look elsewhere; undefined when all is well. */
  get unhealthy(): string | undefined {
    return this.closedToClients ?? (this.#standing.state === 'seeking' ? 'seeking' : undefined)
  }

  get role(): NodeStats['role'] {
    switch (this.#standing.state) {
      case 'following':
        return 'follower'
      case 'mastering':
        return 'master'
      case 'linked':
        return 'member'
      case 'joining':
      case 'seeking':
      case 'isolated':
      case 'drained':
        return this.#standing.state
      default:
        return unreachable(this.#standing)
    }
  }
}
