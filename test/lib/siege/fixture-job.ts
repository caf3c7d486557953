import type {AttackJob} from '../../../src/lib/siege/attack/job.js'

const TARGET = {name: 'n', clientUrl: 'ws://n/', operatorUrl: undefined, httpUrl: undefined}

/** A job of one process, for four users of a mesh of two nodes. */
export function attackJob(some: Partial<AttackJob>): AttackJob {
  return {
    part: 0, parts: 1, run: 1, protocol: 'wsmesh', proofs: {type: 'none'}, action: 'siege',
    audience: {connections: 4, users: 4, mix: [{kind: 'user', weight: 1}]},
    targets: [TARGET, TARGET], from: 'socket', outbox: undefined, connectPerS: 1,
    detailsBytes: 100, churnPerMinute: 0, slowReadersPercent: 0,
    stretches: [{name: 'ramp', durationS: 1, fromPerS: 0, toPerS: 9},
      {name: 'load', durationS: 9, fromPerS: 9, toPerS: 9}],
    resends: false, localAddresses: [], timeoutMs: 1, drainMs: 1,
    ...some,
  }
}
