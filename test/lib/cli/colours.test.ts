import {expect, test} from 'vitest'

import {
  colourLevel,
  colourModeOf,
  coloursFor,
  type ColourMode,
} from '../../../src/lib/cli/colours.js'

const screen = {isTTY: true, getColorDepth: () => 8}
const pipe = {}

interface Row {
  readonly name: string
  readonly stream: typeof screen | typeof pipe
  readonly mode?: ColourMode
  readonly env?: Record<string, string>
  readonly level: number
}

test.each<Row>([
  {name: 'a screen of 256 colours', stream: screen, level: 2},
  {name: 'a pipe', stream: pipe, level: 0},
  {name: 'a screen with NO_COLOR', stream: screen, env: {NO_COLOR: '1'}, level: 0},
  {name: 'a screen with an empty NO_COLOR', stream: screen, env: {NO_COLOR: ''}, level: 2},
  {name: 'both variables', stream: screen, env: {NO_COLOR: '1', FORCE_COLOR: '1'}, level: 0},
  {name: 'always and NO_COLOR', stream: pipe, mode: 'always', env: {NO_COLOR: '1'}, level: 1},
  {name: '--color never on a screen', stream: screen, mode: 'never', level: 0},
  {name: 'never and FORCE_COLOR', stream: screen, mode: 'never', env: {FORCE_COLOR: '1'}, level: 0},
  {name: 'a pipe with FORCE_COLOR', stream: pipe, env: {FORCE_COLOR: '1'}, level: 1},
  {name: 'a pipe with CLICOLOR_FORCE', stream: pipe, env: {CLICOLOR_FORCE: '1'}, level: 1},
  {name: 'a screen with FORCE_COLOR=0', stream: screen, env: {FORCE_COLOR: '0'}, level: 0},
  {name: 'a dumb terminal', stream: screen, env: {TERM: 'dumb'}, level: 0},
])('$name has level $level', ({stream, mode = 'auto', env = {}, level}) => {
  expect(colourLevel(stream, mode, env)).toBe(level)
})

test('each stream has its own colours', () => {
  expect(coloursFor(screen, 'auto', {}).red('x')).toBe('\u001B[31mx\u001B[39m')
  expect(coloursFor(pipe, 'auto', {}).red('x')).toBe('x')
})

test.each<[string[], Record<string, string>, ColourMode]>([
  [[], {}, 'auto'],
  [['--color', 'never'], {}, 'never'],
  [['--color=always'], {}, 'always'],
  [['--', '--color=always'], {}, 'auto'],
  [[], {WSMESH_COLOR: 'never'}, 'never'],
  [['--color', 'always'], {WSMESH_COLOR: 'never'}, 'always'],
  [['--color', 'pink'], {}, 'auto'],
])('%j with %j is mode %s', (argv, env, mode) => {
  expect(colourModeOf(argv, env)).toBe(mode)
})
