/** One run of one load, and whether it counts. */

const STEAL_MAX = 0.02
const OTHERS_MAX = 0.2
const LATE_MAX_US = 10_000

/**
 * What a run of the driver says, as figures: CPU time of all server processes per delivered message
 * and per socket write (what a client reads at once is what was written at once, or a little more).
 */
export function figuresOf(run, streamAt = 0) {
  const {seconds, serverNs, ownNs, busyNs, stealNs, reads, bytes, streams} = run
  const delivered = streams.reduce((sum, stream) => sum + stream.delivered, 0)
  const {p50Us, p90Us, p99Us, p999Us, maxUs, sent, lateUs} = streams[streamAt]
  return {
    cpuUs: serverNs / 1e3 / delivered,
    writeUs: serverNs / 1e3 / reads,
    batch: delivered / reads,
    perSecond: delivered / seconds,
    sent,
    frameBytes: bytes / delivered,
    serverShare: serverNs / 1e9 / seconds,
    driverShare: ownNs / 1e9 / seconds,
    driverUs: ownNs / 1e3 / delivered,
    othersShare: Math.max(0, (busyNs - serverNs - ownNs) / 1e9 / seconds),
    stealShare: stealNs / 1e9 / seconds,
    p50Us, p90Us, p99Us, p999Us, maxUs, lateUs,
  }
}

/** Why a run does not count; undefined where it does. */
export function faultOf(run, load = 'w1', lateMaxUs = LATE_MAX_US) {
  const {stealShare, othersShare, lateUs} = figuresOf(run)
  const missing = run.streams.reduce((sum, stream) => sum + stream.missing, 0)
  const extra = run.streams.reduce((sum, stream) => sum + stream.extra, 0)
  if (missing > 0) return `${missing} messages were not delivered`
  if (extra > 0) return `${extra} messages were delivered twice`
  if (run.closed > 0) return `${run.closed} connections were closed`
  if (stealShare > STEAL_MAX) return `the machine was taken away for ${percent(stealShare)}`
  if (othersShare > OTHERS_MAX) return `other programs used ${percent(othersShare)} of a core`
  if (load.startsWith('r') && lateUs > lateMaxUs) return `the driver was ${lateUs} us late`
  return undefined
}

const percent = (share) => `${(share * 100).toFixed(1)} %`

export const median = (values) => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** {median, min, max, n}; undefined of nothing. */
export function spread(values) {
  if (values.length === 0) return undefined
  const [min, max] = [Math.min(...values), Math.max(...values)]
  return {median: median(values), min, max, n: values.length}
}
