import type {Receipt} from '../mesh/effect.js'
import type {Payload} from '../protocol/envelope.js'
import type {Target} from '../protocol/target.js'
import type {NodeId} from '../util/brand.js'

/** What became of one message, from its publisher's side. */
export interface Message {
  /** Unique but for repeats, and the action of its payload: so that contents can be compared. */
  readonly key: string
  readonly origin: NodeId
  /** The publisher's own id: messages that have the same are one. */
  readonly callerId: string | undefined
  /** To be ordered in this term or not at all. */
  readonly onlyInTerm: number | undefined
  readonly target: Target
  readonly ticket: number
  readonly publishedMs: number
  /** Its id, once accepted. */
  id: string | undefined
  isRefused: boolean
  receipt: Receipt | undefined
  receiptMs: number | undefined
}

const detailsOfSize = new Map<number, Uint8Array>()

/** Details of the same size share their bytes: thousands of messages cost nothing. */
export function payloadOf(key: string, detailBytes: number): Payload {
  let details = detailsOfSize.get(detailBytes)
  if (!details) {
    details = new TextEncoder().encode(JSON.stringify('x'.repeat(Math.max(0, detailBytes - 2))))
    detailsOfSize.set(detailBytes, details)
  }
  return {action: key, shape: 'single', details}
}
