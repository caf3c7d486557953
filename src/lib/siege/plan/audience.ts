/**
 * Who is connected and whom message n is for. Pure: the same in every process of a siege, so that
 * the process of a receiver knows what it is due without being told.
 *
 * A *stream* is what one sender says to one target, numbered without gaps: a receiver that is in
 * the target must see all its numbers, in order, once.
 */
export type TargetKind = 'user' | 'group' | 'everyone' | 'echo'

export interface MixPart {
  readonly kind: TargetKind
  readonly weight: number
}

export interface AudienceOptions {
  readonly connections: number
  readonly users: number
  /** What is sent, by weight. */
  readonly mix: readonly MixPart[]
}

export interface Addressee {
  readonly kind: TargetKind
  /** Of the user or group; 0 for everyone. */
  readonly index: number
}

const GROUPS_MAX = 10

export class Audience {
  readonly connections: number
  readonly users: number
  readonly groups: number
  readonly #mix: readonly MixPart[]
  readonly #weight: number

  constructor({connections, users, mix}: AudienceOptions) {
    this.connections = connections
    this.users = users
    this.groups = Math.min(GROUPS_MAX, users)
    this.#mix = mix
    this.#weight = mix.reduce((sum, {weight}) => sum + weight, 0)
  }

  /** Tabs of a user stand apart, so that they come to different nodes. */
  userOf(connection: number): number {
    return connection % this.users
  }

  groupOf(user: number): number {
    return user % this.groups
  }

  /** Whom the message of this slot is for; evenly spread, and the same in every run. */
  addressee(slot: number): Addressee {
    const kind = this.#kindOf(slot)
    switch (kind) {
      case 'user':
        return {kind, index: scatter(slot) % this.users}
      case 'group':
        return {kind, index: scatter(slot) % this.groups}
      case 'everyone':
      case 'echo':
        return {kind, index: 0}
      default:
        return kind satisfies never
    }
  }

  isFor(kind: TargetKind, index: number, user: number): boolean {
    switch (kind) {
      case 'user':
        return index === user
      case 'group':
        return index === this.groupOf(user)
      case 'everyone':
        return true
      case 'echo':
        return false
      default:
        return kind satisfies never
    }
  }

  #kindOf(slot: number): TargetKind {
    const [first] = this.#mix
    if (this.#mix.length > 1) {
      let left = scatter(slot ^ 0x5bd1e995) % this.#weight
      for (const {kind, weight} of this.#mix) {
        if (left < weight) return kind
        left -= weight
      }
    }
    return first?.kind ?? 'user'
  }
}

/** An integer hash (Wellons' "lowbias32"): neighbours come far apart. */
function scatter(n: number): number {
  let x = n >>> 0
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d)
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
  return (x ^ (x >>> 16)) >>> 0
}

export const USER_PREFIX = 'siege-'

export function userName(user: number): string {
  return `${USER_PREFIX}${user}`
}

export function groupName(group: number): string {
  return `${USER_PREFIX}group-${group}`
}
