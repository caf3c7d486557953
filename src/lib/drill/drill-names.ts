/** What the command's help names: loads nothing. */
export const DRILL_NAMES = [
  'kill-master', 'pause-master', 'stutter-master', 'kill-follower', 'cut-follower', 'cut-one-way',
  'mute-master', 'split', 'half-open', 'store-down', 'store-wipe', 'store-slow', 'store-frozen',
  'clock-shift', 'slow-client', 'reconnect-storm', 'rolling-restart', 'mass-start',
  'nats-leader', 'nats-each', 'nats-restart', 'nats-cut', 'all',
] as const

/** Of `--relay`; `auto`: as the drill needs it. */
export const RELAY_CHOICES = ['auto', 'master', 'nats'] as const
export type RelayChoice = (typeof RELAY_CHOICES)[number]

/** `auto`: namespaces where they can be made. */
export const NETWORK_CHOICES = ['auto', 'namespaces', 'proxies'] as const
export type NetworkChoice = (typeof NETWORK_CHOICES)[number]
