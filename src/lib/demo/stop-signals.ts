/** Ctrl-C, a closed terminal or `kill`: the first asks to stop, any later one to stop at once. */
import {constants} from 'node:os'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export function onStopSignals(stop: () => void, stopAtOnce: () => void): void {
  let isStopping = false
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (isStopping) {
        // The shell's way to say which signal ended a process.
        process.exitCode = 128 + constants.signals[signal]
        stopAtOnce()
        return
      }
      isStopping = true
      stop()
    })
  }
}
