import {Chalk} from 'chalk'
import {EventEmitter} from 'node:events'
import {describe, expect, test} from 'vitest'

import {PlainProgress, plainEveryS} from '../../../../../src/lib/siege/report/live/plain-progress.js'
import {startProgress} from '../../../../../src/lib/siege/report/live/progress.js'
import type {SiegeEvent} from '../../../../../src/lib/siege/second-sample.js'
import {fixtureReport} from '../../fixture-report.js'

const {config, seconds, phases} = fixtureReport()

const EVENTS: readonly SiegeEvent[] = [
  {type: 'started', startLine: config.command, timeS: 30},
  ...phases.flatMap(({name, fromS, toS}): readonly SiegeEvent[] => [
    {type: 'phase', name, atS: fromS},
    ...seconds
      .filter(({atS}) => atS > fromS && atS <= toS)
      .map((sample): SiegeEvent => ({type: 'second', sample})),
  ]),
  {type: 'ended'},
]

const ESC = '\u001B'
/** Escape sequences, line ends, and the text between. */
const PARTS = new RegExp(`${ESC}\\[\\??\\d*[A-Za-z]|\\n|\\r|[^${ESC}\\n\\r]+`, 'g')

/** A terminal as far as the cursor and the lines go. */
class FakeScreen extends EventEmitter {
  readonly isTTY: boolean
  columns = 80
  rows = 24
  written = ''
  /** What is on it, and whether the cursor is seen. */
  lines: string[] = ['']
  row = 0
  hasCursor = true

  constructor(isTTY = true) {
    super()
    this.isTTY = isTTY
  }

  write(text: string): boolean {
    this.written += text
    for (const [part] of text.matchAll(PARTS)) this.#apply(part)
    return true
  }

  #apply(part: string): void {
    const up = /\[(\d+)A$/.exec(part)
    if (part === '\u001B[?25l') this.hasCursor = false
    else if (part === '\u001B[?25h') this.hasCursor = true
    else if (part === '\u001B[J') this.lines.length = this.row
    else if (up) this.row = Math.max(0, this.row - Number(up[1]))
    else if (part === '\n') this.row += 1
    else if (part !== '\r' && part !== '\u001B[K') this.lines[this.row] = part
  }
}

class FakeProcess extends EventEmitter {
  readonly pid = 1
  readonly killed: string[] = []

  kill(_pid: number, signal: string): void {
    this.killed.push(signal)
  }
}

function start(screen: FakeScreen, env: Record<string, string> = {}) {
  const process = new FakeProcess()
  const progress = startProgress({screen, colours: new Chalk({level: 0}), env, process})
  return {process, progress}
}

test('on a terminal the lines replace themselves, and are gone at the end', () => {
  const screen = new FakeScreen()
  const {progress} = start(screen)
  for (const event of EVENTS.slice(0, 20)) progress.on(event)
  expect(screen.hasCursor).toBe(false)
  expect(screen.lines.filter((line) => line.startsWith('connections'))).toHaveLength(1)
  for (const event of EVENTS.slice(20)) progress.on(event)
  expect(screen.lines).toEqual([])
  expect(screen.hasCursor).toBe(true)
})

test('a notice stays above them', () => {
  const screen = new FakeScreen()
  const {progress} = start(screen)
  for (const event of EVENTS.slice(0, 5)) progress.on(event)
  progress.on({type: 'notice', text: 'kill-master\u001B[2J'})
  for (const event of EVENTS.slice(5, 10)) progress.on(event)
  expect(screen.lines[0]).toBe('kill-master\\x1b[2J')
  expect(screen.lines.filter((line) => line.startsWith('latency'))).toHaveLength(1)
  progress.close()
  expect(screen.lines).toEqual(['kill-master\\x1b[2J'])
})

test('Ctrl-C, or whatever else ends the process, gives the cursor back', () => {
  const screen = new FakeScreen()
  const {process, progress} = start(screen)
  for (const event of EVENTS.slice(0, 10)) progress.on(event)
  process.emit('exit')
  expect(screen.hasCursor).toBe(true)
  const {written} = screen
  progress.close()
  progress.on({type: 'ended'})
  for (const event of EVENTS) progress.on(event)
  expect(screen.written).toBe(written)
  expect(process.eventNames()).toEqual([])
  expect(screen.eventNames()).toEqual([])
})

test('Ctrl-Z gives it back until the shell goes on', () => {
  const screen = new FakeScreen()
  const {process, progress} = start(screen)
  for (const event of EVENTS.slice(0, 10)) progress.on(event)
  process.emit('SIGTSTP')
  expect(screen.hasCursor).toBe(true)
  expect(process.killed).toEqual(['SIGSTOP'])
  process.emit('SIGCONT')
  expect(screen.hasCursor).toBe(false)
  progress.close()
})

test('a terminal that became narrower has broken the lines: they go all the same', () => {
  const screen = new FakeScreen()
  const {progress} = start(screen)
  for (const event of EVENTS.slice(0, 10)) progress.on(event)
  const before = screen.written.length
  screen.columns = 40
  screen.emit('resize')
  const up = Number(/\[(\d+)A/.exec(screen.written.slice(before))?.[1])
  // Lines of 80 columns take two rows of 40, short ones take one.
  expect(up).toBeGreaterThan(11)
  progress.close()
})

describe('where there is no terminal', () => {
  test('a line every five seconds, one for each phase, none that moves the cursor', () => {
    const screen = new FakeScreen(false)
    const {progress} = start(screen)
    for (const event of EVENTS) progress.on(event)
    const lines = screen.written.trimEnd().split('\n')
    expect(screen.written).not.toContain('\u001B')
    expect(lines.map((line) => /^(-?\d+ s)/.exec(line)?.[1] ?? 'started')).toEqual([
      'started', '-2 s', '0 s', '0 s', '5 s', '10 s', '15 s', '20 s', '25 s', '30 s', '30 s', '32 s',
    ])
    expect(lines[6]).toBe('15 s  load  1 000 open  4 000/s delivered  2 000/s sent  p99 148 ms  '
      + 'max 171 ms  nodes up to 100 MiB  334 closed by the server  1 error')
  })

  test('a dumb terminal is none', () => {
    const screen = new FakeScreen()
    start(screen, {TERM: 'dumb'}).progress.on({type: 'notice', text: 'hello'})
    expect(screen.written).toBe('hello\n')
  })

  test('nothing after it is closed', () => {
    const screen = new FakeScreen(false)
    const {progress} = start(screen)
    progress.close()
    progress.on({type: 'notice', text: 'late'})
    expect(screen.written).toBe('')
  })

  test.each([[30, 5], [300, 5], [301, 15], [3600, 15], [28_800, 60]])(
    'a run of %i s tells every %i s', (timeS, everyS) => expect(plainEveryS(timeS)).toBe(everyS),
  )

  test('seconds that no line was due for are told at the end', () => {
    const progress = new PlainProgress()
    const [sample] = seconds
    if (sample === undefined) throw new Error('The fixture has seconds')
    progress.next({type: 'started', startLine: '', timeS: 30})
    expect(progress.next({type: 'second', sample: {...sample, atS: 7}})).toEqual([])
    expect(progress.next({type: 'ended'})).toHaveLength(1)
    expect(progress.next({type: 'ended'})).toEqual([])
  })
})
