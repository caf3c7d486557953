/** Who a client is, from what its first message proves. */
import type {MeshSecret} from '../auth/mesh-secret.js'
import {verifyToken} from '../auth/token.js'
import type {AuthenticationRequest} from '../protocol/client-frame.js'
import type {Identity} from '../protocol/target.js'

export type AuthenticationVerdict =
  | {readonly ok: true; readonly identity: Identity; readonly expiresInMs: number}
  | {readonly ok: false; readonly status: 401 | 403; readonly text: string}

export interface Authenticator {
  authenticate(request: AuthenticationRequest): Promise<AuthenticationVerdict>
}

export interface AuthenticatorOptions {
  readonly secret: MeshSecret
  readonly guests: 'allow' | 'deny'
  /** Milliseconds since 1970: tokens carry the time of day at which they end. */
  readonly wallClock: () => number
}

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  return {
    async authenticate(request) {
      if (request.token !== undefined) return withToken(request, request.token, options)
      if (request.session !== undefined) {
        return denied(401, 'Sessions are not checked here: authenticate with a token')
      }
      if (options.guests === 'deny') return denied(401, 'A token is needed: {"token": "…"}')
      const identity = {
        user: undefined,
        groups: [],
        session: undefined,
        properties: propertiesOf(request, undefined),
      }
      return {ok: true, identity, expiresInMs: Number.POSITIVE_INFINITY}
    },
  }
}

async function withToken(
  request: AuthenticationRequest,
  token: string,
  {secret, wallClock}: AuthenticatorOptions,
): Promise<AuthenticationVerdict> {
  const verdict = await verifyToken(token, secret)
  if (!verdict.ok) return denied(403, `Not let in: ${verdict.reason}`)
  const {user, groups, session, language, sessionExpireMs} = verdict.claims
  const identity = {user, groups, session, properties: propertiesOf(request, language)}
  // From here on the node's own monotonic clock counts: a wall clock may jump.
  return {ok: true, identity, expiresInMs: sessionExpireMs - wallClock()}
}

function propertiesOf(
  request: AuthenticationRequest,
  claimed: string | undefined,
): Record<string, string> {
  const language = request.language ?? claimed
  return {
    ...(language !== undefined && {language}),
    ...(request.userAgent !== undefined && {user_agent: request.userAgent}),
  }
}

function denied(status: 401 | 403, text: string): AuthenticationVerdict {
  return {ok: false, status, text}
}
