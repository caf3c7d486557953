/** What the live view remembers of a run: bounded, however long it lasts. Pure. */
import {unreachable} from '../../../util/assert.js'
import type {SecondSample, SiegeEvent} from '../../second-sample.js'

export interface LiveState {
  readonly startLine: string
  readonly timeS: number
  readonly phase: string
  /** The latest, oldest first. */
  readonly samples: readonly SecondSample[]
  readonly totals: LiveTotals
  /** "kill-master at 10 s": the latest. */
  readonly marks: readonly LiveMark[]
}

export interface LiveMark {
  readonly atS: number
  readonly text: string
}

export interface LiveTotals {
  readonly dropped: number
  readonly errors: number
  readonly closedByServer: number
}

/** As many as the widest sparkline shows. */
export const SAMPLES_MAX = 240
const MARKS_MAX = 4

export const LIVE_START: LiveState = {
  startLine: '',
  timeS: 0,
  phase: 'connect',
  samples: [],
  totals: {dropped: 0, errors: 0, closedByServer: 0},
  marks: [],
}

export function liveStep(state: LiveState, event: SiegeEvent): LiveState {
  switch (event.type) {
    case 'started':
      return {...state, startLine: event.startLine, timeS: event.timeS}
    case 'phase':
      return {...state, phase: event.name}
    case 'second':
      return withSecond(state, event.sample)
    case 'notice':
    case 'ended':
      return state
    default:
      return unreachable(event)
  }
}

function withSecond(state: LiveState, sample: SecondSample): LiveState {
  const {dropped, errors, closedByServer} = state.totals
  const marks = sample.marks.map((text) => ({atS: sample.atS, text}))
  return {
    ...state,
    phase: sample.phase,
    samples: [...state.samples, sample].slice(-SAMPLES_MAX),
    totals: {
      dropped: dropped + sample.dropped,
      errors: errors + sample.errors,
      closedByServer: closedByServer + sample.closedByServer,
    },
    marks: [...state.marks, ...marks].slice(-MARKS_MAX),
  }
}
