import {refused} from './authenticator.js'
import type {Authenticator} from './authenticator.js'
import type {MeshSecret} from './mesh-secret.js'
import {verifyToken} from './verify-token.js'
import type {TokenRules} from './verify-token.js'

/** Three parts of base64url: a session id that looks so is tried as a token first. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/

/**
 * Tokens: `wsmesh token`'s, and those that the keys of the rules signed. In a session cookie a JWT
 * counts as well.
 */
export function tokenAuthenticator(secret: MeshSecret, rules: TokenRules = {}): Authenticator {
  return {
    wants: 'a token',
    async check({token, session}) {
      const given = token ?? (session !== undefined && JWT.test(session) ? session : undefined)
      if (given === undefined) return {type: 'not-mine'}
      const verdict = await verifyToken(given, secret, rules)
      if (verdict.ok) {
        const {sessionExpireMs, ...claims} = verdict.claims
        return {type: 'known', claims, expiresAtMs: sessionExpireMs, isLive: false}
      }
      if (verdict.isUnavailable) return {type: 'unavailable', reason: verdict.reason}
      return refused(403, verdict.reason)
    },
  }
}
