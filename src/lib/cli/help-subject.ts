import type {Interfaces} from '@oclif/core'

import {WsmeshError} from '../util/errors.js'
import {HELP_TOPICS} from './help-topics.js'
import {mostSimilar} from './similar.js'

/** Throws USAGE for what is neither a command nor a topic, with the one that was meant. */
export function checkSubject(words: readonly string[], config: Interfaces.Config): void {
  const [first] = words
  if (first === undefined || first.startsWith('-')) return
  const commands = config.commands.flatMap(({id, aliases}) => [id, ...aliases])
  const named = [...commands, ...config.topics.map(({name}) => name)]
  const typed = words.filter((word) => !word.startsWith('-'))
  if (named.includes(typed.join(':'))) return
  const all = [...named.map((name) => name.replaceAll(':', ' ')), ...Object.keys(HELP_TOPICS)]
  const guess = mostSimilar(typed.join(' '), all) ?? mostSimilar(first, all)
  const others = Object.keys(HELP_TOPICS).map((topic) => `${config.bin} help ${topic}`)
  throw new WsmeshError('USAGE', `There is no help about "${typed.join(' ')}"`, {
    suggestions: guess === undefined
      ? [...others, `${config.bin} --help`]
      : [`${config.bin} help ${guess}`],
  })
}
