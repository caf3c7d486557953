/** `wsmesh api key`, `api keys` and `api revoke`: the file that nodes know API keys from. */
import {addApiKey, apiKeyPlace, readApiKeys, removeApiKey} from '../auth/api-key-file.js'
import {API_RIGHTS, isApiKeyName, type ApiKeyEntry, type ApiRight} from '../auth/api-keys.js'
import {defaultDataDir} from '../auth/data-dir.js'
import {idFromJson} from '../protocol/target.js'
import {WsmeshError} from '../util/errors.js'
import {renderTable} from './table.js'

export interface ApiKeyFlagValues {
  readonly 'api-key-file'?: string | undefined
  readonly 'data-dir'?: string | undefined
}

export interface NewKeyFlagValues extends ApiKeyFlagValues {
  readonly allow?: readonly ApiRight[] | undefined
  readonly action?: readonly string[] | undefined
  readonly rate: number
}

/** What `api key --json` prints; an API. */
export interface NewKeyJson {
  /** Nowhere else: the file has its hash. */
  readonly key: string
  readonly name: string
  readonly allow: readonly ApiRight[]
  /** Globs; null: any. */
  readonly actions: readonly string[] | null
  /** 0: no limit. */
  readonly perSecond: number
  readonly path: string
}

function placeOf(flags: ApiKeyFlagValues) {
  return apiKeyPlace(flags['api-key-file'], flags['data-dir'] ?? defaultDataDir(process.env))
}

/** Throws USAGE for what is no name or glob, else as addApiKey. */
export async function newApiKey(name: string, flags: NewKeyFlagValues): Promise<NewKeyJson> {
  if (!isApiKeyName(name)) {
    const allowed = 'letters, digits and . _ @ / - are allowed, 64 at most'
    throw new WsmeshError('USAGE', `${JSON.stringify(name)} is no name of a key: ${allowed}`)
  }
  const {allow = ['publish'], action: actions, rate: perSecond} = flags
  const wrong = actions?.find((glob) => idFromJson(glob) === undefined)
  if (wrong !== undefined) {
    throw new WsmeshError('USAGE', `--action ${JSON.stringify(wrong)} is no glob: 1 to 255 bytes`)
  }
  if (actions !== undefined && !allow.includes('publish')) {
    throw new WsmeshError('USAGE', '--action is for keys that may publish', {
      suggestions: ['--allow publish'],
    })
  }
  const place = placeOf(flags)
  // In one order, each once.
  const rights = API_RIGHTS.filter((right) => allow.includes(right))
  const about = {name, allow: rights, ...(actions !== undefined && {actions}), perSecond}
  const key = await addApiKey(place, about)
  return {key, name, allow: rights, actions: actions ?? null, perSecond, path: place.path}
}

/** What `api keys --json` prints; an API. */
export interface ApiKeysJson {
  readonly path: string
  readonly keys: readonly Omit<NewKeyJson, 'key' | 'path'>[]
}

export async function listApiKeys(flags: ApiKeyFlagValues): Promise<ApiKeysJson> {
  const place = placeOf(flags)
  const {entries} = await readApiKeys(place)
  return {path: place.path, keys: entries.map(keyJson)}
}

function keyJson({name, allow, actions, perSecond = 0}: ApiKeyEntry) {
  return {name, allow, actions: actions ?? null, perSecond}
}

/** Throws USAGE where there is no such key. */
export async function revokeApiKey(
  name: string, flags: ApiKeyFlagValues,
): Promise<{readonly revoked: string; readonly path: string}> {
  const place = placeOf(flags)
  await removeApiKey(place, name)
  return {revoked: name, path: place.path}
}

export function describeApiKeys({path, keys}: ApiKeysJson): string {
  if (keys.length === 0) return `No API keys in ${path}\nTry: wsmesh api key NAME`
  const columns = [
    {header: 'NAME', cell: (key: KeyRow) => key.name},
    {header: 'ALLOWED', cell: (key: KeyRow) => key.allow.join(', ')},
    {header: 'ACTIONS', cell: actionsOf},
    {header: 'RATE', cell: (key: KeyRow) => (key.perSecond === 0 ? 'any' : `${key.perSecond}/s`)},
  ] as const
  return renderTable(columns, keys).join('\n')
}

type KeyRow = ApiKeysJson['keys'][number]

function actionsOf({allow, actions}: KeyRow): string {
  return allow.includes('publish') ? (actions?.join(', ') ?? 'any') : ''
}
