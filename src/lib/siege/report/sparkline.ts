/** Values as a row of blocks. Pure. */
const BLOCKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const

export interface SparklineOptions {
  /** The value of the lowest block; the least of the values otherwise. */
  readonly from?: number
  /** Steps of equal factors: for latencies, whose outliers would flatten all the rest. */
  readonly isLogarithmic?: boolean
}

/** One character a value; "·" where there is none. */
export function sparkline(
  values: readonly (number | null)[],
  {from, isLogarithmic = false}: SparklineOptions = {},
): string {
  const height = (value: number) => isLogarithmic ? Math.log(Math.max(value, 1)) : value
  const heights = values.flatMap((value) => value === null ? [] : [height(value)])
  const lowest = from === undefined ? Math.min(...heights) : height(from)
  const range = Math.max(...heights) - lowest
  return values.map((value) => {
    if (value === null) return '·'
    const share = range <= 0 ? 0 : (height(value) - lowest) / range
    const index = Math.min(BLOCKS.length - 1, Math.max(0, Math.floor(share * BLOCKS.length)))
    return BLOCKS[index] ?? BLOCKS[0]
  }).join('')
}
