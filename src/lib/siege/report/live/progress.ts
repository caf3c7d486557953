/** How a siege is shown on stderr while it runs: drawn on a terminal, told in lines elsewhere. */
import type {ChalkInstance} from 'chalk'

import {printable} from '../../../cli/printable.js'
import type {SiegeEvent} from '../../second-sample.js'
import {liveLines} from './live-lines.js'
import {LivePainter, type ProcessLike, type Screen} from './live-painter.js'
import {LIVE_START, liveStep} from './live-state.js'
import {PlainProgress} from './plain-progress.js'

export interface ProgressOptions {
  /** process.stderr. */
  readonly screen: Screen & {readonly isTTY?: boolean}
  readonly colours: ChalkInstance
  /** TERM=dumb cannot move the cursor. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly process: ProcessLike
}

export interface Progress {
  on(event: SiegeEvent): void
  /** Before anything else is printed; after it events are not shown. Twice does nothing. */
  close(): void
}

export function startProgress(options: ProgressOptions): Progress {
  const {screen, env} = options
  return screen.isTTY === true && env['TERM'] !== 'dumb' ? drawn(options) : told(options)
}

function drawn({screen, colours, process}: ProgressOptions): Progress {
  let state = LIVE_START
  const painter = new LivePainter(screen, process, (size) => liveLines(state, {colours, ...size}))
  return {
    on(event) {
      state = liveStep(state, event)
      if (event.type === 'notice') painter.say(printable(event.text))
      else if (event.type === 'ended') painter.close()
      else painter.paint()
    },
    close: () => painter.close(),
  }
}

function told({screen}: ProgressOptions): Progress {
  const progress = new PlainProgress()
  let isOpen = true
  return {
    on(event) {
      if (!isOpen) return
      for (const line of progress.next(event)) screen.write(`${line}\n`)
    },
    close() {
      isOpen = false
    },
  }
}
