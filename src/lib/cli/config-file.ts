import {readFile} from 'node:fs/promises'
import {dirname, join, resolve} from 'node:path'

import {WsmeshError} from '../util/errors.js'
import {CONFIG_KEYS, configKey} from './config-keys.js'

export const CONFIG_FILE_NAME = 'wsmesh.config.json'

export interface ConfigFile {
  readonly path: string
  /** By flag name, parsed. */
  readonly values: ReadonlyMap<string, unknown>
}

/** The parts of oclif's parser output that a configuration file has a say in. */
interface Parsed {
  readonly flags: Record<string, unknown>
  readonly metadata: {
    readonly flags: Readonly<Record<string, {readonly setFromDefault?: boolean} | undefined>>
  }
}

/**
 * The nearest wsmesh.config.json, in `folder` or above it; undefined when there is none. Throws
 * CONFIG_INVALID that names file, key and what is allowed, FILE_UNREADABLE when it cannot be read.
 */
export async function readConfigFile(folder: string): Promise<ConfigFile | undefined> {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const path = join(at, CONFIG_FILE_NAME)
    const text = await readIfThere(path)
    if (text !== undefined) return parseConfigFile(path, text)
    if (dirname(at) === at) return undefined
  }
}

export function parseConfigFile(path: string, text: string): ConfigFile {
  const object = parseObject(path, text)
  const values = new Map<string, unknown>()
  for (const [name, raw] of Object.entries(object)) {
    if (name === '$schema') continue
    const entry = configKey(name)
    if (entry === undefined) throw unknownKey(path, name)
    const value = entry.read(raw)
    if (value === undefined) {
      throw new WsmeshError(
        'CONFIG_INVALID',
        `${path}: "${name}" is ${excerpt(name, raw)}; allowed is ${entry.allowed}`,
      )
    }
    values.set(entry.flag, entry.isPath ? atFolder(dirname(path), value) : value)
  }
  return {path, values}
}

export interface ApplyTo {
  readonly command: string
  /** The command's flags. */
  readonly known: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Gives the file's values to the flags that neither the command line nor the environment set. */
export function applyConfigFile(file: ConfigFile, parsed: Parsed, to: ApplyTo): void {
  for (const [flag, value] of file.values) {
    const only = CONFIG_KEYS.find((entry) => entry.flag === flag)?.only
    // The doctor looks at what serve would be started with.
    const isFor = only === undefined || only === to.command || to.command === 'doctor'
    if (!to.known.includes(flag) || !isFor) continue
    // The environment wins: WSMESH_SECRET is the same setting by another way.
    if (flag === 'secret-file' && to.env['WSMESH_SECRET']) continue
    const isDefault = parsed.metadata.flags[flag]?.setFromDefault === true
    if (isDefault || parsed.flags[flag] === undefined) parsed.flags[flag] = value
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined
    throw new WsmeshError('FILE_UNREADABLE', `Cannot read ${path}`, {
      cause: error,
      suggestions: [`ls -l ${path}`],
    })
  }
}

function parseObject(path: string, text: string): object {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new WsmeshError('CONFIG_INVALID', `${path} is not JSON`, {cause: error})
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new WsmeshError('CONFIG_INVALID', `${path} must hold one JSON object`, {
    suggestions: ['{"pool": "mysql://user@host/database"}'],
  })
}

function unknownKey(path: string, name: string): WsmeshError {
  const isSecret = name.toLowerCase() === 'secret'
  return new WsmeshError('CONFIG_INVALID', `${path}: there is no setting "${name}"`, {
    suggestions: isSecret
      ? ['"secretFile": "path"   (the secret has a file of its own, readable by its owner only)']
      : [`one of: ${CONFIG_KEYS.map((entry) => entry.key).join(', ')}`],
  })
}

/** Nothing that could be a password is repeated. */
function excerpt(name: string, raw: unknown): string {
  if (['pool', 'authSqlUrl', 'authUrl'].includes(name)) return 'not that'
  const text = JSON.stringify(raw) ?? String(raw)
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}

function atFolder(folder: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => atFolder(folder, item))
  if (typeof value !== 'string') return value
  const file = /^sqlite:([^/:~].*)$/.exec(value)?.[1]
  if (file !== undefined) return `sqlite:${resolve(folder, file)}`
  if (/^[a-z][a-z0-9+.-]*:/i.test(value)) return value
  return resolve(folder, value)
}

