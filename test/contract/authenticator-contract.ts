/** What every authenticator does, whatever it asks: one suite, run for each of them. */
import {afterEach, beforeEach, describe, expect, it} from 'vitest'
import type {Authenticator, Proof} from '../../src/lib/auth/authenticator.js'

export interface SessionSpec {
  readonly user: string
  readonly groups?: readonly string[]
  readonly session?: string
  readonly language?: string
  readonly properties?: Readonly<Record<string, string>>
  /** Milliseconds from now. */
  readonly endsInMs?: number
}

/** An authenticator and what it asks. */
export interface AuthenticatorBench extends AsyncDisposable {
  readonly authenticator: Authenticator
  /** Logs somebody in: the proof that a client of his then has. */
  logIn(spec: SessionSpec): Promise<Partial<Proof>>
  /** A proof that is well-formed, and is nobody's. */
  readonly wrong: Partial<Proof>
  /** A proof about which the other side says what makes no sense. */
  nonsense(): Promise<Partial<Proof>>
  /** The other side goes away, and comes back. */
  down(): Promise<void>
  up(): Promise<void>
}

const NOTHING: Proof = {
  token: undefined,
  session: undefined,
  userAgent: undefined,
  language: undefined,
  address: '203.0.113.9',
  path: '/WebSockets',
  cookie: undefined,
}

export function proof(given: Partial<Proof>): Proof {
  return {...NOTHING, ...given}
}

export function authenticatorContract(open: () => Promise<AuthenticatorBench>): void {
  describe('as every authenticator', () => {
    let bench: AuthenticatorBench

    beforeEach(async () => {
      bench = await open()
    })

    afterEach(() => bench[Symbol.asyncDispose]())

    it('says who a client is, and until when', async () => {
      const spec = {
        user: '42', groups: ['staff', 'press'], session: 's-1', language: 'en',
        properties: {plan: 'gold'}, endsInMs: 60_000,
      }
      const verdict = await bench.authenticator.check(proof(await bench.logIn(spec)))
      expect(verdict).toMatchObject({
        type: 'known',
        claims: {
          user: '42', groups: ['staff', 'press'], session: 's-1', language: 'en',
          properties: {plan: 'gold'},
        },
      })
      if (verdict.type !== 'known') return
      const leftMs = verdict.expiresAtMs - Date.now()
      expect(leftMs).toBeGreaterThan(50_000)
      expect(leftMs).toBeLessThanOrEqual(61_000)
    })

    it('needs no more than a user', async () => {
      const verdict = await bench.authenticator.check(proof(await bench.logIn({user: '42'})))
      expect(verdict).toMatchObject({type: 'known', claims: {user: '42', groups: []}})
    })

    it.each(['__proto__', 'constructor', 'toString', "Robert'); DROP TABLE sessions;--", 'Ünïcode ☃'])(
      'knows user and group %s as any other',
      async (name) => {
        const given = await bench.logIn({user: name, groups: [name]})
        const verdict = await bench.authenticator.check(proof(given))
        expect(verdict).toMatchObject({type: 'known', claims: {user: name, groups: [name]}})
      },
    )

    it('refuses a proof that is nobody\'s, and does not repeat it', async () => {
      const verdict = await bench.authenticator.check(proof(bench.wrong))
      expect(verdict.type).toBe('refused')
      if (verdict.type !== 'refused') return
      expect([401, 403]).toContain(verdict.status)
      for (const secret of [bench.wrong.token, bench.wrong.session]) {
        if (secret !== undefined) expect(verdict.reason).not.toContain(secret)
      }
    })

    it('refuses what has ended', async () => {
      const given = await bench.logIn({user: '42', endsInMs: -2000})
      expect((await bench.authenticator.check(proof(given))).type).toBe('refused')
    })

    it('looks away where there is nothing that it looks at', async () => {
      const verdict = await bench.authenticator.check(NOTHING)
      expect(verdict).toEqual({type: 'not-mine'})
    })

    it('lets nobody in for an answer that makes no sense', async () => {
      const verdict = await bench.authenticator.check(proof(await bench.nonsense()))
      expect(['refused', 'unavailable']).toContain(verdict.type)
    })

    it('says that it cannot say while the other side is away, and can again after', async () => {
      const [before, later] = [await bench.logIn({user: '42'}), await bench.logIn({user: '7'})]
      await bench.down()
      expect((await bench.authenticator.check(proof(before))).type).toBe('unavailable')
      await bench.up()
      expect((await bench.authenticator.check(proof(later))).type).toBe('known')
    })

    it('is asked by many at once', async () => {
      const given = await Promise.all(
        Array.from({length: 50}, (_, n) => bench.logIn({user: String(n), session: `s-${n}`})),
      )
      const verdicts = await Promise.all(
        given.map((each) => bench.authenticator.check(proof(each))),
      )
      expect(verdicts.map((v) => (v.type === 'known' ? v.claims.user : v.type))).toEqual(
        Array.from({length: 50}, (_, n) => String(n)),
      )
    })
  })
}
