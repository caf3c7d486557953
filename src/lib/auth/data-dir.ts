import {mkdir} from 'node:fs/promises'
import {homedir} from 'node:os'
import {join, resolve} from 'node:path'
import {WsmeshError} from '../util/errors.js'

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Where the secret, the embedded pool and remembered addresses are: WSMESH_DATA_DIR, else wsmesh in
 * XDG_DATA_HOME, else ~/.local/share/wsmesh. The folder need not exist.
 */
export function defaultDataDir(env: Environment): string {
  const own = env['WSMESH_DATA_DIR']
  if (own !== undefined && own !== '') return resolve(own)
  const shared = env['XDG_DATA_HOME']
  // The XDG specification: a relative path there is to be ignored.
  if (shared?.startsWith('/') === true) return join(shared, 'wsmesh')
  return join(env['HOME'] ?? homedir(), '.local', 'share', 'wsmesh')
}

/** Makes the folder, for its owner only; one that exists stays as it is. */
export async function ensureDataDir(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, {recursive: true, mode: 0o700})
  } catch (error) {
    throw new WsmeshError('FILE_UNREADABLE', `Cannot make the data folder ${dataDir}`, {
      cause: error,
      suggestions: ['Give another folder with --data-dir or WSMESH_DATA_DIR'],
    })
  }
}
