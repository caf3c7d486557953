import type {NodeId} from '../util/brand.js'
import type {Target} from './target.js'

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
}

/**
 * A message on its way through the mesh. (origin, counter) is its id: each origin counts its
 * messages from 1 without gaps, so that a master can order and deduplicate them by one number.
 */
export interface Envelope {
  readonly origin: NodeId
  readonly counter: number
  readonly target: Target
  readonly payload: Payload
}

export function messageId(envelope: Pick<Envelope, 'origin' | 'counter'>): string {
  return `${envelope.origin}-${envelope.counter}`
}
