/** Ctrl-C, a closed terminal or `kill`: the first asks to stop, any later one to stop at once. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export function onStopSignals(stop: () => void, stopAtOnce: () => void): void {
  let isStopping = false
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (isStopping) {
        stopAtOnce()
        return
      }
      isStopping = true
      stop()
    })
  }
}
