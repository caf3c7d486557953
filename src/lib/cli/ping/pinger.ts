import type {MeshAccess} from '../../operator/mesh-access.js'
import type {OperatorConnection} from '../../operator/operator-connection.js'
import {withResolvers} from '../../operator/resolvers.js'
import {POSITION} from '../../protocol/client-frame.js'
import {WsmeshError} from '../../util/errors.js'
import {openWire, type OpenOptions, type Proof, type Wire} from '../wire/client-wire.js'

/** Something that can be asked whether it answers, one time after the other. */
export interface Pinger {
  /** A node's id, or a URL. */
  readonly name: string
  readonly url: string
  /** Connects first, where there is no connection. Never rejects. */
  ping(waitMs: number): Promise<Pong>
  close(): void
}

/** `connected`: it had to be made first, which the time does not include. */
export type Pong =
  | {readonly ok: true; readonly ms: number; readonly connected: Connected | undefined}
  | {readonly ok: false; readonly why: string; readonly error: WsmeshError | undefined}

export interface Connected {
  readonly node: string
  readonly tookMs: number
}

/** A node at its own address, as operators and nodes reach it. Without an id: whoever is there. */
export function nodePinger(
  access: Pick<MeshAccess, 'connect'>,
  {id, url}: {readonly id: string | undefined; readonly url: string},
  signal: AbortSignal,
): Pinger {
  let open: OperatorConnection | undefined
  const connect = async (timeoutMs: number): Promise<Connected | undefined> => {
    if (open?.isOver === false) return undefined
    const startMs = performance.now()
    open = await access.connect(url, {timeoutMs, signal})
    if (id === undefined || open.node === id) {
      return {node: open.node, tookMs: performance.now() - startMs}
    }
    const {node} = open
    open.close()
    throw new WsmeshError('NODE_UNREACHABLE', `node ${node} answers there`)
  }
  return {
    name: id ?? url,
    url,
    async ping(waitMs) {
      const deadlineMs = performance.now() + waitMs
      try {
        const connected = await connect(waitMs)
        const leftMs = Math.max(1, deadlineMs - performance.now())
        const ms = await open?.ping(leftMs)
        return ms === undefined ? nothing('no connection') : {ok: true, ms, connected}
      } catch (error) {
        if (!(error instanceof WsmeshError)) throw error
        return {ok: false, why: reasonOf(error, waitMs), error}
      }
    },
    close: () => open?.close(),
  }
}

/** What says no more than "no answer" is said in a word. */
function reasonOf(error: WsmeshError, waitMs: number): string {
  if (error.code === 'TIMED_OUT') return `no answer within ${waitMs} ms`
  if (error.code !== 'NODE_UNREACHABLE') return error.message
  return error.cause instanceof Error ? error.cause.message : error.message
}

export interface ClientPingOptions extends Omit<OpenOptions, 'proof' | 'timeoutMs'> {
  readonly proof: () => Promise<Proof>
}

/**
 * The way of a client, through whatever is between. It asks the node for its position: a ping of
 * WebSocket would be answered by the first proxy.
 */
export function clientPinger(options: ClientPingOptions): Pinger {
  let open: Wire | undefined
  let count = 0
  let waiting: {readonly id: string; readonly heard: (answer: Heard) => void} | undefined
  const connect = async (timeoutMs: number): Promise<Connected | Extract<Pong, {ok: false}>> => {
    const opening = await openWire({...options, proof: await options.proof(), timeoutMs}, {
      onFrame(_text, frame) {
        if (frame?.re !== undefined && frame.re === waiting?.id) waiting.heard({type: 'answer'})
      },
      onClose(code, reason) {
        open = undefined
        waiting?.heard({type: 'closed', why: `closed with ${code} ${reason}`.trim()})
      },
    })
    if (!opening.ok) return {ok: false, why: opening.why, error: refusal(options.url, opening)}
    open = opening.wire
    return {node: opening.letIn?.node ?? '', tookMs: opening.tookMs}
  }
  return {
    name: options.url,
    url: options.url,
    async ping(waitMs) {
      const deadlineMs = performance.now() + waitMs
      const made = open === undefined ? await connect(waitMs) : undefined
      if (made !== undefined && 'ok' in made) return made
      const heard = withResolvers<Heard>()
      const id = `ping-${(count += 1)}`
      waiting = {id, heard: heard.resolve}
      const startMs = performance.now()
      const late = setTimeout(
        () => heard.resolve({type: 'closed', why: `no answer within ${waitMs} ms`}),
        Math.max(1, deadlineMs - startMs),
      )
      open?.send(JSON.stringify({action: POSITION, id}))
      const answer = await heard.promise
      clearTimeout(late)
      if (answer.type === 'closed') return nothing(answer.why)
      return {ok: true, ms: performance.now() - startMs, connected: made}
    },
    close() {
      waiting?.heard({type: 'closed', why: 'ended'})
      open?.close()
    },
  }
}

type Heard = {readonly type: 'answer'} | {readonly type: 'closed'; readonly why: string}

function nothing(why: string): Pong {
  return {ok: false, why, error: undefined}
}

/** Only what trying again cannot change is an error of its own. */
function refusal(
  url: string,
  {why, failure}: {readonly why: string; readonly failure: string},
): WsmeshError | undefined {
  if (failure !== 'not-let-in') return undefined
  return new WsmeshError('AUTH_REJECTED', `${url} lets nobody in with this proof: ${why}`, {
    suggestions: ['--user ID   (a token is made with the mesh secret: is it the same?)',
      '--token-file FILE, --session-file FILE or --cookie-file FILE'],
  })
}
