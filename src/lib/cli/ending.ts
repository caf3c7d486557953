import {constants} from 'node:os'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export interface Ending extends Disposable {
  /** Aborted by the first signal; the second ends the process at once. */
  readonly signal: AbortSignal
  /** The exit status of who was ended by it, as a shell has it; undefined before. */
  readonly exit: number | undefined
}

/** For what goes on until somebody ends it, and has something to say or to put right then. */
export function untilEnded(): Ending {
  const ended = new AbortController()
  let exit: number | undefined
  const hear = (name: NodeJS.Signals): void => {
    const status = 128 + constants.signals[name]
    if (exit !== undefined) process.exit(status)
    exit = status
    ended.abort()
  }
  for (const name of SIGNALS) process.on(name, hear)
  return {
    signal: ended.signal,
    get exit() {
      return exit
    },
    [Symbol.dispose]() {
      for (const name of SIGNALS) process.off(name, hear)
    },
  }
}
