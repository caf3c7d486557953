/**
 * Who listens in a drill, and whom each message is for. Pure: message n has the same target in
 * every run, so a failure can be looked at again.
 */
import type {TargetJson} from '../protocol/operator-frame.js'

/** One connection that is kept: a tab of a user, at first with one node. */
export interface TabPlan {
  readonly index: number
  readonly user: string
  readonly group: string
  readonly session: string
  /** Index of the node to which it connects while that one lives. */
  readonly home: number
}

export interface Addressed {
  readonly target: TargetJson
  /** Indices of the tabs that must get it, each once. */
  readonly tabs: readonly number[]
}

const USERS_PER_NODE = 2
const TABS_PER_USER = 2
const GROUPS = ['even', 'odd'] as const

export class Audience {
  readonly tabs: readonly TabPlan[]
  readonly #users: readonly Addressed[]
  readonly #groups: readonly Addressed[]
  readonly #sessions: readonly Addressed[]
  readonly #everyone: Addressed

  /** Two users a node, each with two tabs at neighbouring nodes. */
  constructor(nodes: number) {
    const users = Array.from({length: nodes * USERS_PER_NODE}, (_, user) => `u-${user}`)
    this.tabs = users.flatMap((user, number) =>
      Array.from({length: TABS_PER_USER}, (_, tab) => {
        const index = number * TABS_PER_USER + tab
        const group = GROUPS[number % 2] ?? 'even'
        return {index, user, group, session: `s-${index}`, home: (number + tab) % nodes}
      }),
    )
    this.#users = users.map((user) => this.#addressed({user}, (tab) => tab.user === user))
    this.#groups = GROUPS.map((group) => this.#addressed({group}, (tab) => tab.group === group))
    this.#sessions = this.tabs.map(({session}) =>
      this.#addressed({session}, (tab) => tab.session === session),
    )
    this.#everyone = this.#addressed({everyone: true}, () => true)
  }

  /** Most are for one user; some for a session, a group, everyone. */
  addressed(n: number): Addressed {
    if (n % 100 === 0) return this.#everyone
    if (n % 50 === 25) return pick(this.#groups, n / 25)
    if (n % 10 === 3) return pick(this.#sessions, n)
    return pick(this.#users, n * 7)
  }

  #addressed(target: TargetJson, isFor: (tab: TabPlan) => boolean): Addressed {
    return {target, tabs: this.tabs.filter(isFor).map(({index}) => index)}
  }
}

function pick(from: readonly Addressed[], n: number): Addressed {
  const picked = from[Math.floor(n) % from.length]
  return picked ?? {target: {everyone: true}, tabs: []}
}
