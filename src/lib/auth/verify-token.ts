/** Whether a token holds, and what it says of its bearer. */
import type {KeyObject} from 'jose'
import type * as Jose from 'jose'
import {isRecord} from '../protocol/json-text.js'
import {readClaims} from './claims.js'
import {deriveKeys} from './keys.js'
import type {MeshSecret} from './mesh-secret.js'
import {readPlainToken} from './plain-token.js'
import {PUBLIC_ALGS} from './public-key.js'
import type {TokenClaims} from './token.js'
import {NO_TOKEN_KEYS} from './token-keys.js'
import type {TokenKeys} from './token-keys.js'

/** What is asked of tokens beside the mesh's own rules. */
export interface TokenRules {
  readonly keys?: TokenKeys
  /** Of tokens that these keys signed: the mesh's own name neither. */
  readonly issuer?: string | undefined
  readonly audience?: string | undefined
  /** How far the clock of who signs may be off. */
  readonly leewayMs?: number
  /**
   * Which claim says what: user, groups, session, language, and whatever else filters shall ask
   * for. `realm_access.roles` is a claim inside of another, unless one is called just that.
   */
  readonly claims?: Readonly<Record<string, string>>
}

export type TokenVerdict =
  | {readonly ok: true; readonly claims: TokenClaims}
  | {readonly ok: false; readonly reason: string; readonly isUnavailable?: true}

const STANDARD = {user: 'sub', groups: 'groups', session: 'session', language: 'language'}

/** Keys with which one token is tried, at most. */
const TRIES_MAX = 8

interface Candidate {
  readonly key: Uint8Array | KeyObject
  /** The mesh's own. */
  readonly isOwn: boolean
}

/**
 * Whether a token was made with a secret or key that is accepted, and holds now. The reason is for
 * its bearer. Which keys may have signed it follows from its alg, each alg belongs to one kind of
 * key, and a key of one kind is never tried as another: so the text of a public key cannot be
 * passed off as the secret of HS256, and `none` belongs to no key.
 */
export async function verifyToken(
  token: string,
  secret: MeshSecret,
  rules: TokenRules = {},
): Promise<TokenVerdict> {
  const plain = plainVerdict(token, secret, rules)
  if (plain !== undefined) return plain
  const jose = await import('jose')
  let header
  try {
    header = jose.decodeProtectedHeader(token)
  } catch {
    return refused('the token is no JWT')
  }
  const {alg = '', kid} = header
  const {keys = NO_TOKEN_KEYS} = rules
  const {candidates, otherwise} = await candidatesOf({alg, kid}, keys, secret)
  let verdict = otherwise
  for (const candidate of candidates.slice(0, TRIES_MAX)) {
    verdict = await verifyWith(candidate, {token, alg, rules, jose})
    if (verdict.ok || verdict.reason !== OTHER_KEY) break
  }
  return verdict
}

/** Of a token that holds and is of the usual kind; undefined leaves it to the library. */
function plainVerdict(
  token: string,
  secret: MeshSecret,
  rules: TokenRules,
): TokenVerdict | undefined {
  const own = deriveKeys(secret, 'token')
  const hasNames = rules.issuer !== undefined || rules.audience !== undefined
  const others = hasNames ? [] : (rules.keys?.secrets ?? [])
  const plain = readPlainToken(token, [...own, ...others].slice(0, TRIES_MAX))
  if (plain === undefined) return undefined
  const {leewayMs = 0} = rules
  const verdict = claimsOf(
    plain.payload,
    plain.signedBy < own.length ? {leewayMs} : rules,
    Date.now(),
  )
  return verdict.ok ? verdict : undefined
}

const OTHER_KEY = 'the token was signed with another secret'

interface Candidates {
  readonly candidates: readonly Candidate[]
  /** What to say when none of them signed it. */
  readonly otherwise: TokenVerdict
}

async function candidatesOf(
  {alg, kid}: {readonly alg: string; readonly kid: string | undefined},
  keys: TokenKeys,
  secret: MeshSecret,
): Promise<Candidates> {
  if (alg === 'HS256') {
    const own = deriveKeys(secret, 'token').map((key) => ({key, isOwn: true}))
    const others = keys.secrets.map((key) => ({key, isOwn: false}))
    return {candidates: [...own, ...others], otherwise: refused(OTHER_KEY)}
  }
  const hasPublic = keys.publicKeys.length + keys.urls.length > 0
  if (!hasPublic) return none('the token is not signed with HS256')
  if (!PUBLIC_ALGS.includes(alg)) return none('the token is signed in a way that is not taken')
  const fetched = await Promise.all(keys.urls.map((url) => url.keysFor(kid)))
  const all = [...keys.publicKeys, ...fetched.flatMap((each) => each ?? [])]
  const fitting = all.filter(
    (key) => key.algs.includes(alg) && (kid === undefined || (key.kid ?? kid) === kid),
  )
  const candidates = fitting.map(({key}) => ({key, isOwn: false}))
  if (candidates.length > 0) return {candidates, otherwise: refused(OTHER_KEY)}
  if (!fetched.includes(undefined)) return none('no key is known that may have signed the token')
  const reason = 'the keys that sign tokens are out of reach'
  return {candidates, otherwise: {ok: false, reason, isUnavailable: true}}
}

function none(reason: string): Candidates {
  return {candidates: [], otherwise: refused(reason)}
}

interface Work {
  readonly token: string
  readonly alg: string
  readonly rules: TokenRules
  readonly jose: typeof Jose
}

async function verifyWith(
  candidate: Candidate,
  {token, alg, rules, jose}: Work,
): Promise<TokenVerdict> {
  const {issuer, audience, leewayMs = 0} = rules
  const named = candidate.isOwn
    ? {}
    : {...(issuer !== undefined && {issuer}), ...(audience !== undefined && {audience})}
  try {
    const options = {algorithms: [alg], clockTolerance: leewayMs / 1000, ...named}
    const {payload} = await jose.jwtVerify(token, candidate.key, options)
    return claimsOf(payload, candidate.isOwn ? {leewayMs} : rules, Date.now())
  } catch (error) {
    const reason = reasonOf(error, jose.errors)
    if (reason === undefined) throw error
    return refused(reason)
  }
}

function reasonOf(error: unknown, errors: typeof Jose.errors): string | undefined {
  if (error instanceof errors.JWTExpired) return 'the token has expired'
  if (error instanceof errors.JWTClaimValidationFailed) {
    return `the token's ${error.claim} does not hold`
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return OTHER_KEY
  return error instanceof errors.JOSEError ? 'the token is no JWT' : undefined
}

/** `nowMs` is compared with the fraction of `exp` too, which the library rounds away. */
function claimsOf(payload: unknown, rules: TokenRules, nowMs: number): TokenVerdict {
  const {leewayMs = 0, claims: names = {}} = rules
  if (!isRecord(payload)) return refused('the token has no claims')
  const {exp} = payload
  if (typeof exp !== 'number') return refused('the token has no exp: it would hold for ever')
  const sessionExpireMs = exp * 1000 + leewayMs
  if (sessionExpireMs <= nowMs) return refused('the token has expired')
  const all: typeof STANDARD & Record<string, string> = {...STANDARD, ...names}
  const {user, groups, session, language, ...others} = all
  const read = readClaims({
    user: valueAt(payload, user),
    groups: valueAt(payload, groups),
    session: valueAt(payload, session),
    language: valueAt(payload, language),
    properties: Object.fromEntries(
      Object.entries(others).map(([name, claim]) => [name, valueAt(payload, claim)]),
    ),
  })
  if (read.ok) return {ok: true, claims: {...read.claims, sessionExpireMs}}
  if (read.field === 'user' && valueAt(payload, user) === undefined) {
    return refused(`the token has no ${user}: it names no user`)
  }
  return refused(`the ${all[read.field] ?? read.field} of the token ${read.reason}`)
}

function valueAt(payload: Readonly<Record<string, unknown>>, claim: string): unknown {
  if (Object.hasOwn(payload, claim)) return payload[claim]
  let value: unknown = payload
  for (const part of claim.split('.')) {
    if (!isRecord(value) || !Object.hasOwn(value, part)) return undefined
    value = value[part]
  }
  return value
}

function refused(reason: string): TokenVerdict {
  return {ok: false, reason}
}
