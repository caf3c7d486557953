import type {Hook} from '@oclif/core'

import {WsmeshError} from '../../util/errors.js'
import {coloursFor, colourModeOf} from '../colours.js'
import {failureJson, failureOf, renderFailure} from '../failure.js'
import {mostSimilar} from '../similar.js'

/**
 * An unknown command: says what was probably meant and ends with status 2. Never runs it, and
 * never asks (plugin-not-found does, without a look at whether anyone is there to answer).
 */
const commandNotFound: Hook<'command_not_found'> = async function ({id, argv, config}) {
  const words = [...id.split(':'), ...(argv ?? [])].filter((word) => !word.startsWith('-'))
  const commands = config.commands
    .filter((command) => !command.hidden)
    .flatMap((command) => [command.id, ...command.aliases])
    .map((command) => command.replaceAll(':', ' '))
  const typed = words.join(' ')
  const guess = mostSimilar(typed, commands) ?? mostSimilar(words[0] ?? '', commands)
  const suggestions = [`${config.bin} ${guess ?? '--help'}`]
  const error = new WsmeshError('USAGE', `There is no command "${typed}"`, {suggestions})
  const failure = failureOf(error, config.bin)
  const mode = colourModeOf(argv ?? [], process.env)
  if ((argv ?? []).includes('--json')) {
    process.stdout.write(`${JSON.stringify({error: failureJson(failure)})}\n`)
  }
  process.stderr.write(renderFailure(failure, coloursFor(process.stderr, mode, process.env)))
  this.exit(failure.exit)
}

export default commandNotFound
