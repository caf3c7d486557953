import {isNodeId, type NodeId} from '../util/brand.js'
import {badFrame, decoded, tooBig, type Decoded} from './decoded.js'
import {isRecord, parseJson} from './json-text.js'
import {LIMITS} from './limits.js'
import {conforms, count, listOf, literal, object, textThat, type Shape} from './shape.js'

/**
 * The first frames of every node link and operator connection, as JSON text. The acceptor
 * challenges, the dialler proves itself first, the acceptor then:
 * challenge down, proof up, proved (or denied) down. What the MACs cover is in auth/challenge.ts.
 */
export type HandshakeFrame = ChallengeFrame | ProofFrame | ProvedFrame | DeniedFrame

/** Who dials: another node, or an operator (a command, a backend). */
export type LinkRole = 'node' | 'operator'

export interface ChallengeFrame {
  readonly type: 'challenge'
  /** Who accepts. */
  readonly node: NodeId
  readonly nonce: string
  /** Protocol versions that the acceptor speaks in this role. */
  readonly versions: readonly number[]
}

export interface ProofFrame {
  readonly type: 'proof'
  readonly role: LinkRole
  /** Who dials: a node's id, or a label of an operator. */
  readonly node: string
  readonly nonce: string
  /** The highest version that both speak. */
  readonly version: number
  readonly mac: string
}

export interface ProvedFrame {
  readonly type: 'proved'
  readonly mac: string
}

/** self: the dialler has dialled itself, by another address. */
export type DenialReason = 'wrong-secret' | 'version' | 'self' | 'role' | 'bad-frame'

export interface DeniedFrame {
  readonly type: 'denied'
  readonly reason: DenialReason
}

/** 32 bytes in base64url. */
const KEY_TEXT = /^[A-Za-z0-9_-]{43}$/
const keyText: Shape<string> = textThat(
  (value): value is string => KEY_TEXT.test(value),
  '32 bytes in base64url',
)

const label: Shape<string> = textThat(
  (value): value is string => /^[\w.:@-]{1,64}$/.test(value),
  'a label of 1 to 64 letters, digits and . : @ - _',
)

const FRAMES = {
  challenge: object<ChallengeFrame>({
    type: literal('challenge'),
    node: textThat(isNodeId, 'a node id'),
    nonce: keyText,
    versions: listOf(count),
  }),
  proof: object<ProofFrame>({
    type: literal('proof'),
    role: literal('node', 'operator'),
    node: label,
    nonce: keyText,
    version: count,
    mac: keyText,
  }),
  proved: object<ProvedFrame>({type: literal('proved'), mac: keyText}),
  denied: object<DeniedFrame>({
    type: literal('denied'),
    reason: literal('wrong-secret', 'version', 'self', 'role', 'bad-frame'),
  }),
}

export function encodeHandshakeFrame(frame: HandshakeFrame): string {
  return JSON.stringify(frame)
}

/** Any text or bytes to a frame or a violation; never throws. */
export function decodeHandshakeFrame(data: Uint8Array | string): Decoded<HandshakeFrame> {
  if (data.length > LIMITS.handshakeFrameBytes) return tooBig('a handshake frame too long')
  const json = parseJson(data)
  if (!json.ok) return badFrame(json.reason)
  if (!isRecord(json.value)) return badFrame('a handshake frame is an object')
  const shape = shapeOf(json.value['type'])
  if (shape === undefined) return badFrame('unknown type of handshake frame')
  const frame: unknown = json.value
  return conforms(shape, frame) ? decoded(frame) : badFrame(shape(frame) ?? 'no handshake frame')
}

function shapeOf(type: unknown): Shape<HandshakeFrame> | undefined {
  switch (type) {
    case 'challenge':
    case 'proof':
    case 'proved':
    case 'denied':
      return FRAMES[type]
    default:
      return undefined
  }
}
