/**
 * What decides who a client is: tokens, a query of the application's database, a question to the
 * application itself. All pass one contract suite (test/contract/authenticator-contract.ts).
 */
import type {Claims} from './claims.js'

/** What is known of a client that wants in: from its upgrade request and its first message. */
export interface Proof {
  readonly token: string | undefined
  /** From the message, or else from the cookie that was named. */
  readonly session: string | undefined
  readonly userAgent: string | undefined
  readonly language: string | undefined
  /** The client's own, not that of a proxy that is trusted. */
  readonly address: string
  /** Of its upgrade request, without the query. */
  readonly path: string
  /** The whole header, where somebody asks for it. */
  readonly cookie: string | undefined
}

export type Verdict =
  | {
      readonly type: 'known'
      readonly claims: Claims
      /** Milliseconds since 1970; Infinity where the session has no end. */
      readonly expiresAtMs: number
      /** Asking again may say something else: the identity is somebody's to change. */
      readonly isLive: boolean
    }
  /** The proof does not hold. The reason is for its bearer: nothing of what is inside. */
  | {readonly type: 'refused'; readonly status: 401 | 403; readonly reason: string}
  /** Nobody can say at the moment. */
  | {readonly type: 'unavailable'; readonly reason: string}
  /** The proof has nothing that this one looks at. */
  | {readonly type: 'not-mine'}

export interface Authenticator {
  /** What it asks for, for people: "a token". */
  readonly wants: string
  /** Never rejects. */
  check(proof: Proof): Promise<Verdict>
  /** What is remembered of these, and what is being asked about anybody, is not used any more. */
  forget?(isMeant: (claims: Claims) => boolean): void
  close?(): Promise<void>
}

/** What an authenticator tells its operator; a node's log has it all. */
export interface AuthLog {
  info(text: string, fields?: Readonly<Record<string, string | number>>): void
  warn(text: string, fields?: Readonly<Record<string, string | number>>): void
}

/**
 * Asks one after the other until one knows the client. When none does: while one of them cannot
 * say, nobody can; else the first refusal counts.
 */
export async function checkInOrder(
  authenticators: readonly Authenticator[],
  proof: Proof,
): Promise<Verdict> {
  let best: Verdict = {type: 'not-mine'}
  for (const authenticator of authenticators) {
    const verdict = await authenticator.check(proof)
    if (verdict.type === 'known') return verdict
    const isBetter = verdict.type === 'unavailable' || best.type === 'not-mine'
    if (isBetter && best.type !== 'unavailable') best = verdict
  }
  return best
}

export function refused(status: 401 | 403, reason: string): Verdict {
  return {type: 'refused', status, reason}
}
