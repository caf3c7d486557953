import {Chalk, type ChalkInstance} from 'chalk'

export type ColourMode = 'auto' | 'always' | 'never'

export const COLOUR_MODES: readonly ColourMode[] = ['auto', 'always', 'never']

/** What decides about colour, of a stream such as process.stdout. */
export interface ColourStream {
  readonly isTTY?: boolean
  getColorDepth?(env?: object): number
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * One chalk per stream, since stdout may be a pipe while stderr is a screen. Colour only stresses
 * what a word or a sign says too. Order: --color, NO_COLOR (if not empty: chalk 5 ignores it),
 * FORCE_COLOR or CLICOLOR_FORCE, then whether the stream is a terminal that shows colours.
 */
export function coloursFor(
  stream: ColourStream,
  mode: ColourMode,
  env: Environment,
): ChalkInstance {
  return new Chalk({level: colourLevel(stream, mode, env)})
}

export function colourLevel(
  stream: ColourStream,
  mode: ColourMode,
  env: Environment,
): 0 | 1 | 2 | 3 {
  if (mode === 'never') return 0
  if (mode === 'always') return levelOfDepth(stream, env) || 1
  if (isSet(env['NO_COLOR'])) return 0
  if (forces(env['FORCE_COLOR']) || forces(env['CLICOLOR_FORCE'])) {
    return levelOfDepth(stream, env) || 1
  }
  if (env['FORCE_COLOR'] === '0' || env['FORCE_COLOR'] === 'false') return 0
  if (stream.isTTY !== true || env['TERM'] === 'dumb') return 0
  return levelOfDepth(stream, env)
}

/**
 * The colour mode before flags are parsed: an error in the flags has colours too. A value that
 * is no mode is left for the parser to refuse.
 */
export function colourModeOf(argv: readonly string[], env: Environment): ColourMode {
  let text = env['WSMESH_COLOR'] ?? 'auto'
  for (const [index, argument] of argv.entries()) {
    if (argument === '--') break
    if (argument === '--color') text = argv[index + 1] ?? text
    if (argument.startsWith('--color=')) text = argument.slice('--color='.length)
  }
  return COLOUR_MODES.find((mode) => mode === text) ?? 'auto'
}

function levelOfDepth(stream: ColourStream, env: Environment): 0 | 1 | 2 | 3 {
  const depth = stream.isTTY === true ? (stream.getColorDepth?.({...env}) ?? 4) : 4
  if (depth >= 24) return 3
  if (depth >= 8) return 2
  return depth >= 4 ? 1 : 0
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== ''
}

function forces(value: string | undefined): boolean {
  return isSet(value) && value !== '0' && value !== 'false'
}
