/** What a siege is to do, every default filled in; made from flags by settings-from-flags.ts. */
import type {MixPart} from './plan/audience.js'
import type {Stretch} from './plan/schedule.js'
import type {Threshold} from './verdict/threshold.js'

export interface FaultPlan {
  readonly name: string
  readonly atMs: number
}

export interface SiegeSettings {
  /** Empty: the mesh of the pool, or one of its own. */
  readonly urls: readonly string[]
  readonly protocol: 'wsmesh' | 'plain'
  /** URLs are http: one address is asked again and again. */
  readonly isHttpGet: boolean
  /** Start so many nodes for this siege alone; 0: none. */
  readonly ownNodes: number
  readonly connections: number
  readonly connectPerS: number
  readonly users: number
  readonly tabs: number
  readonly target: 'user' | 'group' | 'everyone' | 'echo' | 'mix'
  readonly mix: readonly MixPart[]
  readonly from: 'socket' | 'http' | 'outbox'
  /** Null: no message is sent. */
  readonly ratePerS: number | null
  readonly stretches: readonly Stretch[]
  readonly isStairs: boolean
  readonly rampMs: number
  readonly timeMs: number
  readonly detailsBytes: number
  readonly churnPerMinute: number
  readonly slowReadersPercent: number
  readonly drainMs: number
  readonly processes: number
  readonly action: string
  readonly faults: readonly FaultPlan[]
  readonly thresholds: readonly Threshold[]
  readonly abortsOnFail: boolean
  readonly isStrict: boolean
  readonly usersFile: string | undefined
  readonly tokenCommand: string | undefined
  /** For a connection, and for finding the mesh. */
  readonly timeoutMs: number
  /** What to type for the same run. */
  readonly command: string
}
