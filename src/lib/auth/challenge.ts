import {createHmac, randomBytes, timingSafeEqual} from 'node:crypto'
import type {LinkRole} from '../protocol/handshake-frame.js'

/** Both ends of a handshake compute proofs over the same transcript. */
export interface Transcript {
  readonly role: LinkRole
  readonly version: number
  /** All versions that the acceptor offered: nobody in between can take the better ones away. */
  readonly versions: readonly number[]
  readonly dialer: string
  readonly acceptor: string
  readonly dialerNonce: string
  readonly acceptorNonce: string
}

/** Who proves itself. It is part of the proof, so that none can be sent back to who made it. */
export type Prover = 'dialer' | 'acceptor'

/** 32 random bytes in base64url: never used twice, so that no proof is ever valid twice. */
export function makeNonce(): string {
  return randomBytes(32).toString('base64url')
}

/** HMAC-SHA256 in base64url of who proves what; `key` is deriveKey(secret, 'link'). */
export function proofOf(key: Uint8Array, prover: Prover, transcript: Transcript): string {
  const {role, version, versions, dialer, acceptor, dialerNonce, acceptorNonce} = transcript
  // JSON of a list of known length is unambiguous: no two transcripts give the same text.
  const text = JSON.stringify([
    'wsmesh link',
    prover,
    role,
    version,
    versions,
    dialer,
    acceptor,
    dialerNonce,
    acceptorNonce,
  ])
  return createHmac('sha256', key).update(text).digest('base64url')
}

/** Takes the same time for every wrong proof of the right length. */
export function isProof(proof: string, expected: string): boolean {
  const given = Buffer.from(proof)
  const wanted = Buffer.from(expected)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}
