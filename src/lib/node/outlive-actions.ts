/**
 * What to do when an exception or rejection of an action module reaches the process. Node would end
 * it, and with it every client of this node, for a mistake that the node's state knows nothing of:
 * the module's own callback was unwound, and nothing of wsmesh was under way below it. So it is
 * logged, counted, and the node goes on. A mistake of wsmesh's own still ends the node.
 */
import {CalmWarning} from './calm-warning.js'
import {describeError} from './log.js'
import type {Log} from './log.js'
import {foldersOfActions, isOfActions} from './stray-rejection.js'

/** Of a node that ends by a bug of its own, as sysexits.h has it. */
const EXIT_BUG = 70

/** `onStray` is called for each that the node outlives. */
export function outliveActions(actions: readonly string[], log: Log, onStray: () => void): void {
  const folders = foldersOfActions(actions)
  const calm = new CalmWarning(log)
  const outlived = (what: string, error: unknown): void => {
    onStray()
    calm.error(what, {
      error: describeError(error),
      stack: error instanceof Error ? error.stack : undefined,
    })
  }
  process.on('unhandledRejection', (reason: unknown) => {
    if (!isOfActions(reason, folders)) throw reason
    outlived('An action module left a rejected promise to itself: await it, or catch', reason)
  })
  // Whoever reports bugs hears of those alone.
  const reporters = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error, origin) => {
    if (isOfActions(error, folders)) {
      outlived('An action module threw where nobody catches: in a timer, or an event', error)
      return
    }
    log.error('A bug in wsmesh: this node ends', {error: describeError(error), stack: error.stack})
    if (reporters.length === 0) process.exit(EXIT_BUG)
    for (const report of reporters) report(error, origin)
  })
}
