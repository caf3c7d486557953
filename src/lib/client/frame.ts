/** Frames of the client protocol, version 1 (docs/PROTOCOL.md), and their positions. */
import {MeshError} from './mesh-error.js'
import type {TraceCarrier} from './types.js'

export const SUBPROTOCOL = 'wsmesh.v1'
export const AUTHENTICATION = 'Client/authentication'
/** A quiet client is told where it stands with it, and may ask with it. */
export const POSITION = 'Client/position'
export const ERROR = ':error'

/** A frame of a node. */
export interface Frame {
  readonly action: string
  readonly details: readonly unknown[]
  readonly id?: string
  readonly position?: string
  /** The id of the frame that it answers. */
  readonly re?: string
  readonly traceparent?: string
  readonly tracestate?: string
}

/** Undefined for what is no frame. */
export function parseFrame(text: unknown): Frame | undefined {
  try {
    const frame: unknown = JSON.parse(String(text))
    return isFrame(frame) ? frame : undefined
  } catch {
    return undefined
  }
}

function isFrame(value: unknown): value is Frame {
  if (typeof value !== 'object' || value === null) return false
  return 'action' in value && typeof value.action === 'string' &&
    'details' in value && Array.isArray(value.details)
}

/** In no action of a client: it is the node's, or ends the connection. */
const NEVER = /[\p{Cc}\p{Cs}]|^Client\/|:error$/u

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length
}

/** Throws MeshError bad-action or too-big for what a node would end the connection for. */
export function encodeFrame(
  action: string, details: readonly unknown[], id: string | undefined, bytesMax: number,
  carrier: TraceCarrier | undefined,
): string {
  if (action === '' || bytesOf(action) > 255 || NEVER.test(action)) {
    throw new MeshError('bad-action', `No action of clients: ${JSON.stringify(action)}`)
  }
  const text = JSON.stringify({...carrier, action, details, id})
  if (bytesOf(text) > bytesMax) {
    throw new MeshError('too-big', `${action}: more than ${bytesMax} bytes`)
  }
  return text
}

/**
 * Whether a position is behind another in the order of one mesh; of two meshes, or without another,
 * it is. The one place that takes positions apart: nodes number without gaps in an epoch.
 */
export function isAfter(position: string, other: string | undefined): boolean {
  const [epoch, , seq] = position.split('.')
  const [otherEpoch, , otherSeq] = other?.split('.') ?? []
  return epoch !== otherEpoch || Number(seq) > Number(otherSeq)
}
