import {unreachable} from '../util/assert.js'
import type {Target} from '../protocol/target.js'
import type {SimRandom} from './sim-random.js'

/** A connection of an end user; a guest has no user. */
interface Client {
  readonly user: string | undefined
  readonly groups: readonly string[]
}

/** The connections of one node: who is there, and how many of them a target names. */
export class SimClients {
  readonly #clients: Client[] = []

  get size(): number {
    return this.#clients.length
  }

  add(user: string | undefined, groups: readonly string[] = []): void {
    this.#clients.push({user, groups})
  }

  closeAll(): void {
    this.#clients.length = 0
  }

  addSome(random: SimRandom): void {
    const count = random.integer(0, 4)
    for (let index = 0; index < count; index += 1) {
      const isGuest = random.chance(0.2)
      this.add(
        isGuest ? undefined : `u${random.integer(1, 4)}`,
        !isGuest && random.chance(0.3) ? ['staff'] : [],
      )
    }
  }

  count(target: Target): number {
    let count = 0
    for (const client of this.#clients) if (isNamed(client, target)) count += 1
    return count
  }
}

export function randomTarget(random: SimRandom): Target {
  const draw = random.next()
  if (draw < 0.5) return {kind: 'everyone'}
  if (draw < 0.6) return {kind: 'registered'}
  if (draw < 0.7) return {kind: 'group', ids: ['staff']}
  return {kind: 'user', ids: [`u${random.integer(1, 4)}`]}
}

function isNamed({user, groups}: Client, target: Target): boolean {
  switch (target.kind) {
    case 'everyone': {
      return true
    }
    case 'registered': {
      return user !== undefined
    }
    case 'user': {
      return user !== undefined && target.ids.includes(user)
    }
    case 'group': {
      return groups.some((group) => target.ids.includes(group))
    }
    case 'session':
    case 'filter': {
      return false
    }
    default: {
      return unreachable(target)
    }
  }
}
