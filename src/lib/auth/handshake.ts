import {
  decodeHandshakeFrame,
  encodeHandshakeFrame,
  type ChallengeFrame,
  type DenialReason,
  type HandshakeFrame,
  type LinkRole,
} from '../protocol/handshake-frame.js'
import {NODE_PROTOCOL, OPERATOR_PROTOCOL} from '../protocol/version.js'
import {assert} from '../util/assert.js'
import type {NodeId} from '../util/brand.js'
import {isProof, makeNonce, proofOf, type Transcript} from './challenge.js'
import {acceptedLinkKeys, ownLinkKeys} from './keys.js'
import type {MeshSecret, Rights} from './mesh-secret.js'

/** Who is proved to be at the other end. */
export interface HandshakeDone {
  /** A node's id; for the acceptor of an operator the operator's label. */
  readonly peer: string
  readonly role: LinkRole
  readonly version: number
  /** What the one who dialled may do, as its key says. */
  readonly rights: Rights
}

export interface HandshakeFailure {
  readonly reason: DenialReason
  /** For people. */
  readonly text: string
}

/**
 * What to do after a frame: send first, if there is something to send; then with `done` the link is
 * proved, with `fail` it must be closed, with neither the next frame is awaited.
 */
export interface HandshakeStep {
  readonly send?: string
  readonly done?: HandshakeDone
  readonly fail?: HandshakeFailure
}

/** One side of one handshake, without socket or timer: LIMITS.handshakeMs is the caller's. */
export interface Handshake {
  /** Any frame of the peer. Nothing may be passed after done or fail. */
  receive(data: Uint8Array | string): HandshakeStep
}

export interface AcceptorHandshake extends Handshake {
  /** The challenge: to be sent as soon as the socket is open. */
  readonly opening: string
}

export interface AcceptorOptions {
  readonly secret: MeshSecret
  readonly self: NodeId
  /** What the subprotocol of the upgrade request said. */
  readonly role: LinkRole
  /** Versions spoken; those of protocol/version.ts unless told. */
  readonly versions?: readonly number[]
}

export interface DialerOptions {
  readonly secret: MeshSecret
  readonly role: LinkRole
  /** The own node id, or for an operator a label of [A-Za-z0-9_.:@-], at most 64 characters. */
  readonly self: string
  readonly versions?: readonly number[]
  /** Which of the secret's keys: 0 is the one in use, those up to secret.count are others. */
  readonly keyIndex?: number
}

/** The side that was dialled. It proves itself only to who has proved itself. */
export function acceptorHandshake(options: AcceptorOptions): AcceptorHandshake {
  const {secret, self, role, versions = versionsOf(role)} = options
  const keys = acceptedLinkKeys(secret)
  const nonce = makeNonce()
  return {
    opening: encodeHandshakeFrame({type: 'challenge', node: self, nonce, versions}),
    receive(data) {
      const read = decodeHandshakeFrame(data)
      if (!read.ok) return deny('bad-frame', read.violation.reason)
      const proof = read.value
      if (proof.type !== 'proof') return deny('bad-frame', `${proof.type} where proof was due`)
      if (proof.role !== role) return deny('role', `a ${proof.role} on a connection for ${role}s`)
      if (!versions.includes(proof.version)) {
        return deny('version', `version ${proof.version}, this node speaks ${versions.join(', ')}`)
      }
      const transcript: Transcript = {
        role,
        version: proof.version,
        versions,
        dialer: proof.node,
        acceptor: self,
        dialerNonce: proof.nonce,
        acceptorNonce: nonce,
      }
      const found = keys.find(({key}) => isProof(proof.mac, proofOf(key, 'dialer', transcript)))
      if (found === undefined) {
        return deny('wrong-secret', `${proof.node} does not have the secret of this mesh`)
      }
      const {key, rights} = found
      if (role === 'node' && rights === 'viewer') return deny('role', `${proof.node} is a viewer`)
      if (role === 'node' && proof.node === self) return deny('self', 'this node dialled itself')
      const mac = proofOf(key, 'acceptor', transcript)
      return {
        send: encodeHandshakeFrame({type: 'proved', mac}),
        done: {peer: proof.node, role, version: proof.version, rights},
      }
    },
  }
}

function deny(reason: DenialReason, text: string): HandshakeStep {
  return {send: encodeHandshakeFrame({type: 'denied', reason}), fail: {reason, text}}
}

/** The side that dials: waits for the challenge, and trusts the peer only after its proof. */
export function dialerHandshake(options: DialerOptions): Handshake {
  const {secret, role, self, versions = versionsOf(role), keyIndex = 0} = options
  const own = ownLinkKeys(secret)[keyIndex]
  assert(own !== undefined, `No secret number ${keyIndex}`)
  const {key, rights} = own
  let sent: Transcript | undefined

  function answer(challenge: ChallengeFrame): HandshakeStep {
    const common = versions.filter((version) => challenge.versions.includes(version))
    if (common.length === 0) {
      const theirs = challenge.versions.join(', ')
      return fail('version', `it speaks version ${theirs}, this side ${versions.join(', ')}`)
    }
    sent = {
      role,
      version: Math.max(...common),
      versions: challenge.versions,
      dialer: self,
      acceptor: challenge.node,
      dialerNonce: makeNonce(),
      acceptorNonce: challenge.nonce,
    }
    const {version, dialerNonce: nonce} = sent
    const mac = proofOf(key, 'dialer', sent)
    return {send: encodeHandshakeFrame({type: 'proof', role, node: self, nonce, version, mac})}
  }

  function conclude(frame: HandshakeFrame, transcript: Transcript): HandshakeStep {
    if (frame.type === 'denied') return fail(frame.reason, DENIALS[frame.reason])
    if (frame.type !== 'proved') return fail('bad-frame', `${frame.type} where proved was due`)
    if (!isProof(frame.mac, proofOf(key, 'acceptor', transcript))) {
      return fail('wrong-secret', `${transcript.acceptor} does not have the secret of this mesh`)
    }
    return {done: {peer: transcript.acceptor, role, version: transcript.version, rights}}
  }

  return {
    receive(data) {
      const read = decodeHandshakeFrame(data)
      if (!read.ok) return fail('bad-frame', read.violation.reason)
      const frame = read.value
      if (sent !== undefined) return conclude(frame, sent)
      if (frame.type === 'denied') return fail(frame.reason, DENIALS[frame.reason])
      if (frame.type === 'challenge') return answer(frame)
      return fail('bad-frame', `${frame.type} where challenge was due`)
    },
  }
}

function fail(reason: DenialReason, text: string): HandshakeStep {
  return {fail: {reason, text}}
}

const DENIALS: Readonly<Record<DenialReason, string>> = {
  'wrong-secret': 'it has another mesh secret',
  version: 'it does not speak this version',
  self: 'it is this node itself',
  role: 'it was dialled for another role',
  'bad-frame': 'it did not understand',
}

function versionsOf(role: LinkRole): readonly number[] {
  return [role === 'node' ? NODE_PROTOCOL : OPERATOR_PROTOCOL]
}
