import {randomBytes} from 'node:crypto'
import {link, open, readFile, stat, unlink} from 'node:fs/promises'
import {join} from 'node:path'
import {WsmeshError} from '../util/errors.js'
import {ensureDataDir, type Environment} from './data-dir.js'
import type {MeshSecret} from './mesh-secret.js'
import {parseSecret} from './secret-file.js'

export interface SecretOptions {
  /** The flag --secret-file. */
  readonly secretFile?: string | undefined
  readonly env: Environment
  readonly dataDir: string
  /** False: one that is not there is SECRET_MISSING. Only what begins a mesh makes its secret. */
  readonly mayMake?: boolean
  /** Called with the path of a secret that had to be made. */
  readonly onMade?: (path: string) => void
}

/**
 * The secret of the mesh: from --secret-file, WSMESH_SECRET_FILE, WSMESH_SECRET or the file
 * `secret` of the data folder, which is made if it is not there. Throws WsmeshError FILE_UNREADABLE
 * for a file that was named and cannot be read, SECRET_INVALID for one that others can read and for
 * a secret that is too short, SECRET_MISSING when none is there and none may be made.
 */
export async function loadSecret(options: SecretOptions): Promise<MeshSecret> {
  const {secretFile, env, dataDir, mayMake = true, onMade} = options
  const named = secretFile ?? nonEmpty(env['WSMESH_SECRET_FILE'])
  if (named !== undefined) return readSecret(named)
  const given = env['WSMESH_SECRET']
  if (given !== undefined) return parseSecret(given, 'WSMESH_SECRET')
  const path = join(dataDir, 'secret')
  if (!(await exists(path))) {
    if (!mayMake) throw missing(path)
    await ensureDataDir(dataDir)
    await makeSecret(path)
    onMade?.(path)
  }
  return readSecret(path)
}

function missing(path: string): WsmeshError {
  return new WsmeshError('SECRET_MISSING', `There is no mesh secret at ${path}`, {
    suggestions: [
      'Is a node running with this --data-dir? wsmesh serve makes the secret',
      'If the mesh is elsewhere, give its secret: --secret-file FILE or WSMESH_SECRET',
    ],
  })
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}

/** The secret of a file that was loaded before, as it is now. Rejects as loadSecret does. */
export async function readSecret(path: string): Promise<MeshSecret> {
  let text: string
  let mode: number
  try {
    mode = (await stat(path)).mode
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw new WsmeshError('FILE_UNREADABLE', `Cannot read the mesh secret from ${path}`, {
      cause: error,
      suggestions: ['Check the path and who may read it'],
    })
  }
  // Windows has no such bits: everything looks readable there.
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    const octal = (mode & 0o777).toString(8)
    throw new WsmeshError(
      'SECRET_INVALID',
      `Others can read the mesh secret in ${path} (mode ${octal})`,
      {suggestions: [`chmod 600 ${path}`]},
    )
  }
  return parseSecret(text, path)
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw new WsmeshError('FILE_UNREADABLE', `Cannot look for the mesh secret at ${path}`, {
      cause: error,
    })
  }
}

/**
 * Written under another name and linked to its own: `link` fails if the name is taken, so of many
 * processes starting at once the first wins, and nobody ever sees a half-written file.
 */
async function makeSecret(path: string): Promise<void> {
  const draft = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`
  try {
    const file = await open(draft, 'wx', 0o600)
    try {
      await file.writeFile(`${randomBytes(32).toString('base64url')}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    try {
      await link(draft, path)
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
    } finally {
      await unlink(draft)
    }
  } catch (error) {
    throw new WsmeshError('FILE_UNREADABLE', `Cannot write the mesh secret to ${path}`, {
      cause: error,
      suggestions: ['Give one with --secret-file', 'Give another folder with --data-dir'],
    })
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
