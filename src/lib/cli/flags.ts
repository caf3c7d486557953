import {Flags} from '@oclif/core'

import {formatDuration, parseDuration} from '../util/duration.js'
import {WsmeshError} from '../util/errors.js'
import {COLOUR_MODES} from './colours.js'

/** Flags that several commands share, each made anew since oclif writes into them. */

type DurationBounds = {
  readonly minMs?: number
  readonly maxMs?: number
}

/** "5s", "1m30s": milliseconds within bounds. */
export const durationFlag = Flags.custom<number, DurationBounds>({
  helpValue: 'DURATION',
  async parse(input, _context, options) {
    return durationWithin(input, `--${options.name}`, options)
  },
})

const DAY_MS = 86_400_000

export function durationWithin(text: string, what: string, bounds: DurationBounds): number {
  const {minMs = 1, maxMs = 30 * DAY_MS} = bounds
  const ms = parseDuration(text)
  if (ms === undefined) {
    throw new WsmeshError('USAGE', `${what} is no duration: ${JSON.stringify(text)}`, {
      suggestions: [`${what} 5s   (also: 250ms, 1m30s, 2h, 30d)`],
    })
  }
  if (ms < minMs || ms > maxMs) {
    const range = `${formatDuration(minMs)} to ${formatDuration(maxMs)}`
    throw new WsmeshError('USAGE', `${what} ${text} is out of range: ${range} is allowed`)
  }
  return ms
}

/** A flag that may be given again and takes one value each time, so `--user 42 hello Hi` works. */
export function repeatable(options: {
  readonly summary: string
  readonly helpValue: string
  readonly aliases?: string[]
  readonly char?: 'u' | 'g' | 'x'
  readonly exclusive?: string[]
  readonly dependsOn?: string[]
  readonly helpGroup?: string
  readonly env?: string
}) {
  return Flags.string({...options, multiple: true, multipleNonGreedy: true})
}

export function jsonFlag() {
  return Flags.boolean({helpGroup: 'GLOBAL', summary: 'print JSON, errors too'})
}

export function colorFlag() {
  return Flags.option({
    options: COLOUR_MODES,
    default: 'auto',
    env: 'WSMESH_COLOR',
    helpGroup: 'GLOBAL',
    helpValue: 'WHEN',
    summary: 'colour: auto, always or never; NO_COLOR is honoured',
  })()
}

/** A path that is given must be one: "" is mostly a variable of a script that is not set. */
const pathFlag = Flags.custom({
  async parse(input, _context, options) {
    if (input !== '') return input
    throw new WsmeshError('USAGE', `--${options.name} is empty`, {
      suggestions: [`leave --${options.name} out, or give a path`],
    })
  },
})

/** Which pool, and where this user's data is. */
export function poolFlags() {
  return {
    pool: Flags.string({
      env: 'WSMESH_POOL',
      helpGroup: 'POOL',
      helpValue: 'URL',
      summary: 'pool store: mysql://user@host/database or sqlite:FILE',
    }),
    'pool-prefix': Flags.string({
      env: 'WSMESH_POOL_PREFIX',
      default: 'wsmesh_',
      helpGroup: 'POOL',
      helpValue: 'TEXT',
      summary: 'start of the table names: several meshes share a database',
    }),
    'data-dir': pathFlag({
      env: 'WSMESH_DATA_DIR',
      helpGroup: 'POOL',
      helpValue: 'DIR',
      summary: 'embedded pool and secret (~/.local/share/wsmesh)',
    }),
  }
}

/** Who may: the secret itself is never a flag, it would show in the process list. */
export function secretFlags() {
  return {
    'secret-file': pathFlag({
      env: 'WSMESH_SECRET_FILE',
      helpGroup: 'POOL',
      helpValue: 'FILE',
      summary: "file with the mesh secret (the data folder's)",
    }),
  }
}

/** Keys themselves are never flags either: their file has only what they are recognized by. */
export function apiKeyFlags() {
  return {
    'api-key-file': pathFlag({
      env: 'WSMESH_API_KEY_FILE',
      helpValue: 'FILE',
      summary: "who may use the HTTP API (api-keys.json of the data folder)",
    }),
  }
}

/** For `serve` what it shows; for operators what they show nodes that ask for a certificate. */
export function tlsFlags() {
  return {
    'tls-cert': pathFlag({
      env: 'WSMESH_TLS_CERT', helpGroup: 'TLS', helpValue: 'FILE', summary: 'certificate, PEM',
    }),
    'tls-key': pathFlag({
      env: 'WSMESH_TLS_KEY', helpGroup: 'TLS', helpValue: 'FILE', summary: 'its key, PEM',
    }),
    'tls-ca': pathFlag({
      env: 'WSMESH_TLS_CA', helpGroup: 'TLS', helpValue: 'FILE',
      summary: "who signs the certificates of nodes (those of Node's own list)",
    }),
  }
}

export const TIMEOUT_DEFAULT_MS = 5000

/** A mesh by its name; see `wsmesh context`. */
export function contextFlag() {
  return Flags.string({
    env: 'WSMESH_CONTEXT', helpGroup: 'POOL', helpValue: 'NAME',
    summary: 'the mesh of this name (wsmesh context list); none: without the one in use',
  })
}

/** For what nobody does to production by mistake. */
export function yesFlag() {
  return Flags.boolean({char: 'y', summary: 'do not ask, in production either'})
}

/** How to reach a node, and for how long to try. */
export function reachFlags() {
  return {
    context: contextFlag(),
    ...poolFlags(),
    ...secretFlags(),
    ...tlsFlags(),
    node: Flags.string({
      env: 'WSMESH_NODE',
      helpGroup: 'POOL',
      helpValue: 'URL',
      summary: 'ask this node, past the pool (ws://host:port)',
    }),
    timeout: durationFlag({
      env: 'WSMESH_TIMEOUT',
      default: TIMEOUT_DEFAULT_MS,
      minMs: 1,
      maxMs: DAY_MS,
      helpGroup: 'POOL',
      summary: 'bound of the whole command',
    }),
  }
}

/** Whose connections a command is about: of users, of sessions, or one. */
export function whoseFlags() {
  return {
    user: repeatable({char: 'u', helpValue: 'ID', summary: 'of this user (repeatable)'}),
    session: repeatable({helpValue: 'ID', summary: 'of this session (repeatable)'}),
    connection: Flags.string({helpValue: 'ID', summary: 'this one, as who and explain name it'}),
  }
}
