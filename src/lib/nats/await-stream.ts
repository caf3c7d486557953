/** A stream that is not to be had yet is waited for: servers and nodes are started together. */
import type {WsmeshError} from '../util/errors.js'
import type {NatsClient} from './nats-client.js'
import {findStream, type StreamSettings} from './stream.js'

/**
 * Servers that have just started need 5 to 10 s to find each other and a leader, and so does a
 * stream whose leader died. Shorter than any supervisor's patience with a node that starts.
 */
export const STREAM_WAIT_MS = 30_000
const LOOK_AGAIN_MS = 250

/**
 * As findStream, asked again until the stream is there; when it is not in time, rejects with
 * RELAY_UNREACHABLE and what was in the way last. `onWait` is called once, when it begins to wait.
 */
export async function awaitStream(
  client: NatsClient, settings: StreamSettings, onWait: (why: WsmeshError) => void,
  waitMs = STREAM_WAIT_MS,
): Promise<readonly string[]> {
  const untilMs = performance.now() + waitMs
  for (let tries = 1; ; tries += 1) {
    const found = await findStream(client, settings)
    if (found.type === 'found') return found.differs
    if (performance.now() >= untilMs) throw found.failure
    if (tries === 1) onWait(found.failure)
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
  }
}
