/**
 * Loaded into a node (node --import) to measure from inside how long its event loop was busy at a
 * stretch, beside what the node says of itself: any message asks for the figures since the last.
 */
import {monitorEventLoopDelay} from 'node:perf_hooks'

const RESOLUTION_MS = 1
const histogram = monitorEventLoopDelay({resolution: RESOLUTION_MS})
histogram.enable()

const ms = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS)

process.on('message', () => {
  const {max} = histogram
  process.send({
    p50Ms: ms(histogram.percentile(50)), p99Ms: ms(histogram.percentile(99)),
    p999Ms: ms(histogram.percentile(99.9)), maxMs: ms(max),
  })
  histogram.reset()
})
process.channel?.unref()
