import {randomBytes} from 'node:crypto'
import {readFile, realpath} from 'node:fs/promises'
import {WsmeshError} from '../util/errors.js'
import {replaceFile} from './replace-file.js'
import {loadSecret, type SecretOptions} from './secret.js'
import {rotated, type RotationStep} from './secret-file.js'

export interface Rotation {
  readonly path: string
  /** How many secrets the file has now. */
  readonly secrets: number
}

/**
 * One step of changing the secret in the file that loadSecret would read. The file is replaced in
 * one rename, with the same owner and mode, so that no reader sees a half of it. Throws USAGE when
 * another step is due or the secret is in no file, NOT_ALLOWED for a viewer's, else as loadSecret.
 */
export async function rotateSecret(
  options: Omit<SecretOptions, 'mayMake' | 'onMade'>,
  step: RotationStep,
): Promise<Rotation> {
  const {source, rights} = await loadSecret({...options, mayMake: false})
  if (rights === 'viewer') {
    throw new WsmeshError('NOT_ALLOWED', `${source} is a viewer's secret: it changes nothing`)
  }
  if (source === 'WSMESH_SECRET') {
    throw new WsmeshError('USAGE', 'The secret is in the variable WSMESH_SECRET, not in a file', {
      suggestions: ['--secret-file FILE', 'Put it into a file, for WSMESH_SECRET_FILE'],
    })
  }
  const path = await realpath(source)
  const before = await readFile(path, 'utf8')
  const text = rotated(before, step, randomBytes(32).toString('base64url'))
  await write(path, text)
  return {path: source, secrets: text.trimEnd().split('\n').length}
}

async function write(path: string, text: string): Promise<void> {
  try {
    await replaceFile(path, text)
  } catch (error) {
    throw new WsmeshError('FILE_UNREADABLE', `Cannot write the mesh secret to ${path}`, {
      cause: error,
      suggestions: ['Run it as the user that owns the file'],
    })
  }
}
