/** The names alone, for the command's help: loads nothing. */
export const DRILL_NAMES = [
  'kill-master', 'pause-master', 'kill-follower', 'cut-follower', 'split', 'store-down',
  'store-wipe', 'store-slow', 'half-open', 'slow-client', 'reconnect-storm',
  'rolling-restart', 'mass-start', 'all',
] as const
