import type {ChalkInstance} from 'chalk'

import type {Tone} from './words.js'

export interface SummaryOptions {
  readonly colours: ChalkInstance
  /** Undefined: a pipe. */
  readonly widthMax: number | undefined
}

/** A word's colour: never the only thing that says it. */
export function toned(tone: Tone, text: string, colours: ChalkInstance): string {
  if (tone === 'good') return colours.green(text)
  return tone === 'bad' ? colours.red(text) : colours.yellow(text)
}
