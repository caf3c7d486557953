/**
 * Drills whose faults can be done in the middle of a siege: those of nodes, links and the store.
 * Drills of clients are flags of the siege itself: --slow-readers, --churn.
 */
export const FAULT_NAMES: readonly string[] = [
  'kill-master', 'kill-follower', 'pause-master', 'stutter-master', 'rolling-restart',
  'cut-follower', 'cut-one-way', 'mute-master', 'split', 'half-open',
  'store-down', 'store-wipe', 'store-slow',
]
