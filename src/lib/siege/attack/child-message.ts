/** What a siege and a process of its say to each other over IPC. */
import type {SentStream} from '../ledger/sent-book.js'
import type {AttackJob, AttackTarget, OpenResult, PartFinal, PartSecond, PartSent} from './job.js'
import type {ErrorCode} from '../../util/errors.js'

export type ToChild =
  | {readonly type: 'job'; readonly job: AttackJob}
  | {readonly type: 'load'; readonly startUs: number}
  | {readonly type: 'settle'; readonly streams: readonly SentStream[]}
  | {readonly type: 'finish'}
  | {readonly type: 'retarget'; readonly targets: readonly AttackTarget[]}
  | {readonly type: 'stop'}
  | {readonly type: 'destroy'}

export type FromChild =
  | {readonly type: 'opened'; readonly result: OpenResult}
  | {readonly type: 'loaded'; readonly sent: PartSent}
  | {readonly type: 'settled'}
  | {readonly type: 'finished'; readonly final: PartFinal}
  | {readonly type: 'second'; readonly second: PartSecond}
  | {
      readonly type: 'failed'
      readonly code: ErrorCode | undefined
      readonly message: string
      readonly suggestions: readonly string[]
    }
