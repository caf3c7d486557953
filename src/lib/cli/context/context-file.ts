import {readFile, stat} from 'node:fs/promises'
import {homedir} from 'node:os'
import {dirname, join} from 'node:path'

import {ensureDataDir, type Environment} from '../../auth/data-dir.js'
import {replaceFile} from '../../auth/replace-file.js'
import {WsmeshError} from '../../util/errors.js'
import {contextsText, parseContexts, type Contexts} from './contexts.js'

/** In XDG_CONFIG_HOME, else ~/.config. */
export function contextsPath(env: Environment): string {
  const folder = env['XDG_CONFIG_HOME']
  // The XDG specification: a relative path there is to be ignored.
  const base = folder?.startsWith('/') === true ? folder : join(env['HOME'] ?? homedir(), '.config')
  return join(base, 'wsmesh', 'contexts.json')
}

/**
 * None where there is no file. Throws CONFIG_INVALID for one that others can read, as it may have
 * passwords of pools, and for what is not as it has to be.
 */
export async function readContexts(env: Environment): Promise<Contexts> {
  const path = contextsPath(env)
  try {
    const [text, {mode}] = await Promise.all([readFile(path, 'utf8'), stat(path)])
    if ((mode & 0o077) !== 0) {
      throw new WsmeshError('CONFIG_INVALID', `Others can read your contexts in ${path}`, {
        suggestions: [`chmod 600 ${path}`],
      })
    }
    return parseContexts(text, path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return {current: undefined, byName: new Map()}
    if (error instanceof WsmeshError) throw error
    throw new WsmeshError('FILE_UNREADABLE', `Cannot read your contexts in ${path}`, {
      cause: error, suggestions: [`ls -l ${path}`],
    })
  }
}

/** For its owner only, in one rename. */
export async function writeContexts(env: Environment, contexts: Contexts): Promise<string> {
  const path = contextsPath(env)
  try {
    await ensureDataDir(dirname(path))
    await replaceFile(path, contextsText(contexts), 0o600)
  } catch (error) {
    throw new WsmeshError('FILE_UNWRITABLE', `Cannot write your contexts to ${path}`, {
      cause: error, suggestions: [`ls -ld ${dirname(path)}`],
    })
  }
  return path
}
