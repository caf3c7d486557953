import {Flags} from '@oclif/core'

import {
  limitEntries,
  limitsFrom,
  type Limit,
  type LimitName,
  type NODE_LIMITS,
  type NodeLimits,
} from '../node/limits.js'
import {assert} from '../util/assert.js'
import {durationFlag} from './flags.js'

type FlagName = (typeof NODE_LIMITS)[LimitName]['flag']

/** What limitFlags() parse to. */
export type LimitFlagValues = Readonly<Record<FlagName, number>>

/** The variable of the environment that sets a limit. */
export function limitVariable({flag}: Limit): string {
  return `WSMESH_${flag.replaceAll('-', '_').toUpperCase()}`
}

/** A flag of `serve` for each limit of a node. */
export function limitFlags() {
  const flags: Partial<Flagged> = {}
  for (const [, limit] of limitEntries()) flags[limit.flag] = flagOf(limit)
  assert(isWhole(flags), 'A limit has no flag')
  return flags
}

type Flagged = Record<FlagName, ReturnType<typeof flagOf>>

function isWhole(flags: Partial<Flagged>): flags is Flagged {
  return limitEntries().every(([, {flag}]) => flags[flag] !== undefined)
}

function flagOf(limit: Limit) {
  const {min, max, summary} = limit
  const common = {env: limitVariable(limit), default: limit.default, helpGroup: 'LIMITS', summary}
  if (limit.unit === 'ms') return durationFlag({...common, minMs: min, maxMs: max})
  return Flags.integer({...common, min, max, helpValue: 'N'})
}

export function limitsOf(flags: LimitFlagValues): NodeLimits {
  const values: Readonly<Record<string, number>> = flags
  return limitsFrom(({flag, default: value}) => values[flag] ?? value)
}
