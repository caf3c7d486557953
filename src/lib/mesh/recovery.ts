/** What somebody missed who was away: read from the log, which it does not change. */
import type {Place, Position} from '../protocol/position.js'
import type {Delivery} from './effect.js'
import type {MeshState} from './state.js'

export type Recovery =
  /** All that was delivered here after the place, in order, whoever it was for. */
  | {readonly type: 'recovered'; readonly after: Place; readonly entries: readonly Delivery[]}
  /** Not delivered here so far, but it may come: another node was faster. */
  | {readonly type: 'ahead'}
  /** Of another epoch or another log, or older than the window: something is missing here. */
  | {readonly type: 'lost'}

/** The last position handed out for delivery. */
export function deliveredPosition(
  {log, delivered}: Pick<MeshState, 'log' | 'delivered'>,
): Position | undefined {
  const place = log.placeAt(delivered)
  if (!place || log.epoch === '') return undefined
  return {epoch: log.epoch, term: place.term, seq: place.seq}
}

/** From a position that some node of this mesh delivered, or that somebody made up. */
export function recover(
  {log, delivered}: Pick<MeshState, 'log' | 'delivered'>,
  {epoch, term, seq}: Position,
): Recovery {
  const after = {term, seq}
  if (epoch !== log.epoch || !log.canHold(after)) return {type: 'lost'}
  if (seq > delivered) return {type: 'ahead'}
  return {type: 'recovered', after, entries: log.slice(seq, delivered)}
}
