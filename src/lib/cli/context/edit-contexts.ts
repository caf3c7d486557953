import {existsSync} from 'node:fs'
import {homedir} from 'node:os'
import {resolve} from 'node:path'
import {text as textOf} from 'node:stream/consumers'

import type {Environment} from '../../auth/data-dir.js'
import {nodeUrlOf} from '../../operator/node-url.js'
import {parsePoolUrl} from '../../pool/pool-url.js'
import {redactUrl} from '../../sql/redact-url.js'
import {WsmeshError} from '../../util/errors.js'
import {assertPiped} from '../details-input.js'
import {contextsPath, readContexts, writeContexts} from './context-file.js'
import {
  checkContextName, type Context, CONTEXT_FLAGS, type Contexts, inUse, NO_CONTEXT, withContext,
  withoutContext,
} from './contexts.js'

/** What `context add --json` prints, and the list for each; an API. Passwords are ***. */
export interface ContextJson {
  readonly name: string
  readonly current: boolean
  readonly production: boolean
  readonly config: string | null
  readonly settings: Readonly<Record<string, string>>
  readonly file: string
}

export interface ContextsJson {
  readonly current: string | null
  readonly file: string
  readonly contexts: readonly ContextJson[]
}

export interface CurrentJson {
  readonly current: string | null
}

export interface AddFlagValues extends Readonly<Record<string, unknown>> {
  readonly production: boolean
  readonly config?: string | undefined
}

interface Surroundings {
  readonly env: Environment
  readonly stdin: NodeJS.ReadStream
}

/** `missing`: files that were named and are not there (yet). Throws USAGE, POOL_URL_INVALID. */
export async function addContext(
  name: string, flags: AddFlagValues, {env, stdin}: Surroundings,
): Promise<{readonly context: ContextJson; readonly missing: readonly string[]}> {
  checkContextName(name)
  const settings: Record<string, string> = {}
  for (const flag of CONTEXT_FLAGS) {
    const value = flags[flag]
    if (typeof value === 'string') settings[flag] = await settingOf(flag, value, stdin)
  }
  const config = flags.config === undefined ? undefined : fromRoot(flags.config)
  if (config === undefined && Object.keys(settings).length === 0) {
    throw new WsmeshError('USAGE', 'A context has to say which mesh it is', {
      suggestions: ['--pool URL, --node URL, --data-dir DIR or --config FILE'],
    })
  }
  const context: Context = {settings, config, isProduction: flags.production}
  const contexts = withContext(await readContexts(env), name, context)
  await writeContexts(env, contexts)
  const files = ['secret-file', 'tls-cert', 'tls-key', 'tls-ca'].map((flag) => settings[flag])
  const missing = [...files, config]
    .filter((path) => path !== undefined)
    .filter((path) => !existsSync(path))
  return {context: contextJson(name, context, contexts, env), missing}
}

export async function useContext(name: string, env: Environment): Promise<CurrentJson> {
  const contexts = inUse(await readContexts(env), name === NO_CONTEXT ? undefined : name)
  await writeContexts(env, contexts)
  return {current: contexts.current ?? null}
}

export async function removeContext(name: string, env: Environment): Promise<CurrentJson> {
  const contexts = withoutContext(await readContexts(env), name)
  await writeContexts(env, contexts)
  return {current: contexts.current ?? null}
}

export async function listContexts(env: Environment): Promise<ContextsJson> {
  const contexts = await readContexts(env)
  return {
    current: contexts.current ?? null,
    file: contextsPath(env),
    contexts: [...contexts.byName].map(([name, context]) =>
      contextJson(name, context, contexts, env)),
  }
}

async function settingOf(
  flag: (typeof CONTEXT_FLAGS)[number], value: string, stdin: NodeJS.ReadStream,
): Promise<string> {
  if (value === '') {
    throw new WsmeshError('USAGE', `--${flag} is empty`, {suggestions: [`leave --${flag} out`]})
  }
  switch (flag) {
    case 'pool':
      return poolOf(value, stdin)
    case 'node':
      nodeUrlOf(value)
      return value
    case 'pool-prefix':
      return value
    default:
      return fromRoot(value)
  }
}

async function poolOf(value: string, stdin: NodeJS.ReadStream): Promise<string> {
  if (value === '-') assertPiped(stdin, '--pool -')
  const url = value === '-' ? (await textOf(stdin)).trim() : value
  parsePoolUrl(url, '/')
  const file = /^sqlite:([^/].*)$/.exec(url)?.[1]
  return file === undefined ? url : `sqlite:${fromRoot(file)}`
}

function fromRoot(path: string): string {
  return resolve(path.replace(/^~(?=\/|$)/, homedir()))
}

function contextJson(
  name: string, {settings, config, isProduction}: Context, {current}: Contexts, env: Environment,
): ContextJson {
  const {pool} = settings
  return {
    name,
    current: name === current,
    production: isProduction,
    config: config ?? null,
    settings: {...settings, ...(pool === undefined ? {} : {pool: redactUrl(pool)})},
    file: contextsPath(env),
  }
}
