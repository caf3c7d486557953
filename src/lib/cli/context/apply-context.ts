import {readFile} from 'node:fs/promises'

import {WsmeshError} from '../../util/errors.js'
import {applyConfigFile, parseConfigFile, type ConfigFile} from '../config-file.js'
import {CONFIG_KEYS} from '../config-keys.js'
import {
  type Context, CONTEXT_FLAGS, contextNamed, type Contexts, MESH_FLAGS, NO_CONTEXT,
} from './contexts.js'

/** A context that a command works in. */
export interface ChosenContext {
  readonly name: string
  readonly isProduction: boolean
  /** How it was chosen. */
  readonly by: 'flag' | 'environment' | 'use'
  /** By flag name. */
  readonly settings: ReadonlyMap<string, string>
}

type Environment = Readonly<Record<string, string | undefined>>

/** The parts of oclif's parser output that contexts and configuration files have a say in. */
export interface ParsedFlags {
  readonly flags: Record<string, unknown>
  readonly metadata: {
    readonly flags: Record<string, {readonly setFromDefault?: boolean} | undefined>
  }
  readonly raw: readonly {readonly type: string; readonly flag?: string}[]
}

export interface Sources {
  readonly command: string
  /** The command's flags. */
  readonly known: readonly string[]
  readonly env: Environment
  readonly file: ConfigFile | undefined
  /** Called only where a context may be meant. */
  readonly contexts: () => Promise<Contexts>
}

/**
 * Gives the flags that the command line does not set their values, and returns the context if one
 * is used. A context ranks where it was chosen: by --context behind the flags themselves, by
 * WSMESH_CONTEXT behind the other variables, by `context use` behind wsmesh.config.json. It is
 * applied whole or not at all, so that the pool of one mesh never meets the secret of another: what
 * ranks higher and says which mesh it is (pool, data-dir, node) leaves it out; but --context stays.
 */
export async function applySettings(
  parsed: ParsedFlags, sources: Sources,
): Promise<ChosenContext | undefined> {
  const {file, known, env} = sources
  const typed = parsed.raw.filter(({type}) => type === 'flag')
  const given = new Set(typed.flatMap(({flag}) => flag ?? []))
  const inEnvironment = new Set(CONFIG_KEYS.filter(({env: name}) => name !== '' && env[name])
    .map(({flag}) => flag))
  const chosen = known.includes('context')
    ? await choose(parsed.flags['context'], given.has('context'), sources) : undefined
  const by = chosen?.by
  const isAbove = (flag: string) =>
    given.has(flag) || (by !== 'flag' && inEnvironment.has(flag))
  const isElsewhere = MESH_FLAGS.some((flag) =>
    isAbove(flag) || (by === 'use' && file?.values.has(flag) === true))
  const isUsed = chosen !== undefined && (by === 'flag' || !isElsewhere)
  if (isUsed) {
    for (const [flag, value] of chosen.settings) {
      // WSMESH_SECRET is the same setting by another way.
      const hasSecret = flag === 'secret-file' && chosen.by !== 'flag' && env['WSMESH_SECRET']
      if (!known.includes(flag) || isAbove(flag) || hasSecret) continue
      parsed.flags[flag] = value
      parsed.metadata.flags[flag] = {setFromDefault: false}
    }
  }
  if (file !== undefined) applyConfigFile(isUsed ? withoutMesh(file) : file, parsed, sources)
  return isUsed ? chosen : undefined
}

async function choose(
  named: unknown, isFlag: boolean, {contexts}: Sources,
): Promise<ChosenContext | undefined> {
  if (named === NO_CONTEXT) return undefined
  const all = await contexts()
  const name = typeof named === 'string' && named !== '' ? named : all.current
  if (name === undefined) return undefined
  const context = contextNamed(all, name)
  const by = isFlag ? 'flag' : typeof named === 'string' && named !== '' ? 'environment' : 'use'
  return {name, by, isProduction: context.isProduction, settings: await settingsOf(context, name)}
}

/** What its configuration file says, then what it says itself. */
async function settingsOf(
  {config, settings}: Context, name: string,
): Promise<ReadonlyMap<string, string>> {
  const values = new Map<string, string>()
  if (config !== undefined) {
    const text = await readFile(config, 'utf8').catch((error: unknown) => {
      throw new WsmeshError('FILE_UNREADABLE', `Cannot read ${config}, of the context ${name}`, {
        cause: error, suggestions: [`wsmesh context add ${name} --config FILE`],
      })
    })
    for (const [flag, value] of parseConfigFile(config, text).values) {
      if (isContextFlag(flag) && typeof value === 'string') values.set(flag, value)
    }
  }
  for (const [flag, value] of Object.entries(settings)) values.set(flag, value)
  return values
}

function isContextFlag(flag: string): boolean {
  return CONTEXT_FLAGS.some((name) => name === flag)
}

/** The rest of a file, beside a context: its timeout, its colours. */
function withoutMesh(file: ConfigFile): ConfigFile {
  return {...file, values: new Map([...file.values].filter(([flag]) => !isContextFlag(flag)))}
}
