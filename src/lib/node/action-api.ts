/** What an action module sees: `export default (mesh) => mesh.on('hello', async (call) => …)`. */
import type {PublishResult} from '../protocol/operator-frame.js'
import type {TargetJson} from '../protocol/target.js'
import type {TraceCarrier, TraceContext} from '../protocol/trace-context.js'

export type ActionModule = (mesh: ActionMesh) => void | Promise<void>

export interface ActionMesh {
  /** The id of the node that runs the module. */
  readonly node: string
  /**
   * Calls the handler for each frame with this action. `Client/authentication` and
   * `Client/disconnection` are events of the node itself: clients cannot send them. Several
   * handlers of one action are all called, in the order in which they were added.
   */
  readonly on: (action: string, handler: ActionHandler) => void
  readonly send: SendMessage
}

export type ActionHandler = (call: ActionCall) => unknown

/**
 * Publishes to whoever the target names, on every node: {user: 42}, {user: [42, 7]}, {group},
 * {session}, {filter: {language: 'en'}}, {registered: true}, {everyone: true}. Messages sent before
 * the first await of a handler keep the order of the frames that they answer. The receipt comes
 * once every node has the message; it rejects with a WsmeshError: TARGET_INVALID, DETAILS_INVALID,
 * OUTBOX_FULL, or RECEIPT_TIMED_OUT (the message may still arrive). With an `id` of your own, text
 * of at most 64 bytes, the same one sent again, through any node, is delivered to nobody: its
 * receipt is the first one's, while it is among the last 100,000 ids.
 */
export type SendMessage = (
  action: string,
  details: unknown,
  target: TargetJson,
  options?: SendOptions,
) => Promise<PublishResult>

export interface SendOptions {
  readonly id?: string
  /**
   * The trace that it is part of (`traceparent`, `tracestate`), where nodes carry it: that of the
   * call whose `send` it is, unless it is given.
   */
  readonly trace?: TraceCarrier | undefined
}

export interface ActionCall {
  readonly action: string
  /** The argument list: what was no list is its only element. */
  readonly details: readonly unknown[]
  /** Undefined for a guest. */
  readonly user: string | undefined
  readonly groups: readonly string[]
  readonly session: string | undefined
  readonly language: string | undefined
  readonly connection: ActionConnection
  /** Answers the same action, on this connection only. */
  readonly reply: (details?: unknown) => void
  /** Answers `<action>:error` with [code, text], on this connection only; code from 400 to 599. */
  readonly error: (code: number, text: string) => void
  readonly send: SendMessage
  /** Of the client's frame, where nodes carry it (--trace-context) and it gave one that holds. */
  readonly trace: TraceContext | undefined
}

export interface ActionConnection {
  /** Unique in the mesh. */
  readonly id: string
  readonly userAgent: string | undefined
  /** The client's own, where the proxy in front is trusted (--trust-proxy). */
  readonly address: string
  /** What filters can ask for: language, user_agent, address, connection, and what was set. */
  readonly properties: Readonly<Record<string, string>>
  /**
   * Sets a property that filters can ask for, from now until the connection ends: `{filter:
   * {room: '7'}}` then means it. Undefined takes it away. Name and value are text of 1 to 255
   * bytes, 32 of them at most; user, session, group, address and connection are the node's own.
   * Throws TypeError.
   */
  set(name: string, value: string | undefined): void
  /** Sends to this connection only; false when it is gone. */
  send(action: string, details?: unknown): boolean
  /** Closes it with the code `kicked`: the client does not connect again by itself. */
  close(): void
}
