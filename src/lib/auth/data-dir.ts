import {mkdir, stat} from 'node:fs/promises'
import {homedir} from 'node:os'
import {dirname, join, resolve} from 'node:path'
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
    await makeFolder(resolve(dataDir))
  } catch (error) {
    throw new WsmeshError('FILE_UNREADABLE', `Cannot make the data folder ${dataDir}`, {
      cause: error,
      suggestions: ['Give another folder with --data-dir or WSMESH_DATA_DIR'],
    })
  }
}

/**
 * Level by level: where nothing can be made (below /proc) `mkdir -p` of Node 20 never ends, since
 * it answers each ENOENT with another try.
 */
async function makeFolder(path: string): Promise<void> {
  if (await isFolder(path)) return
  if (dirname(path) !== path) await makeFolder(dirname(path))
  try {
    await mkdir(path, {mode: 0o700})
  } catch (error) {
    // Another process was quicker.
    if (!(await isFolder(path))) throw error
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}
