import {LIMITS} from '../protocol/limits.js'
import type {WhoFilter, WhoResult, WhoUser} from '../protocol/who-frame.js'
import {pollPool, type Poll, type PollAccess} from './poll-pool.js'

export interface WhoOptions {
  readonly filter: WhoFilter
  /** Users at most: of each node the first so many in the order of compareUsers. */
  readonly limit: number
  /** Ask the node of this id alone. */
  readonly only?: string | undefined
}

/** The first page's numbers with the users of all pages up to the limit. */
export type NodeUsers = WhoResult

/** Asks all nodes of the pool who is connected there now; see pollPool for what rejects. */
export function askWho(
  access: PollAccess,
  {filter, limit, only}: WhoOptions,
): Promise<Poll<NodeUsers>> {
  return pollPool(
    access,
    async (connection, {each}) => {
      const page = (left: number, after?: string) =>
        connection.who(
          {filter, limit: Math.min(left, LIMITS.whoUsers), ...(after !== undefined && {after})},
          each(),
        )
      const first = await page(limit)
      const users: WhoUser[] = [...first.users]
      let {next} = first
      while (next !== null && users.length < limit) {
        const more = await page(limit - users.length, next)
        users.push(...more.users)
        next = more.next
      }
      return {...first, users, next}
    },
    {only},
  )
}
