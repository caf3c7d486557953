/**
 * Bearer tokens of backends that publish by HTTP: JWTs signed with a key of their own, so that no
 * client's token passes as one, nor one as a client's.
 */
import {assert} from '../util/assert.js'
import {deriveKey, deriveKeys} from './keys.js'
import type {MeshSecret} from './mesh-secret.js'

/**
 * Verified ones are remembered for so long, since a backend sends the same with each request; not
 * longer, since the secret may change.
 */
const KNOWN_MS = 10_000
const KNOWN_MAX = 100
const TOKEN_BYTES_MAX = 4096

/** `by`: what the backend is called in the node's log. */
export async function signPublishToken(
  {by, ttlMs}: {readonly by: string; readonly ttlMs: number},
  secret: MeshSecret,
): Promise<string> {
  assert(secret.rights === 'operator', 'A viewer signs no tokens')
  const {SignJWT} = await import('jose')
  const nowS = Math.floor(Date.now() / 1000)
  return new SignJWT({sub: by, iat: nowS, exp: nowS + Math.ceil(ttlMs / 1000)})
    .setProtectedHeader({alg: 'HS256', typ: 'JWT'})
    .sign(deriveKey(secret, 'publish'))
}

interface Known {
  readonly by: string
  readonly endMs: number
}

export class PublishTokens {
  readonly #secret: MeshSecret
  readonly #wallClock: () => number
  readonly #known = new Map<string, Known>()

  constructor(secret: MeshSecret, wallClock: () => number) {
    this.#secret = secret
    this.#wallClock = wallClock
  }

  /** Who bears it; undefined when it does not hold now. */
  async verify(token: string): Promise<string | undefined> {
    const known = this.#known.get(token)
    if (known !== undefined && known.endMs > this.#wallClock()) return known.by
    this.#known.delete(token)
    if (token.length > TOKEN_BYTES_MAX) return undefined
    for (const key of deriveKeys(this.#secret, 'publish')) {
      const found = await verifyWith(token, key)
      if (found === undefined || found.endMs <= this.#wallClock()) continue
      if (this.#known.size >= KNOWN_MAX) this.#known.clear()
      const untilMs = this.#wallClock() + KNOWN_MS
      this.#known.set(token, {by: found.by, endMs: Math.min(found.endMs, untilMs)})
      return found.by
    }
    return undefined
  }
}

async function verifyWith(token: string, key: Uint8Array): Promise<Known | undefined> {
  const {errors, jwtVerify} = await import('jose')
  try {
    const {payload} = await jwtVerify(token, key, {algorithms: ['HS256']})
    const {sub, exp} = payload
    // One without an end would hold for ever.
    return exp === undefined ? undefined : {by: sub ?? 'a backend', endMs: exp * 1000}
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined
    throw error
  }
}
