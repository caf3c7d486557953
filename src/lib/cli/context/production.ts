import type {ChalkInstance} from 'chalk'

import {WsmeshError} from '../../util/errors.js'
import {ask} from '../ask.js'
import type {ChosenContext} from './apply-context.js'

/** "context staging", or what nobody overlooks. The word says it, colour stresses it. */
export function contextLine({name, isProduction}: ChosenContext, colours: ChalkInstance): string {
  if (!isProduction) return colours.dim(`context ${name}`)
  return `${colours.bgRed.white.bold(' PRODUCTION ')} context ${colours.bold(name)}`
}

export interface ConfirmOptions {
  readonly context: ChosenContext
  /** What is about to happen: "closes connections". */
  readonly danger: string
  readonly isYes: boolean
  readonly stdin: NodeJS.ReadStream
  readonly stderr: NodeJS.WriteStream
  readonly colours: ChalkInstance
}

/**
 * In production somebody has to mean it: by --yes, or by typing the context's name. Throws USAGE
 * where nobody can be asked, NOT_ALLOWED when something else was typed.
 */
export async function confirmProduction(options: ConfirmOptions): Promise<void> {
  const {context, danger, isYes, stdin, stderr, colours} = options
  if (!context.isProduction || isYes) return
  if (!stdin.isTTY || !stderr.isTTY) {
    const message = `This ${danger}, and ${context.name} is production: give --yes`
    throw new WsmeshError('USAGE', message, {
      suggestions: ['--yes   (it is meant)', '--context NAME   (another mesh)'],
    })
  }
  const question = `${contextLine(context, colours)}: this ${danger}.\n`
    + `Type ${context.name} to go on: `
  if ((await ask(question, stdin, stderr)) === context.name) return
  throw new WsmeshError('NOT_ALLOWED', 'Nothing was done: it was not confirmed', {
    suggestions: ['--yes   (it is meant)'],
  })
}
