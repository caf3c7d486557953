/**
 * When a node is asked whether it is well, and what its silence means. Pure.
 *
 * Only a node that does not answer at all is replaced. One that answers, but whose message does not
 * come back, may wait for others: the mesh without a master, or for a store. To kill it would take
 * away a copy of what the mesh holds, at the worst moment, and heal nothing.
 */

/**
 * `well`: a client was let in, and a message of its came back through the mesh. `answers`: the
 * process answers, and `why` it is no better. `silent`: no answer in the time that it had, which
 * was `passedMs` by the clock.
 */
export type ProbeAnswer =
  | {readonly type: 'well'}
  | {readonly type: 'answers'; readonly why: string}
  | {readonly type: 'silent'; readonly why: string; readonly passedMs: number}

export interface ProbeState {
  readonly dueMs: number
  /** Undefined while none is under way. */
  readonly sentMs: number | undefined
  readonly timeoutMs: number
  readonly silences: number
  /** Of the last answer; empty: it was well. */
  readonly trouble: string
}

/** After one silence the node has this part of the time of the first probe for another answer. */
const SECOND = 2 / 3
/** The first probe may take so much of the time between two. */
const FIRST = 0.3
/** A probe that is late by this says that the supervisor itself stood still, and nothing else. */
const OWN_STALL_MS = 1000

export function firstProbe(nowMs: number, intervalMs: number): ProbeState {
  const timeoutMs = intervalMs * FIRST
  return {dueMs: nowMs + intervalMs, sentMs: undefined, timeoutMs, silences: 0, trouble: ''}
}

export function isProbeDue({dueMs, sentMs}: ProbeState, nowMs: number): boolean {
  return sentMs === undefined && nowMs >= dueMs
}

export function probeSent(state: ProbeState, nowMs: number): ProbeState {
  return {...state, sentMs: nowMs}
}

export type ProbeVerdict = 'fine' | 'ask-again' | 'trouble' | 'recovered' | 'hung'

/** `trouble` and `recovered` are said when they begin; until then the verdict is `fine`. */
export function judgeProbe(
  state: ProbeState, answer: ProbeAnswer, nowMs: number, intervalMs: number,
): {readonly verdict: ProbeVerdict; readonly next: ProbeState} {
  const later = {...firstProbe(nowMs, intervalMs), trouble: state.trouble}
  switch (answer.type) {
    case 'well':
      return {
        verdict: state.trouble === '' ? 'fine' : 'recovered',
        next: {...later, trouble: ''},
      }
    case 'answers':
      return {
        verdict: state.trouble === answer.why ? 'fine' : 'trouble',
        next: {...later, trouble: answer.why},
      }
    case 'silent': {
      const lateMs = nowMs - (state.sentMs ?? nowMs) - answer.passedMs
      if (lateMs > OWN_STALL_MS) return {verdict: 'ask-again', next: {...later, dueMs: nowMs}}
      const silences = state.silences + 1
      if (silences > 1) return {verdict: 'hung', next: {...later, silences}}
      const timeoutMs = intervalMs * FIRST * SECOND
      return {verdict: 'ask-again', next: {...later, dueMs: nowMs, timeoutMs, silences}}
    }
    default:
      return answer satisfies never
  }
}
