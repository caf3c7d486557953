import {TOP_SORTS, type TopSort} from './top-view.js'

/** What the person at the keys has chosen. */
export interface TopState {
  readonly sort: TopSort
  readonly isReversed: boolean
  readonly isPaused: boolean
  readonly isHelp: boolean
  readonly intervalMs: number
}

export type KeyEffect = 'quit' | 'suspend' | 'redraw' | 'none'

export const TOP_INTERVAL_MS = {min: 200, max: 60_000} as const

/** What a key does; keys that mean nothing change nothing. Pure. */
export function pressKey(
  state: TopState, key: string,
): {readonly state: TopState; readonly effect: KeyEffect} {
  const redraw = (change: Partial<TopState>) =>
    ({state: {...state, isHelp: false, ...change}, effect: 'redraw'}) as const
  switch (key) {
    case 'q':
    case '\u0003':
    case '\u0004':
      return {state, effect: 'quit'}
    case '\u001A':
      return {state, effect: 'suspend'}
    case 's':
      return redraw({sort: next(state.sort, 1)})
    case 'S':
      return redraw({sort: next(state.sort, -1)})
    case 'r':
      return redraw({isReversed: !state.isReversed})
    case 'p':
    case ' ':
      return redraw({isPaused: !state.isPaused})
    case '+':
      return redraw({intervalMs: Math.max(TOP_INTERVAL_MS.min, state.intervalMs / 2)})
    case '-':
      return redraw({intervalMs: Math.min(TOP_INTERVAL_MS.max, state.intervalMs * 2)})
    case '?':
    case 'h':
      return redraw({isHelp: !state.isHelp})
    default:
      return state.isHelp ? redraw({}) : {state, effect: 'none'}
  }
}

function next(sort: TopSort, step: number): TopSort {
  const count = TOP_SORTS.length
  return TOP_SORTS[(TOP_SORTS.indexOf(sort) + step + count) % count] ?? 'pool'
}

export const TOP_HELP: readonly string[] = [
  's S    order by the next column, the one before',
  'r      the other way round',
  'p      pause (or the space bar)',
  '+ -    faster, slower',
  '?      this',
  'q      quit (or Ctrl-C)',
  '',
  'P99      of delivery: until the operating system has a message for all clients of the node',
  'RECEIPT  99th percentile until every node had delivered a message that was published there',
  'QUEUE    bytes that wait for clients; SLOW: clients dropped as they took too little',
  'LOOP     the longest stall of the last second; LAG: messages that its slowest link is behind',
]
