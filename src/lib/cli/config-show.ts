import {defaultDataDir} from '../auth/data-dir.js'
import {redactUrl} from '../sql/redact-url.js'
import {formatDuration} from '../util/duration.js'
import type {ChosenContext} from './context/apply-context.js'
import type {ConfigFile} from './config-file.js'
import {CONFIG_KEYS, type ConfigKey} from './config-keys.js'

type Environment = Readonly<Record<string, string | undefined>>

export type Origin = 'flag' | 'environment' | 'file' | 'context' | 'default'

/** What `config show --json` prints; an API. */
export interface ConfigJson {
  /** The configuration file found, if any. */
  readonly file: string | null
  readonly settings: readonly SettingJson[]
}

export interface SettingJson {
  readonly key: string
  /** Nothing secret: passwords are ***. Null: not set. */
  readonly value: string | null
  readonly origin: Origin
  /** The flag, variable or file that it comes from. */
  readonly source: string | null
}

export interface ConfigSources {
  /** Flags given on the command line, by name. */
  readonly flags: Readonly<Record<string, unknown>>
  readonly env: Environment
  readonly file: ConfigFile | undefined
  /** The one that is used, if any. */
  readonly context?: ChosenContext | undefined
}

/** Every setting with the value that commands would use, and where it comes from. */
export function showConfig(sources: ConfigSources): ConfigJson {
  return {
    file: sources.file?.path ?? null,
    settings: [...CONFIG_KEYS.map((key) => settingOf(key, sources)), secretOf(sources.env)],
  }
}

function settingOf(key: ConfigKey, sources: ConfigSources): SettingJson {
  const {flags, env, file, context} = sources
  const text = (value: unknown) => valueText(key, value)
  const name = key.key
  if (flags[key.flag] !== undefined) {
    const source = `--${key.flag}`
    return {key: name, value: text(flags[key.flag]), origin: 'flag', source}
  }
  const inContext = context?.settings.get(key.flag)
  const ofContext = context === undefined || inContext === undefined ? undefined : {
    key: name, value: text(inContext), origin: 'context', source: context.name,
  } as const
  if (ofContext && context?.by === 'flag') return ofContext
  if (key.env !== '' && env[key.env]) {
    return {key: name, value: text(env[key.env]), origin: 'environment', source: key.env}
  }
  if (ofContext) return ofContext
  if (file?.values.has(key.flag)) {
    return {key: name, value: text(file.values.get(key.flag)), origin: 'file', source: file.path}
  }
  const fallback = key.flag === 'data-dir' ? defaultDataDir(env) : key.defaultText
  return {key: name, value: fallback === '' ? null : fallback, origin: 'default', source: null}
}

/** Not a setting of the file, but it can be in the environment. */
function secretOf(env: Environment): SettingJson {
  const isSet = Boolean(env['WSMESH_SECRET'])
  return {
    key: 'secret',
    value: isSet ? '***' : null,
    origin: isSet ? 'environment' : 'default',
    source: isSet ? 'WSMESH_SECRET' : null,
  }
}

/** They may hold a password. */
const URL_FLAGS: readonly string[] = ['pool', 'outbox-url', 'relay', 'auth-sql-url', 'auth-url']

function valueText(key: ConfigKey, value: unknown): string {
  if (URL_FLAGS.includes(key.flag)) return redactUrl(String(value))
  if (typeof value === 'number' && key.flag === 'timeout') return formatDuration(value)
  return Array.isArray(value) ? value.join(', ') : String(value)
}
