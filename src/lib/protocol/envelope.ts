import type {NodeId} from '../util/brand.js'
import type {Target} from './target.js'
import type {TraceContext} from './trace-context.js'

/**
 * How `details` become the argument list of the object form: a list is it, a single value is its
 * only element, none is the empty list. The published bytes stay as they are, since the array form
 * of 2015 sends them so.
 */
export type DetailsShape = 'list' | 'single' | 'none'

/** What a client will see, encoded once at the origin. */
export interface Payload {
  readonly action: string
  readonly shape: DetailsShape
  /** UTF-8 JSON of the details as published; empty when the shape is none. */
  readonly details: Uint8Array
  /** Of who published it; only where nodes carry it (--trace-context). */
  readonly trace?: TraceContext
}

/**
 * A message on its way through the mesh. (origin, counter) is its id: each origin counts its
 * messages from 1 without gaps, so that a master can order and deduplicate them by one number.
 */
export interface Envelope {
  readonly origin: NodeId
  readonly counter: number
  /**
   * The caller's own id, as caller-id.ts checks it: of messages with the same one only the first in
   * the order is delivered. Undefined: none was given, each is another message.
   */
  readonly callerId: string | undefined
  readonly target: Target
  readonly payload: Payload
}

/**
 * For nobody, in the place of a message that its publisher took back: origins count without gaps.
 * No connection has two users; and it is a target of JSON, since operators are shown it. The action
 * is the protocol's own, so that nobody takes it for a message of the application.
 */
export const WITHDRAWN: Pick<Envelope, 'target' | 'payload'> = {
  target: {kind: 'filter', pairs: [['user', 'nobody'], ['user', 'withdrawn']]},
  payload: {action: 'Client/withdrawn', shape: 'none', details: new Uint8Array(0)},
}

/** The id that people see: the caller's, where one was given. */
export function messageId(envelope: Pick<Envelope, 'origin' | 'counter' | 'callerId'>): string {
  return envelope.callerId ?? `${envelope.origin}-${envelope.counter}`
}
