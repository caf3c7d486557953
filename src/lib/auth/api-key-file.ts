/** The file of API keys: read by nodes, written by `wsmesh api key` and `wsmesh api revoke`. */
import {readFile, realpath, stat} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {WsmeshError} from '../util/errors.js'
import {
  API_KEYS_MAX, ApiKeys, formatApiKeys, hashOfApiKey, makeApiKey, parseApiKeys, type ApiKeyEntry,
} from './api-keys.js'
import {ensureDataDir} from './data-dir.js'
import {whileLocked} from './file-lock.js'
import {replaceFile} from './replace-file.js'

/** Where the keys are. */
export interface ApiKeyPlace {
  readonly path: string
  /** The data folder's own: where nobody made keys, there is no file, and there are none. */
  readonly isDefault: boolean
}

/** `named`: the flag or its variable. */
export function apiKeyPlace(named: string | undefined, dataDir: string): ApiKeyPlace {
  return {path: named ?? join(dataDir, 'api-keys.json'), isDefault: named === undefined}
}

const FILE_BYTES_MAX = 1024 * 1024

/**
 * Throws FILE_UNREADABLE for one that was named and cannot be read, CONFIG_INVALID for one with
 * something wrong in it, or that anybody may write.
 */
export async function readApiKeys({path, isDefault}: ApiKeyPlace): Promise<ApiKeys> {
  let text: string
  let mode: number
  try {
    const about = await stat(path)
    // Of what never ends, such as /dev/zero, all of memory would be read.
    if (!about.isFile() || about.size > FILE_BYTES_MAX) {
      throw new Error(`it is no file of at most ${FILE_BYTES_MAX} bytes`)
    }
    mode = about.mode
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (isDefault && isMissing(error)) return new ApiKeys([])
    throw new WsmeshError('FILE_UNREADABLE', `Cannot read the API keys from ${path}`, {
      cause: error,
      suggestions: [`wsmesh api key NAME --api-key-file ${path}   (makes a key, and the file)`],
    })
  }
  // Windows has no such bits: everything looks writable there.
  if (process.platform !== 'win32' && (mode & 0o002) !== 0) {
    const octal = (mode & 0o777).toString(8)
    throw new WsmeshError('CONFIG_INVALID', `Anybody can add a key to ${path} (mode ${octal})`, {
      suggestions: [`chmod o-w ${path}`],
    })
  }
  return parseApiKeys(text, path)
}

/** Makes a key, and the file if need be; the key itself is nowhere but in what is returned. */
export function addApiKey(
  place: ApiKeyPlace, about: Omit<ApiKeyEntry, 'sha256'>,
): Promise<string> {
  return whileAlone(place, () => add(place, about))
}

async function add(
  place: ApiKeyPlace, about: Omit<ApiKeyEntry, 'sha256'>,
): Promise<string> {
  const entries = await entriesOf(place)
  if (entries.some(({name}) => name === about.name)) {
    throw new WsmeshError('USAGE', `There is a key called ${about.name} in ${place.path}`, {
      suggestions: [
        `wsmesh api revoke ${about.name}   (ends that one)`,
        `wsmesh api key ${about.name}-2   (both hold, until the old one is revoked)`,
      ],
    })
  }
  if (entries.length >= API_KEYS_MAX) {
    throw new WsmeshError('USAGE', `${place.path} has ${API_KEYS_MAX} keys, which is the most`, {
      suggestions: ['wsmesh api keys   (which are there)', 'wsmesh api revoke NAME'],
    })
  }
  const key = makeApiKey()
  const {name, ...rest} = about
  await write(place, [...entries, {name, sha256: hashOfApiKey(key), ...rest}])
  return key
}

/** Throws USAGE where there is none of that name. */
export function removeApiKey(place: ApiKeyPlace, name: string): Promise<void> {
  return whileAlone(place, () => remove(place, name))
}

/** Of two who read before either wrote, the first would have written in vain. */
async function whileAlone<T>(place: ApiKeyPlace, write: () => Promise<T>): Promise<T> {
  try {
    if (place.isDefault) await ensureDataDir(dirname(place.path))
    return await whileLocked(await realPathOf(place), write)
  } catch (error) {
    throw error instanceof WsmeshError ? error : unwritable(place, error)
  }
}

function realPathOf({path}: ApiKeyPlace): Promise<string> {
  return realpath(path).catch(() => path)
}

async function remove(place: ApiKeyPlace, name: string): Promise<void> {
  const entries = await entriesOf(place)
  const left = entries.filter((each) => each.name !== name)
  if (left.length === entries.length) {
    throw new WsmeshError('USAGE', `No key in ${place.path} is called ${JSON.stringify(name)}`, {
      suggestions: ['wsmesh api keys   (their names)'],
    })
  }
  await write(place, left)
}

/** What is to be written may begin with no file, whoever named it. */
async function entriesOf({path}: ApiKeyPlace): Promise<readonly ApiKeyEntry[]> {
  return (await readApiKeys({path, isDefault: true})).entries
}

/** It has no secrets: hashes of keys that nobody can guess. */
const NEW_FILE_MODE = 0o644

async function write(place: ApiKeyPlace, entries: readonly ApiKeyEntry[]): Promise<void> {
  await replaceFile(await realPathOf(place), formatApiKeys(entries), NEW_FILE_MODE)
}

function unwritable({path}: ApiKeyPlace, cause: unknown): WsmeshError {
  return new WsmeshError('FILE_UNWRITABLE', `Cannot write API keys to ${path}`, {
    cause,
    suggestions: ['Run it as the user that owns the file and its folder'],
  })
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
