import {Flags} from '@oclif/core'

/** The files that `siege` and `report` write, each made anew since oclif writes into them. */
export function reportFileFlags() {
  return {
    html: Flags.string({
      helpGroup: 'REPORT', helpValue: 'FILE',
      summary: 'one page with charts that needs nothing else, for people',
    }),
    junit: Flags.string({
      helpGroup: 'REPORT', helpValue: 'FILE',
      summary: 'thresholds and promises as test cases, for CI',
    }),
    hdr: Flags.string({
      helpGroup: 'REPORT', helpValue: 'FILE',
      summary: 'latencies as a HdrHistogram log, for its tools',
    }),
  }
}
