/** One writer of a file at a time, whichever process it is in. */
import {open, readFile, unlink} from 'node:fs/promises'
import {setTimeout as delay} from 'node:timers/promises'
import {WsmeshError} from '../util/errors.js'

const RETRY_MS = 20

/**
 * Runs `write` while this process alone holds `<path>.lock`, which says whose it is. Waits for who
 * has it; one that is left behind is never taken away, since two would take it at once: after
 * `timeoutMs` it throws FILE_UNWRITABLE, with what to remove. Rejects as node:fs does, too.
 */
export async function whileLocked<T>(
  path: string, write: () => Promise<T>, timeoutMs = 5000,
): Promise<T> {
  const lock = `${path}.lock`
  await take(lock, performance.now() + timeoutMs)
  try {
    return await write()
  } finally {
    await unlink(lock).catch(() => undefined)
  }
}

async function take(lock: string, untilMs: number): Promise<void> {
  for (;;) {
    try {
      const file = await open(lock, 'wx', 0o644)
      try {
        await file.writeFile(String(process.pid))
      } finally {
        await file.close()
      }
      return
    } catch (error) {
      const isTaken = error instanceof Error && 'code' in error && error.code === 'EEXIST'
      if (!isTaken) throw error
      if (performance.now() >= untilMs) throw await stillTaken(lock)
    }
    await delay(RETRY_MS)
  }
}

async function stillTaken(lock: string): Promise<WsmeshError> {
  const pid = await readFile(lock, 'utf8').catch(() => '')
  const who = /^\d+$/.test(pid) ? `process ${pid}` : 'another process'
  return new WsmeshError('FILE_UNWRITABLE', `${who} holds ${lock}`, {
    suggestions: [`rm ${lock}   (if that process has ended)`],
  })
}
