/** Who a client is, from its upgrade request and what its first message proves. */
import {checkInOrder} from '../auth/authenticator.js'
import type {Authenticator, Proof, Verdict} from '../auth/authenticator.js'
import type {Claims} from '../auth/claims.js'
import type {AuthenticationRequest} from '../protocol/client-frame.js'
import {matchesTarget} from '../protocol/target.js'
import type {Identity, Target} from '../protocol/target.js'
import {unreachable} from '../util/assert.js'
import {CalmWarning} from './calm-warning.js'
import type {ClientOrigin} from './client-door.js'
import type {Log} from './log.js'

export type AuthenticationVerdict =
  | {
      readonly ok: true
      /** Undefined for a guest. */
      readonly claims: Claims | undefined
      readonly expiresInMs: number
      /** What to ask again with; undefined where the answer would be the same. */
      readonly liveProof: Proof | undefined
    }
  | {readonly ok: false; readonly status: 401 | 403 | 503; readonly text: string}

export interface AuthenticationOptions {
  /** Asked in this order. */
  readonly authenticators: readonly Authenticator[]
  readonly guests: 'allow' | 'deny'
  /** Milliseconds since 1970: proofs carry the time of day at which they end. */
  readonly wallClock: () => number
  readonly log: Log
}

export class Authentication {
  readonly #options: AuthenticationOptions
  readonly #unavailable: CalmWarning

  constructor(options: AuthenticationOptions) {
    this.#options = options
    this.#unavailable = new CalmWarning(options.log)
  }

  /** Never rejects but for bugs. */
  async check(proof: Proof): Promise<AuthenticationVerdict> {
    return this.#conclude(await checkInOrder(this.#options.authenticators, proof), proof)
  }

  /** What is remembered of those whom the target means is not used any more. */
  forget(target: Target): void {
    const isMeant = ({properties, ...claims}: Claims): boolean =>
      // A filter may ask for what only the connection has: then all is forgotten.
      target.kind === 'filter' || matchesTarget(target, {...claims, properties})
    for (const authenticator of this.#options.authenticators) authenticator.forget?.(isMeant)
  }

  #conclude(verdict: Verdict, proof: Proof): AuthenticationVerdict {
    const {guests, wallClock} = this.#options
    switch (verdict.type) {
      case 'known': {
        const {claims, expiresAtMs, isLive} = verdict
        // From here on the node's own monotonic clock counts: a wall clock may jump.
        const expiresInMs = expiresAtMs - wallClock()
        return {ok: true, claims, expiresInMs, liveProof: isLive ? proof : undefined}
      }
      case 'refused':
        return denied(verdict.status, `Not let in: ${verdict.reason}`)
      case 'unavailable':
        this.#unavailable.warn('Cannot check who clients are', {why: verdict.reason})
        return denied(503, 'Cannot check who you are at the moment: try again later')
      case 'not-mine':
        return guests === 'allow' ? GUEST : denied(401, this.#wanted(proof))
      default:
        return unreachable(verdict)
    }
  }

  #wanted({session}: Proof): string {
    const wants = [...new Set(this.#options.authenticators.map((each) => each.wants))]
    const wanted = wants.join(' or ')
    if (session === undefined || wants.includes('a session')) return `Give ${wanted} to get in`
    return `Sessions are not checked here: give ${wanted}`
  }
}

const GUEST: AuthenticationVerdict = {
  ok: true,
  claims: undefined,
  expiresInMs: Number.POSITIVE_INFINITY,
  liveProof: undefined,
}

export function proofOf(request: AuthenticationRequest, origin: ClientOrigin): Proof {
  return {
    token: request.token,
    session: request.session ?? origin.session,
    userAgent: request.userAgent ?? origin.userAgent,
    language: request.language,
    address: origin.address,
    path: origin.path,
    cookie: origin.cookie,
  }
}

/** What a connection is from now on: what is proved, what the node sees, what handlers have set. */
export function identityOf(
  claims: Claims | undefined,
  proof: Proof,
  connection: {readonly id: string; readonly ownProperties: Readonly<Record<string, string>>},
): Identity {
  const language = proof.language ?? claims?.language
  return {
    user: claims?.user,
    groups: claims?.groups ?? [],
    session: claims?.session,
    properties: {
      ...claims?.properties,
      ...(language !== undefined && {language}),
      ...(proof.userAgent !== undefined && {user_agent: proof.userAgent}),
      ...connection.ownProperties,
      address: proof.address,
      connection: connection.id,
    },
  }
}

function denied(status: 401 | 403 | 503, text: string): AuthenticationVerdict {
  return {ok: false, status, text}
}
