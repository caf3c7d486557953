/** What the script of the page draws: all decisions are made here, it only draws. Pure. */

export type ChartUnit = 'count' | 'perS' | 'ms' | 'bytes' | 'percent'

export interface Chart {
  readonly title: string
  readonly about: string
  readonly unit: ChartUnit
  readonly isLogarithmic: boolean
  /** Otherwise as near as the values allow: for growth that is small beside what it grows on. */
  readonly isFromZero: boolean
  /** Charts over the same seconds share cursor and zoom. */
  readonly axis: 'time' | 'afterFault' | 'cycle' | 'rate'
  /** Seconds since the load began, seconds after a fault, cycles, or messages/s; rising. */
  readonly x: readonly number[]
  readonly series: readonly ChartSeries[]
  readonly marks: readonly ChartMark[]
  readonly bands: readonly ChartBand[]
}

/** Names of colours of the page: of nodes in their order, of percentiles, and without stress. */
export type Hue = 'hue-1' | 'hue-2' | 'hue-3' | 'hue-4' | 'hue-5' | 'hue-6' | 'soft' | 'bad'

export interface ChartSeries {
  readonly label: string
  readonly hue: Hue
  readonly look: 'line' | 'thin' | 'area' | 'dashed'
  /** One for each x; null: none. */
  readonly values: readonly (number | null)[]
}

export interface ChartMark {
  readonly at: number
  readonly label: string
  readonly tone: 'bad' | 'good'
}

/** gap: nothing came. recovery: less than before. outside: not under load. */
export interface ChartBand {
  readonly from: number
  readonly to: number
  readonly tone: 'gap' | 'recovery' | 'outside'
}

const NODE_HUES = ['hue-1', 'hue-2', 'hue-3', 'hue-4', 'hue-5', 'hue-6'] as const

/** The colour of the node of this place in the report; they come again after six. */
export function nodeHue(index: number): Hue {
  return NODE_HUES[index % NODE_HUES.length] ?? 'hue-1'
}

/** More points than this are not told apart on any screen, and make the page slow. */
export const POINTS_MAX = 1500

/** How many seconds become one point. */
export function secondsPerPoint(seconds: number): number {
  return Math.max(1, Math.ceil(seconds / POINTS_MAX))
}

export function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
}

export function most(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.max(...values)
}
