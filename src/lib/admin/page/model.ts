/** What the page knows: one value, changed by what the admin says. Pure. */
import {
  SERIES, type EventRow, type Hello, type History, type SeriesName, type ServerMessage,
  type Snapshot, type TraceRow,
} from '../wire.js'

const EVENTS_MAX = 200
const POINTS_MAX = 600
const TRACE_MAX = 200

export type Line =
  | 'connecting'
  | 'open'
  /** It was open, and is being opened again. */
  | 'lost'
  /** No cookie, or one of an admin that has ended: a link is needed. */
  | 'locked'

export interface Trace {
  readonly user: string
  readonly rows: readonly TraceRow[]
  /** Undefined while it goes on. */
  readonly ended: string | undefined
}

export interface Model {
  readonly line: Line
  readonly hello: Hello | undefined
  readonly snapshot: Snapshot | undefined
  /** By the clock of this page: when the snapshot came. */
  readonly heardMs: number
  /** The newest first. */
  readonly events: readonly EventRow[]
  readonly charts: History | undefined
  /** A node whose figures the charts show; null: all. */
  readonly selected: string | null
  readonly span: '10m' | '6h'
  readonly trace: Trace | undefined
}

export const FIRST: Model = {
  line: 'connecting', hello: undefined, snapshot: undefined, heardMs: 0, events: [],
  charts: undefined, selected: null, span: '10m', trace: undefined,
}

export function heard(model: Model, message: ServerMessage, nowMs: number): Model {
  switch (message.type) {
    case 'hello':
      return {...model, hello: message, line: 'open', events: [], charts: undefined}
    case 'snapshot':
      return withSnapshot(model, message, nowMs)
    case 'trace': {
      const {trace} = model
      if (trace?.user !== message.user || trace.ended !== undefined) return model
      return {...model, trace: {...trace, rows: [message.row, ...trace.rows].slice(0, TRACE_MAX)}}
    }
    case 'trace-ended': {
      const {trace} = model
      if (trace?.user !== message.user) return model
      return {...model, trace: {...trace, ended: message.why}}
    }
    case 'answer':
      return model
    default:
      return message satisfies never
  }
}

function withSnapshot(model: Model, snapshot: Snapshot, nowMs: number): Model {
  const events = [...snapshot.events.toReversed(), ...model.events].slice(0, EVENTS_MAX)
  // A node that left is nobody to look at.
  const isThere = snapshot.nodes.some(({id}) => id === model.selected)
  const selected = isThere ? model.selected : null
  const isSame = selected === model.selected
  const charts = isSame && model.span === '10m'
    ? grown(model.charts, snapshot) : isSame ? model.charts : undefined
  return {...model, snapshot, events, heardMs: nowMs, selected, charts}
}

/** The newest second is appended, so that history is asked for once. */
export function grown(charts: History | undefined, snapshot: Snapshot): History | undefined {
  if (charts === undefined) return undefined
  const atS = Math.floor(snapshot.at / 1000)
  if (atS <= (charts.at.at(-1) ?? 0)) return charts
  const row = charts.node === null
    ? snapshot.totals : snapshot.nodes.find(({id}) => id === charts.node)
  const series = {...charts.series}
  for (const name of SERIES) {
    series[name] = [...charts.series[name], row?.[name] ?? null].slice(-POINTS_MAX)
  }
  return {...charts, at: [...charts.at, atS].slice(-POINTS_MAX), series}
}

/** Without gaps in time a chart would draw a line over what nobody saw. */
export function withGaps(charts: History, stepS: number): History {
  const at: number[] = []
  const series: Record<SeriesName, (number | null)[]> = {
    inPerS: [], outPerS: [], relayedPerS: [], clients: [], users: [], loopDelayMs: [],
    rssBytes: [], queueBytes: [],
  }
  for (const [index, time] of charts.at.entries()) {
    const before = charts.at[index - 1]
    if (before !== undefined && time - before > stepS * 5) {
      at.push(before + stepS)
      for (const name of SERIES) series[name].push(null)
    }
    at.push(time)
    for (const name of SERIES) series[name].push(charts.series[name][index] ?? null)
  }
  return {...charts, at, series}
}

/** A tab that nobody looks at says how many things are wrong. */
export function titleOf({snapshot, line}: Model): string {
  const grave = snapshot?.alerts.filter(({tone}) => tone === 'bad').length ?? 0
  const count = line === 'lost' ? grave + 1 : grave
  return `${count === 0 ? '' : `(${count}) `}wsmesh admin`
}

/** How old the figures are, in whole seconds, where that is worth saying. */
export function staleS({line, heardMs, snapshot}: Model, nowMs: number): number | undefined {
  if (snapshot === undefined) return undefined
  const ageS = Math.floor((nowMs - heardMs) / 1000)
  return line !== 'open' || ageS >= 4 ? ageS : undefined
}
