import {isRecord} from '../protocol/json-text.js'
import {LIMITS} from '../protocol/limits.js'
import {idFromJson} from '../protocol/target.js'
import {assert} from '../util/assert.js'
import {deriveKey, deriveKeys} from './keys.js'
import type {MeshSecret} from './mesh-secret.js'

/** What a token says of who holds it. */
export interface TokenClaims {
  readonly user: string
  readonly groups: readonly string[]
  readonly session: string | undefined
  readonly language: string | undefined
  /** Milliseconds since 1970, as `exp` says, with its fraction. */
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

export type TokenVerdict =
  | {readonly ok: true; readonly claims: TokenClaims}
  | {readonly ok: false; readonly reason: string}

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

/**
 * Whether a token was made with a secret that this mesh accepts, and holds now; the reason is for
 * its bearer.
 */
export async function verifyToken(token: string, secret: MeshSecret): Promise<TokenVerdict> {
  let verdict: TokenVerdict = refused('there is no key')
  for (const key of deriveKeys(secret, 'token')) {
    verdict = await verifyWithKey(token, key)
    if (verdict.ok || verdict.reason !== OTHER_SECRET) break
  }
  return verdict
}

const OTHER_SECRET = 'the token was signed with another secret'

async function verifyWithKey(token: string, key: Uint8Array): Promise<TokenVerdict> {
  const {errors, jwtVerify} = await import('jose')
  try {
    const {payload} = await jwtVerify(token, key, {algorithms: ['HS256']})
    return readClaims(payload, Date.now())
  } catch (error) {
    if (error instanceof errors.JWTExpired) return refused('the token has expired')
    if (error instanceof errors.JWTClaimValidationFailed) {
      return refused(`the token's ${error.claim} does not hold`)
    }
    if (error instanceof errors.JOSEAlgNotAllowed) {
      return refused('the token is not signed with HS256')
    }
    if (error instanceof errors.JWSSignatureVerificationFailed) {
      return refused(OTHER_SECRET)
    }
    if (error instanceof errors.JOSEError) return refused('the token is no JWT')
    throw error
  }
}

/** `nowMs` is compared with the fraction of `exp` too, which the library rounds away. */
function readClaims(payload: unknown, nowMs: number): TokenVerdict {
  if (!isRecord(payload)) return refused('the token has no claims')
  const {exp, groups = [], session, language} = payload
  if (typeof exp !== 'number') return refused('the token has no exp: it would hold for ever')
  if (exp * 1000 <= nowMs) return refused('the token has expired')
  if (payload['sub'] === undefined) return refused('the token has no sub: it names no user')
  const user = idFromJson(payload['sub'])
  if (user === undefined) return refused('the sub of the token is no id')
  if (!Array.isArray(groups) || groups.length > LIMITS.identityGroups) {
    return refused(`the groups of the token are no list of at most ${LIMITS.identityGroups}`)
  }
  const ids = groups.map((group) => idFromJson(group))
  if (ids.includes(undefined)) return refused('a group of the token is no id')
  const sessionId = idFromJson(session)
  if (session !== undefined && sessionId === undefined) {
    return refused('the session of the token is no id')
  }
  const languageText = idFromJson(language)
  if (language !== undefined && languageText === undefined) {
    return refused('the language of the token is no text')
  }
  return {
    ok: true,
    claims: {
      user,
      groups: ids.filter((id) => id !== undefined),
      session: sessionId,
      language: languageText,
      sessionExpireMs: exp * 1000,
    },
  }
}

function refused(reason: string): TokenVerdict {
  return {ok: false, reason}
}
