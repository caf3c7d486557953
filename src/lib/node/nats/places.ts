/**
 * Places in a stream as places of the mesh. A parcel of messages is one message of the stream, so
 * a place is its number there, and the message's index in it. There are no terms.
 */
import type {Place} from '../../protocol/position.js'
import {PARCEL_MESSAGES_MAX} from '../../protocol/relay-codec.js'

export function placeOf(streamSeq: number, index: number): Place {
  return {term: 0, seq: streamSeq * PARCEL_MESSAGES_MAX + index}
}

/** Behind all messages of that parcel. */
export function placeAfter(streamSeq: number): Place {
  return placeOf(streamSeq, PARCEL_MESSAGES_MAX - 1)
}

/** The parcel that the place is in. */
export function streamSeqOf({seq}: Pick<Place, 'seq'>): number {
  return Math.floor(seq / PARCEL_MESSAGES_MAX)
}

/** All up to this number of the stream is before or at the place. */
export function wholeUpTo(place: Pick<Place, 'seq'>): number {
  const streamSeq = streamSeqOf(place)
  return place.seq === placeAfter(streamSeq).seq ? streamSeq : streamSeq - 1
}

/**
 * A life of the stream, as the epoch of positions: when it was made, in nanoseconds, and how often
 * it has lost its end since.
 */
export function epochOf(created: string, losses = 0): string {
  const [, seconds = '', fraction = ''] = /^(.*?)(?:\.(\d+))?Z$/.exec(created) ?? []
  const ms = Date.parse(`${seconds}Z`)
  if (Number.isNaN(ms)) return 'unknown'
  const madeNs = BigInt(ms) * 1_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'))
  return (madeNs + BigInt(losses)).toString(36)
}
