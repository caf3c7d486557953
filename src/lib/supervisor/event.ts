/** What can happen to a supervisor, and what it may ask for: see core.ts. */
import type {ProbeAnswer} from './probing.js'
import type {ChildEnd, RestartPolicy} from './restart-policy.js'

export interface CoreConfig {
  readonly workers: number
  /** A successor is started before its predecessor goes: each has an address of its own. */
  readonly overlaps: boolean
  readonly restarts: RestartPolicy
  readonly probeMs: number
  readonly rssBytesMax: number | undefined
  /** A node that was told to drain is killed after this. */
  readonly stopMs: number
  /** A successor that is no part of the mesh by then is none. */
  readonly startMs: number
  /** A node that is loading may be silent for so long. */
  readonly loadMs: number
}

export type SupervisorEvent =
  | {readonly type: 'start'}
  | {readonly type: 'ready'; readonly key: number}
  | {readonly type: 'ended'; readonly key: number; readonly end: ChildEnd}
  | {readonly type: 'probed'; readonly key: number; readonly answer: ProbeAnswer}
  /** The answer to `bury`: what was found, for people; may be empty. */
  | {readonly type: 'examined'; readonly key: number; readonly found: string}
  | {readonly type: 'weighed'; readonly key: number; readonly rssBytes: number}
  | {readonly type: 'reload'}
  | {readonly type: 'stop'}
  | {readonly type: 'stop-now'}
  | {readonly type: 'tick'}

export type SupervisorEffect =
  | {readonly type: 'spawn'; readonly key: number; readonly worker: number}
  | {readonly type: 'signal'; readonly key: number; readonly signal: 'SIGTERM' | 'SIGKILL'}
  /** To be answered by `probed`, in about that time. */
  | {readonly type: 'probe'; readonly key: number; readonly timeoutMs: number}
  /** It hangs: what can be learnt of it is to be kept. To be answered by `examined`. */
  | {readonly type: 'bury'; readonly key: number; readonly why: string}
  | {
      readonly type: 'say'
      readonly level: 'info' | 'warn' | 'error'
      readonly text: string
      readonly key?: number
      readonly worker?: number
    }
  /** Each worker has a node that is part of the mesh, for the first time. */
  | {readonly type: 'up'}
  | {readonly type: 'reload-began'}
  /** A part of a reload: this node has taken the place of the worker's former one. */
  | {readonly type: 'reloaded'; readonly key: number; readonly worker: number}
  /** `failed`: why; the workers that were not reached have their old nodes. */
  | {readonly type: 'reload-ended'; readonly failed: string | undefined; readonly restarted: number}
  | {readonly type: 'exit'; readonly failed: ChildEnd | undefined; readonly text: string}
