import {randomBytes} from 'node:crypto'
import {open, rename, stat, unlink} from 'node:fs/promises'

/** Of a file that is not there yet, and whose it is nobody knows. */
interface Keeps {
  readonly mode: number
  readonly owner: {readonly uid: number; readonly gid: number} | undefined
}

/**
 * Another content in one rename, with the same owner and mode: no reader sees a half of it. One
 * that is not there is made with `newMode`; without it, that is an error. Rejects as node:fs does.
 */
export async function replaceFile(path: string, text: string, newMode?: number): Promise<void> {
  const draft = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`
  try {
    const {mode, owner} = await keepsOf(path, newMode)
    const file = await open(draft, 'wx', 0o600)
    try {
      await file.writeFile(text)
      await file.chmod(mode)
      // Root may change the file of the user that nodes run as: they must still be able to read it.
      if (owner !== undefined && process.getuid?.() === 0) await file.chown(owner.uid, owner.gid)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, path)
  } catch (error) {
    await unlink(draft).catch(() => undefined)
    throw error
  }
}

async function keepsOf(path: string, newMode: number | undefined): Promise<Keeps> {
  try {
    const {mode, uid, gid} = await stat(path)
    return {mode: mode & 0o777, owner: {uid, gid}}
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    if (!isMissing || newMode === undefined) throw error
    return {mode: newMode, owner: undefined}
  }
}
