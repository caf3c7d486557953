/** Follows the messages for one user for a while: for a minute, or two hundred of them. */
import type {MeshAccess} from '../operator/mesh-access.js'
import {tailMesh} from '../operator/tail-mesh.js'
import {WsmeshError} from '../util/errors.js'
import type {TraceRow} from './wire.js'

export const TRACE_MS = 60_000
export const TRACE_MESSAGES = 200
const DETAILS_CHARACTERS = 500

/** Resolves with why it is over; `signal` ends it before its time. */
export async function traceUser(
  access: MeshAccess,
  user: string,
  signal: AbortSignal,
  onRow: (row: TraceRow) => void,
): Promise<string> {
  const ended = new AbortController()
  const end = (): void => ended.abort()
  signal.addEventListener('abort', end)
  if (signal.aborted) end()
  let why = 'stopped'
  const timer = setTimeout(() => {
    why = 'a minute is over'
    end()
  }, TRACE_MS)
  let count = 0
  try {
    await tailMesh(access, {user}, {
      onMessage({at, action, origin, position, details}) {
        if (ended.signal.aborted) return
        const text = JSON.stringify(details) ?? ''
        const isLong = text.length > DETAILS_CHARACTERS
        const cut = isLong ? `${text.slice(0, DETAILS_CHARACTERS)}…` : text
        onRow({at, action, origin, position, details: cut})
        count += 1
        if (count < TRACE_MESSAGES) return
        why = `${TRACE_MESSAGES} messages were shown`
        end()
      },
      onNotice() {},
      onWaiting() {},
      onNode() {},
    }, ended.signal)
  } catch (error) {
    if (!(error instanceof WsmeshError)) throw error
    why = error.message
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
  }
  return why
}
