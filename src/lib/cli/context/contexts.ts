import {WsmeshError} from '../../util/errors.js'
import {CONFIG_KEYS} from '../config-keys.js'
import {mostSimilar} from '../similar.js'

/** A mesh under a name: which pool, who one is there, and whether to be careful. */
export interface Context {
  /** By flag name: what the flag would parse to, paths from the root. */
  readonly settings: Readonly<Record<string, string>>
  /** Of a wsmesh.config.json that has the rest. */
  readonly config?: string | undefined
  readonly isProduction: boolean
}

/** All of a user's contexts. */
export interface Contexts {
  /** What `context use` said. */
  readonly current: string | undefined
  readonly byName: ReadonlyMap<string, Context>
}

/** `--context none`: without the one that is in use. */
export const NO_CONTEXT = 'none'

/** Which mesh it is, and who one is there: all that a context may say. */
export const CONTEXT_FLAGS = ['pool', 'pool-prefix', 'data-dir', 'secret-file', 'tls-cert',
  'tls-key', 'tls-ca', 'node'] as const

/** Of these each says by itself which mesh is meant. */
export const MESH_FLAGS: readonly string[] = ['pool', 'data-dir', 'node']

const NAME = /^[\w.-]{1,64}$/

/** Throws USAGE. */
export function checkContextName(name: string): void {
  if (NAME.test(name) && name !== NO_CONTEXT) return
  const why = name === NO_CONTEXT
    ? 'means that there is none' : 'has to be 1 to 64 letters, digits and . _ -'
  throw new WsmeshError('USAGE', `The name of a context, ${quoted(name)}, ${why}`)
}

/** Throws CONFIG_INVALID that names the one that was meant. */
export function contextNamed(contexts: Contexts, name: string): Context {
  const found = contexts.byName.get(name)
  if (found !== undefined) return found
  const names = [...contexts.byName.keys()]
  const meant = mostSimilar(name, names)
  throw new WsmeshError('CONFIG_INVALID', `There is no context ${quoted(name)}`, {
    suggestions: [
      ...(meant === undefined ? [] : [`--context ${meant}`]),
      names.length === 0 ? 'wsmesh context add NAME --pool URL' : 'wsmesh context list',
    ],
  })
}

export function withContext(contexts: Contexts, name: string, context: Context): Contexts {
  checkContextName(name)
  return {...contexts, byName: new Map([...contexts.byName, [name, context]])}
}

export function withoutContext(contexts: Contexts, name: string): Contexts {
  contextNamed(contexts, name)
  const byName = new Map([...contexts.byName].filter(([other]) => other !== name))
  return {current: contexts.current === name ? undefined : contexts.current, byName}
}

export function inUse(contexts: Contexts, name: string | undefined): Contexts {
  if (name !== undefined) contextNamed(contexts, name)
  return {...contexts, current: name}
}

/** The text of the file; its names are those of wsmesh.config.json. */
export function contextsText({current, byName}: Contexts): string {
  const contexts = Object.fromEntries([...byName].map(([name, context]) => [name, plain(context)]))
  const inUse = current === undefined ? {} : {current}
  return `${JSON.stringify({...inUse, contexts}, null, 2)}\n`
}

function plain({settings, config, isProduction}: Context): object {
  return {
    ...Object.fromEntries(Object.entries(settings).map(([flag, value]) => [keyOf(flag), value])),
    ...(config === undefined ? {} : {config}),
    ...(isProduction ? {production: true} : {}),
  }
}

/** Throws CONFIG_INVALID that says what is wrong with the file. */
export function parseContexts(text: string, path: string): Contexts {
  const fail = (why: string): never => {
    throw new WsmeshError('CONFIG_INVALID', `${path}: ${why}`, {
      suggestions: [`rm ${path}   (and wsmesh context add again)`],
    })
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return fail('it is not JSON')
  }
  if (!isObject(value) || !isObject(value['contexts'])) return fail('it has no "contexts"')
  const byName = new Map(Object.entries(value['contexts']).map(([name, context]) =>
    [name, parseContext(context, name, fail)]))
  const {current} = value
  if (current === undefined) return {current, byName}
  if (typeof current !== 'string' || !byName.has(current)) {
    return fail(`"current" is ${JSON.stringify(current)}, and no context is called so`)
  }
  return {current, byName}
}

function parseContext(value: unknown, name: string, fail: (why: string) => never): Context {
  if (!isObject(value)) return fail(`the context ${name} is no object`)
  const {production, config, ...rest} = value
  const settings: Record<string, string> = {}
  for (const [key, setting] of Object.entries(rest)) {
    const flag = CONTEXT_FLAGS.find((flag) => keyOf(flag) === key)
    if (flag === undefined) return fail(`the context ${name} has an unknown setting "${key}"`)
    if (typeof setting !== 'string') return fail(`"${key}" of the context ${name} is no text`)
    settings[flag] = setting
  }
  if (config !== undefined && typeof config !== 'string') {
    return fail(`"config" of the context ${name} is no text`)
  }
  return {settings, config, isProduction: production === true}
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 80))
}

function keyOf(flag: string): string {
  return CONFIG_KEYS.find((entry) => entry.flag === flag)?.key ?? flag
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
