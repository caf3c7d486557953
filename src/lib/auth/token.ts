import {assert} from '../util/assert.js'
import type {Claims} from './claims.js'
import {deriveKey} from './keys.js'
import type {MeshSecret} from './mesh-secret.js'

/** What a token says of who holds it. */
export interface TokenClaims extends Claims {
  /** Milliseconds since 1970, as `exp` says, with its fraction and the leeway. */
  readonly sessionExpireMs: number
}

export interface TokenOptions {
  readonly user: string
  readonly groups?: readonly string[]
  readonly session?: string | undefined
  readonly language?: string | undefined
  readonly ttlMs: number
  /** Milliseconds since 1970; this machine's clock when it is left out. */
  readonly nowMs?: number
}

/**
 * When a token ends that is made now: `ttlMs` later. Of a time in whole seconds also the end is
 * one, rounded up, since many readers take no fractions; a shorter time needs them (RFC 7519).
 */
export function tokenExpiryMs(nowMs: number, ttlMs: number): number {
  const endMs = nowMs + ttlMs
  return ttlMs % 1000 === 0 ? Math.ceil(endMs / 1000) * 1000 : endMs
}

/** A JWT (HS256) that verifyToken accepts until tokenExpiryMs, by this machine's clock. */
export async function signToken(options: TokenOptions, secret: MeshSecret): Promise<string> {
  const {user, groups = [], session, language, ttlMs, nowMs = Date.now()} = options
  assert(ttlMs > 0 && Number.isFinite(ttlMs), `No time to live: ${ttlMs}`)
  assert(secret.rights === 'operator', 'A viewer signs no tokens')
  const {SignJWT} = await import('jose')
  const exp = tokenExpiryMs(nowMs, ttlMs) / 1000
  const payload = {sub: user, groups: [...groups], iat: Math.floor(nowMs / 1000), exp}
  return new SignJWT({
    ...payload,
    ...(session === undefined ? {} : {session}),
    ...(language === undefined ? {} : {language}),
  })
    .setProtectedHeader({alg: 'HS256', typ: 'JWT'})
    .sign(deriveKey(secret, 'token'))
}
