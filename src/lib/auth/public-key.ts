/** Public keys that foreign tokens are checked with, and which algorithms each may serve. */
import {createPublicKey} from 'node:crypto'
import type {JsonWebKey, KeyObject} from 'node:crypto'
import type {KeyObject as VerifyKey} from 'jose'

/** Each alg names its kind of key: none of these can be had by passing off one kind as another. */
const ALGS: Readonly<Record<string, readonly string[]>> = {
  rsa: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  'rsa-pss': ['PS256', 'PS384', 'PS512'],
  prime256v1: ['ES256'],
  secp384r1: ['ES384'],
  secp521r1: ['ES512'],
  ed25519: ['EdDSA', 'Ed25519'],
}

export const PUBLIC_ALGS: readonly string[] = [...new Set(Object.values(ALGS).flat())]

const RSA_BITS_MIN = 2048

export interface PublicKey {
  /** As jose types it: the library's types need none of Node's. */
  readonly key: VerifyKey
  readonly algs: readonly string[]
  /** How tokens name it, where they do. */
  readonly kid: string | undefined
}

export type PublicKeyRead =
  | {readonly ok: true; readonly key: PublicKey}
  | {readonly ok: false; readonly reason: string}

/** A PEM: a public key or a certificate. */
export function publicKeyFromPem(pem: string): PublicKeyRead {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) return refused(PRIVATE)
  try {
    return checked(createPublicKey(pem), undefined, undefined)
  } catch {
    return refused('it is no PEM of a public key or certificate')
  }
}

/** One key of a JWK set (RFC 7517). */
export function publicKeyFromJwk(jwk: Readonly<Record<string, unknown>>): PublicKeyRead {
  const {kty, kid, alg, use, d} = jwk
  if (d !== undefined) return refused(PRIVATE)
  if (kty === 'oct') return refused('it is a secret, no public key')
  if (use !== undefined && use !== 'sig') return refused('it is not for signatures')
  try {
    const key = createPublicKey({key: jwk as JsonWebKey, format: 'jwk'})
    return checked(key, typeof kid === 'string' ? kid : undefined, alg)
  } catch {
    return refused('it is no JWK of a public key')
  }
}

function checked(key: KeyObject, kid: string | undefined, alg: unknown): PublicKeyRead {
  const {modulusLength = 0, namedCurve} = key.asymmetricKeyDetails ?? {}
  const type = key.asymmetricKeyType ?? ''
  const possible = ALGS[namedCurve ?? type] ?? []
  const algs = alg === undefined ? possible : possible.filter((name) => name === alg)
  if (algs.length === 0) return refused(`its kind, ${namedCurve ?? type}, signs no tokens here`)
  if (type.startsWith('rsa') && modulusLength < RSA_BITS_MIN) {
    return refused(`it has ${modulusLength} bits, ${RSA_BITS_MIN} are needed`)
  }
  return {ok: true, key: {key, algs, kid}}
}

const PRIVATE = 'it is a private key: give the public one, and keep this where tokens are made'

function refused(reason: string): PublicKeyRead {
  return {ok: false, reason}
}
