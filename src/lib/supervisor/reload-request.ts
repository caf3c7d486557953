/**
 * How a supervisor is asked for a reload: a file `PID.reload` beside its own, then SIGHUP. The file
 * says that somebody wants this, where the signal alone may mean that the terminal was closed.
 */
import {unlinkSync} from 'node:fs'
import {unlink, writeFile} from 'node:fs/promises'
import {join} from 'node:path'

import {WsmeshError} from '../util/errors.js'
import {findSupervisor, FOLDER, type SupervisorFile} from './node-files.js'

/**
 * Has a supervisor replace its nodes, one after another; resolves with what it said of itself just
 * before. Rejects with NODE_UNREACHABLE for a process that is none of this data folder's, and with
 * NOT_ALLOWED for another user's.
 */
export async function requestReload(dataDir: string, pid: number): Promise<SupervisorFile> {
  const before = await findSupervisor(dataDir, pid)
  if (before === undefined) throw noSupervisor(dataDir, pid)
  const request = requestFile(join(dataDir, FOLDER), pid)
  await writeFile(request, '', {mode: 0o600})
  try {
    process.kill(pid, 'SIGHUP')
  } catch (error) {
    await unlink(request).catch(() => undefined)
    const isForeign = error instanceof Error && 'code' in error && error.code === 'EPERM'
    if (!isForeign) throw noSupervisor(dataDir, pid)
    throw new WsmeshError('NOT_ALLOWED', `The supervisor ${pid} is another user's`, {
      cause: error, suggestions: ['sudo -u USER wsmesh reload   (as who runs it)'],
    })
  }
  return before
}

/** Whether the SIGHUP that came was such a request, which is then taken. */
export function takeReloadRequest(folder: string, pid: number): boolean {
  try {
    unlinkSync(requestFile(folder, pid))
    return true
  } catch {
    // Nobody asked.
    return false
  }
}

function requestFile(folder: string, pid: number): string {
  return join(folder, `${pid}.reload`)
}

function noSupervisor(dataDir: string, pid: number): WsmeshError {
  return new WsmeshError('NODE_UNREACHABLE', `Process ${pid} is no supervisor of ${dataDir}`)
}
