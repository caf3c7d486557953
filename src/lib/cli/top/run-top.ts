import {setTimeout as delay} from 'node:timers/promises'

import type {ChalkInstance} from 'chalk'

import {type StatsSurvey, StatsWatch} from '../../operator/ask-stats.js'
import {WsmeshError} from '../../util/errors.js'
import type {ChosenContext} from '../context/apply-context.js'
import {contextLine} from '../context/production.js'
import {untilEnded, type Ending} from '../ending.js'
import {EXIT} from '../exit-code.js'
import {withMesh, type ReachFlagValues} from '../reach.js'
import {FullScreen} from './full-screen.js'
import {pressKey, type TopState} from './top-keys.js'
import {topLines, topScreen} from './top-screen.js'
import {type TopJson, topJson, type TopSort} from './top-view.js'

export interface TopOptions {
  readonly sort: TopSort
  readonly isReversed: boolean
  readonly intervalMs: number
  /** Undefined: until it is ended. */
  readonly count: number | undefined
  readonly context: ChosenContext | undefined
  readonly colours: ChalkInstance
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
}

/** One round after the other as text, a snapshot each. Rejects as StatsWatch. */
export async function printTop(
  flags: ReachFlagValues,
  options: TopOptions & {readonly render: (top: TopJson) => string},
): Promise<number> {
  using ending = untilEnded()
  return await withMesh(flags, async (access) => {
    const watch = new StatsWatch(access)
    let before: TopJson | undefined
    try {
      for (let round = 1; round <= (options.count ?? 1) && !ending.signal.aborted; round += 1) {
        if (round > 1) await pause(options.intervalMs, ending.signal)
        if (ending.signal.aborted) break
        before = topJson(await watch.ask(flags.timeout), before, Date.now())
        options.stdout.write(`${options.render(before)}\n`)
      }
    } finally {
      watch.close()
    }
    return ending.exit ?? EXIT.ok.code
  })
}

/** A snapshot as text. */
export function plainTop(
  top: TopJson, {sort, isReversed, colours}: TopOptions, widthMax: number | undefined,
): string {
  return topLines(top, {sort, isReversed}, {colours, widthMax}).join('\n')
}

/** The whole screen, until `q`, a signal or `count` rounds; returns the exit status. */
export async function liveTop(
  flags: ReachFlagValues,
  options: TopOptions & {readonly failed: (error: WsmeshError) => string},
): Promise<number> {
  using ending = untilEnded()
  return await withMesh(flags, async (access) => {
    const watch = new StatsWatch(access)
    try {
      // What cannot work at all is said in plain, before the screen is taken.
      const first = await watch.ask(flags.timeout)
      const live = new Live(options, access.poolLabel, ending)
      await live.run(first, () => watch.ask(flags.timeout))
    } finally {
      watch.close()
    }
    const isLeft = ending.exit === undefined || ending.exit === EXIT.interrupted.code
    return isLeft ? EXIT.ok.code : ending.exit
  })
}

type LiveOptions = TopOptions & {readonly failed: (error: WsmeshError) => string}

class Live {
  readonly #options: LiveOptions
  readonly #title: string
  readonly #quit = new AbortController()
  readonly #ended: AbortSignal
  #screen: FullScreen | undefined
  #state: TopState
  #top: TopJson | undefined
  #failure: string | undefined
  #wake = new AbortController()

  constructor(options: LiveOptions, poolLabel: string, ending: Ending) {
    this.#options = options
    this.#ended = AbortSignal.any([ending.signal, this.#quit.signal])
    const {context, colours, sort, isReversed, intervalMs} = options
    const where = context === undefined ? '' : `  ${contextLine(context, colours)}`
    this.#title = `${colours.bold('wsmesh top')}  ${poolLabel}${where}`
    this.#state = {sort, isReversed, intervalMs, isPaused: false, isHelp: false}
  }

  async run(first: StatsSurvey, ask: () => Promise<StatsSurvey>): Promise<void> {
    using screen = new FullScreen(this.#options, (key) => this.#press(key), () => this.#draw())
    this.#screen = screen
    this.#told(first)
    for (let round = 1; round < (this.#options.count ?? Infinity); round += 1) {
      this.#draw()
      await this.#pause()
      if (this.#ended.aborted) return
      if (this.#state.isPaused) continue
      try {
        this.#told(await ask())
      } catch (error) {
        if (!(error instanceof WsmeshError)) throw error
        this.#failure = this.#options.failed(error)
      }
    }
  }

  #told(survey: StatsSurvey): void {
    this.#failure = undefined
    this.#top = topJson(survey, this.#top, Date.now())
  }

  #press(key: string): void {
    const {state, effect} = pressKey(this.#state, key)
    const isFaster = state.intervalMs < this.#state.intervalMs || this.#state.isPaused
    this.#state = state
    switch (effect) {
      case 'quit':
        return this.#quit.abort()
      case 'suspend':
        return this.#screen?.suspend()
      case 'redraw':
        if (isFaster) this.#wake.abort()
        return this.#draw()
      case 'none':
        return
      default:
        return effect satisfies never
    }
  }

  #draw(): void {
    const screen = this.#screen
    if (screen === undefined) return
    const {width, height} = screen.size
    const time = new Date().toLocaleTimeString('sv')
    const {colours} = this.#options
    screen.draw(topScreen(this.#top, this.#failure, this.#state, {
      colours, width, height, widthMax: width, title: this.#title, time,
    }))
  }

  /** Until the next round, or until a key asks for it sooner. */
  async #pause(): Promise<void> {
    this.#wake = new AbortController()
    await pause(this.#state.intervalMs, AbortSignal.any([this.#ended, this.#wake.signal]))
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // Ended early is what the signal is for.
  await delay(ms, undefined, {signal}).catch(() => undefined)
}
