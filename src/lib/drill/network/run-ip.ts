/** The program `ip` of iproute2. */
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {text} from 'node:stream/consumers'
import {WsmeshError} from '../../util/errors.js'

/**
 * Runs it, with a batch of commands on its stdin if there is one; resolves with its output.
 * Rejects with NODE_FAILED, in its own words, when it ends with another status than 0.
 */
export async function runIp(args: readonly string[], batch?: readonly string[]): Promise<string> {
  const all = batch === undefined ? args : [...args, '-batch', '-']
  const child = spawn('ip', all, {stdio: ['pipe', 'pipe', 'pipe']})
  // It may end before it has read all: its status says so.
  child.stdin.on('error', () => {})
  child.stdin.end(batch === undefined ? '' : `${batch.join('\n')}\n`)
  const ended = once(child, 'close')
  const [out, complaint] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [status]: unknown[] = await ended.catch((error: Error) => [error.message])
  if (status === 0) return out
  const why = complaint.trim().split('\n')[0] || `status ${String(status)}`
  throw new WsmeshError('NODE_FAILED', `ip ${args.join(' ')}: ${why}`)
}
