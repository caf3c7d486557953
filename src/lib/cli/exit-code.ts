import {STATUS_RESTART} from '../process/restart-status.js'
import type {ErrorCode} from '../util/errors.js'

/** What a command's exit status means; `wsmesh help exit-codes` prints this table. */
export const EXIT = {
  ok: {code: 0, meaning: 'done'},
  error: {code: 1, meaning: 'failed for a reason that the message names'},
  usage: {code: 2, meaning: 'wrong flag, argument, input line or configuration'},
  unreachable: {code: 3, meaning: 'pool or node not in reach, or fewer nodes than expected'},
  notAllowed: {code: 4, meaning: "wrong secret, a viewer's, or the pool store refused the login"},
  notDelivered: {code: 5, meaning: 'nobody whom it was for, or who was asked for, was connected'},
  bug: {code: 70, meaning: 'a bug in wsmesh: please report it'},
  restart: {code: STATUS_RESTART, meaning: 'serve: start me again (wsmesh node restart)'},
  unwell: {code: 96, meaning: 'doctor found something that is to be put right'},
  inconclusive: {code: 97, meaning: 'siege --strict: the run proves nothing, see its reasons'},
  promiseBroken: {code: 98, meaning: 'a promise was broken under a fault, or a siege found a leak'},
  thresholdFailed: {
    code: 99,
    meaning: 'a threshold of a siege failed: wins over 97, 98 and 130; simulate: no size does it',
  },
  interrupted: {code: 130, meaning: 'ended by Ctrl-C (SIGINT)'},
  terminated: {code: 143, meaning: 'ended by SIGTERM'},
} as const

/** Every operating error has an exit status: a new code does not compile without one. */
const EXIT_OF_ERROR: Readonly<Record<ErrorCode, number>> = {
  ACTIONS_INVALID: EXIT.error.code,
  ADDRESS_IN_USE: EXIT.error.code,
  ADDRESS_NOT_AVAILABLE: EXIT.error.code,
  AUTH_REJECTED: EXIT.notAllowed.code,
  BUILD_MISSING: EXIT.error.code,
  CONFIG_INVALID: EXIT.usage.code,
  DETAILS_INVALID: EXIT.usage.code,
  FILE_UNREADABLE: EXIT.error.code,
  FILE_UNWRITABLE: EXIT.error.code,
  INPUT_INVALID: EXIT.usage.code,
  NODE_FAILED: EXIT.error.code,
  NODE_REFUSED: EXIT.error.code,
  NODE_UNREACHABLE: EXIT.unreachable.code,
  NODES_MISSING: EXIT.unreachable.code,
  NOT_ALLOWED: EXIT.notAllowed.code,
  OUTBOX_DENIED: EXIT.notAllowed.code,
  OUTBOX_FULL: EXIT.error.code,
  OUTBOX_MISSING: EXIT.error.code,
  OUTBOX_UNREACHABLE: EXIT.unreachable.code,
  OUTBOX_UNUSABLE: EXIT.error.code,
  POOL_DAMAGED: EXIT.error.code,
  POOL_DENIED: EXIT.notAllowed.code,
  POOL_FOREIGN_HOST: EXIT.error.code,
  POOL_READ_ONLY: EXIT.error.code,
  POOL_UNREACHABLE: EXIT.unreachable.code,
  POOL_URL_INVALID: EXIT.usage.code,
  PROTOCOL_VERSION_UNSUPPORTED: EXIT.error.code,
  RECEIPT_TIMED_OUT: EXIT.error.code,
  RELAY_DENIED: EXIT.notAllowed.code,
  RELAY_UNREACHABLE: EXIT.unreachable.code,
  RELAY_UNUSABLE: EXIT.error.code,
  REQUEST_INVALID: EXIT.usage.code,
  SECRET_INVALID: EXIT.error.code,
  SECRET_MISSING: EXIT.error.code,
  TARGET_INVALID: EXIT.usage.code,
  TIMED_OUT: EXIT.unreachable.code,
  TLS_INVALID: EXIT.error.code,
  USAGE: EXIT.usage.code,
}

export function exitCodeOf(code: ErrorCode): number {
  return EXIT_OF_ERROR[code]
}

/** The worse of two statuses of one stream of work: what one exit status can say about many. */
export function worseExit(a: number, b: number): number {
  return badness(a) >= badness(b) ? a : b
}

/** "Nobody connected" is the mildest failure, a mesh out of reach the gravest but for a bug. */
function badness(code: number): number {
  const order: readonly number[] = [
    EXIT.ok.code,
    EXIT.notDelivered.code,
    EXIT.usage.code,
    EXIT.error.code,
    EXIT.notAllowed.code,
    EXIT.unreachable.code,
    EXIT.bug.code,
  ]
  const rank = order.indexOf(code)
  return rank === -1 ? order.length : rank
}
