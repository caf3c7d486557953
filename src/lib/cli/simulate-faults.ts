import {LONG_KINDS} from '../simulation/fault.js'
import type {FaultWish} from '../simulation/long-plan.js'
import {parseDuration} from '../util/duration.js'
import {WsmeshError} from '../util/errors.js'
import {mostSimilar} from './similar.js'

const SYNTAX = [
  '--fault kill-master           (at random times, only such faults)',
  '--fault store-outage@2h       (once, two hours in)',
  '--fault store-outage@2h+10m   (for ten minutes)',
]

/** `KIND[@TIME][+DURATION]` of `--fault`. Throws a USAGE error that says what is wrong. */
export function parseFault(text: string, durationMs: number): FaultWish {
  const [, name = '', at, lasting] = /^([^@+]*)(?:@([^+]*))?(?:\+(.*))?$/.exec(text) ?? []
  const kind = LONG_KINDS.find((known) => known === name)
  if (!kind) {
    throw new WsmeshError('USAGE', `--fault ${text}: no fault is called ${JSON.stringify(name)}`, {
      suggestions: kindSuggestions(name),
    })
  }
  const atMs = timeOf(text, at)
  const forMs = timeOf(text, lasting)
  if (atMs !== undefined && atMs >= durationMs) {
    throw new WsmeshError('USAGE', `--fault ${text} comes when the run is over`, {
      suggestions: ['an earlier time, or more --hours'],
    })
  }
  if (forMs === 0) throw new WsmeshError('USAGE', `--fault ${text} lasts no time`)
  return {kind, atMs, forMs}
}

function timeOf(text: string, part: string | undefined): number | undefined {
  if (part === undefined) return undefined
  const ms = parseDuration(part)
  if (ms !== undefined) return ms
  throw new WsmeshError('USAGE', `--fault ${text}: ${JSON.stringify(part)} is no duration`, {
    suggestions: SYNTAX,
  })
}

function kindSuggestions(name: string): string[] {
  const meant = mostSimilar(name, LONG_KINDS)
  return [...(meant === undefined ? [] : [`--fault ${meant}`]), `known: ${LONG_KINDS.join(', ')}`]
}
