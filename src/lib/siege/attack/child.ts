/** A process of a siege: it does one part of the load as it is told, and ends with its parent. */
import {WsmeshError} from '../../util/errors.js'
import {Attacker} from './attacker.js'
import {rehearse} from './rehearsal.js'
import type {FromChild, ToChild} from './child-message.js'

let attacker: Attacker | undefined

function say(message: FromChild): void {
  if (process.connected) process.send?.(message)
}

async function obey(message: ToChild): Promise<void> {
  switch (message.type) {
    case 'job':
      await rehearse(message.job)
      attacker = new Attacker(message.job, (second) => say({type: 'second', second}))
      say({type: 'opened', result: await attacker.open()})
      return
    case 'load':
      if (attacker) say({type: 'loaded', sent: await attacker.load(message.startUs)})
      return
    case 'settle':
      await attacker?.settle(message.streams)
      say({type: 'settled'})
      return
    case 'finish':
      if (attacker) say({type: 'finished', final: await attacker.finish()})
      return
    case 'retarget':
      attacker?.retarget(message.targets)
      return
    case 'stop':
      attacker?.stop()
      return
    case 'destroy':
      process.exit()
      return
    default:
      message satisfies never
  }
}

process.on('message', (message: ToChild) => {
  obey(message).catch((error: unknown) => {
    const isOurs = error instanceof WsmeshError
    say({
      type: 'failed',
      code: isOurs ? error.code : undefined,
      message: error instanceof Error ? error.message : String(error),
      suggestions: isOurs ? error.suggestions : [],
    })
  })
})
process.once('disconnect', () => process.exit())
// Ctrl-C goes to all of a terminal's processes: the parent alone decides what it means.
process.on('SIGINT', () => undefined)
