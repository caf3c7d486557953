import {setTimeout as delay} from 'node:timers/promises'

import type {ChalkInstance} from 'chalk'

import {surveyPool} from '../operator/pool-survey.js'
import {formatDuration} from '../util/duration.js'
import {WsmeshError} from '../util/errors.js'
import {plural} from './plural.js'
import {poolScreen} from './pool-screen.js'
import {answering, type PoolJson, poolJson} from './pool-view.js'
import {type ReachFlagValues, withMesh} from './reach.js'

export type PoolOutput = 'table' | 'name'

/** Asks the pool and all its nodes, within `--timeout`. */
export function listPool(flags: ReachFlagValues): Promise<PoolJson> {
  return withMesh(flags, async (access) => poolJson(await surveyPool(access)))
}

/** Lines for a person, or addresses alone for xargs. */
export function poolLines(
  pool: PoolJson,
  output: PoolOutput,
  screen: {readonly colours: ChalkInstance; readonly widthMax: number | undefined},
): string[] {
  if (output === 'name') return pool.nodes.map(({nodeUrl}) => nodeUrl)
  return poolScreen(pool, screen)
}

/** What --expect asks for; undefined when enough nodes answer. */
export function missingNodes(pool: PoolJson, expected: number): WsmeshError | undefined {
  return nodesMissing(answering(pool), expected)
}

/** `count` nodes answer where `expected` should. */
export function nodesMissing(count: number, expected: number): WsmeshError | undefined {
  if (count >= expected) return undefined
  return new WsmeshError(
    'NODES_MISSING',
    `${plural(count, 'node')} of ${expected} expected ${count === 1 ? 'answers' : 'answer'}`,
    {suggestions: ['wsmesh pool list   (which one is missing, and why)']},
  )
}

export interface WatchPrint {
  /** Where the cursor can be moved: each round replaces the last. */
  readonly isScreen: boolean
  /** One round as text, without its last line end. */
  render(pool: PoolJson): string
  write(text: string): void
  /** A round that failed: the watch goes on, since failures are what one watches for. */
  failed(error: unknown): string
}

const HOME_AND_CLEAR = '\u001B[H\u001B[J'
const CLEAR_SCREEN = '\u001B[2J'

/** Lists again and again until the process ends. */
export async function watchPool(
  flags: ReachFlagValues,
  intervalMs: number,
  print: WatchPrint,
): Promise<never> {
  if (print.isScreen) print.write(CLEAR_SCREEN)
  const every = formatDuration(intervalMs)
  for (;;) {
    let text: string
    try {
      text = print.render(await listPool(flags))
    } catch (error) {
      if (!(error instanceof WsmeshError)) throw error
      text = print.failed(error)
    }
    const at = new Date().toLocaleTimeString('sv')
    const head = `${HOME_AND_CLEAR}${at}, every ${every}; Ctrl-C ends it\n\n`
    print.write(`${print.isScreen ? head : ''}${text}\n`)
    await delay(intervalMs)
  }
}
