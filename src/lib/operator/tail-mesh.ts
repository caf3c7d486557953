import {setTimeout as delay} from 'node:timers/promises'

import type {MessageEvent, OperatorEvent, TailFilter} from '../protocol/operator-frame.js'
import {parsePosition, type Position} from '../protocol/position.js'
import {WsmeshError} from '../util/errors.js'
import type {MeshAccess} from './mesh-access.js'
import type {OperatorConnection} from './operator-connection.js'

export interface TailHandler {
  /** A message, each position once and in order. */
  onMessage(message: MessageEvent): void
  /** Each master and term once, also when it changed while no node was tailed. */
  onNotice(event: TailNotice): void
  /** No node was found within WAITING_MS; it is looked for until the access's time is over. */
  onWaiting(): void
  /** Tailing from this node now; `lost` says why it is not the one before any more. */
  onNode(node: string, lost: string | undefined): void
}

export type TailNotice = Exclude<OperatorEvent, MessageEvent>

export const WAITING_MS = 1000

/** Between two rounds of looking for a node. */
const RETRY_MS = 250

/**
 * Streams what the mesh relays until `signal` ends it. When the node dies another one is taken, of
 * which messages in between may be missing. Rejects when none is found within the access's time.
 */
export async function tailMesh(
  access: MeshAccess,
  filter: TailFilter,
  handler: TailHandler,
  signal: AbortSignal,
): Promise<void> {
  const order = new Order()
  const masters = new Masters()
  const onEvent = (event: OperatorEvent) => {
    if (signal.aborted) return
    if (event.event === 'message') {
      if (order.isNew(event.position)) handler.onMessage(event)
    } else if (event.event !== 'master' || masters.isNew(event.master, event.term)) {
      handler.onNotice(event)
    }
  }
  let lost: string | undefined
  while (!signal.aborted) {
    const waiting = setTimeout(() => handler.onWaiting(), WAITING_MS)
    const connection = await startTail(access, filter, onEvent).finally(() => {
      clearTimeout(waiting)
    })
    handler.onNode(connection.node, lost)
    tellMaster(connection, access.timeoutMs, onEvent)
    const stop = () => connection.close()
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
    lost = `${connection.node} went away: ${await connection.closed}`
    signal.removeEventListener('abort', stop)
  }
}

async function startTail(
  access: MeshAccess,
  filter: TailFilter,
  onEvent: (event: OperatorEvent) => void,
): Promise<OperatorConnection> {
  const deadlineMs = performance.now() + access.timeoutMs
  for (;;) {
    const leftMs = Math.max(1, deadlineMs - performance.now())
    try {
      const connection = await access.findNode(leftMs, onEvent)
      await connection.tail(filter, leftMs)
      return connection
    } catch (error) {
      if (!isAwaited(error) || performance.now() + RETRY_MS > deadlineMs) throw error
      await delay(RETRY_MS)
    }
  }
}

/** Nobody is there yet, or no node has made the secret: both may change. */
function isAwaited(error: unknown): boolean {
  if (!(error instanceof WsmeshError)) return false
  return error.code === 'NODE_UNREACHABLE' || error.code === 'SECRET_MISSING'
}

/** Who is master as tailing begins; a node that is gone again by then has nothing to tell. */
function tellMaster(
  connection: OperatorConnection,
  timeoutMs: number,
  onEvent: (event: OperatorEvent) => void,
): void {
  connection.stats(timeoutMs).then(
    // Where nobody should be master, that nobody is one is no news.
    ({master, term, relay}) => relay ?? onEvent({event: 'master', master, term}),
    () => undefined,
  )
}

/** The same news comes as an event and with the first look at a node. */
class Masters {
  #last = ''

  isNew(master: string | null, term: number): boolean {
    const now = `${term} ${master}`
    const isNew = now !== this.#last
    this.#last = now
    return isNew
  }
}

/** Two nodes may both show a message when the tail moves: what is not later was seen already. */
class Order {
  #last: Position | undefined

  isNew(text: string): boolean {
    const position = parsePosition(text)
    const last = this.#last
    const isSeen = position && last && position.epoch === last.epoch && position.seq <= last.seq
    if (isSeen) return false
    this.#last = position ?? last
    return true
  }
}
