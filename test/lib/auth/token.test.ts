import {decodeJwt, generateKeyPair, SignJWT, UnsecuredJWT} from 'jose'
import {afterEach, beforeEach, describe, expect, it, vi} from 'vitest'
import {deriveKey} from '../../../src/lib/auth/keys.js'
import {MeshSecret} from '../../../src/lib/auth/mesh-secret.js'
import {signToken} from '../../../src/lib/auth/token.js'
import {verifyToken} from '../../../src/lib/auth/verify-token.js'

const secret = new MeshSecret('the secret of this mesh', 'a test')
const other = new MeshSecret('the secret of another mesh', 'a test')

/** Half past a second, so that rounding would show. */
const NOW_MS = Date.UTC(2026, 0, 1) + 500

beforeEach(() => {
  vi.useFakeTimers({toFake: ['Date'], now: NOW_MS})
})

afterEach(() => {
  vi.useRealTimers()
})

async function signed(claims: Record<string, unknown>): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({alg: 'HS256'}).sign(deriveKey(secret, 'token'))
}

const EXP = NOW_MS / 1000 + 60

describe('a token', () => {
  it('says who its bearer is', async () => {
    const token = await signToken(
      {user: '42', groups: ['staff', 'press'], session: 's1', language: 'en', ttlMs: 60_000},
      secret,
    )
    expect(await verifyToken(token, secret)).toEqual({
      ok: true,
      claims: {
        user: '42',
        groups: ['staff', 'press'],
        session: 's1',
        language: 'en',
        properties: {},
        sessionExpireMs: NOW_MS + 60_500,
      },
    })
  })

  it('of any secret that is accepted holds, those made from now on are of the first', async () => {
    const both = new MeshSecret('the secret of another mesh', 'a test', {
      others: ['the secret of this mesh'],
    })
    const options = {user: '42', ttlMs: 60_000}
    expect(await verifyToken(await signToken(options, secret), both)).toMatchObject({ok: true})
    expect(await verifyToken(await signToken(options, both), other)).toMatchObject({ok: true})
    expect(await verifyToken(await signToken(options, both), secret)).toMatchObject({ok: false})
  })

  it('needs no more than a user', async () => {
    const verdict = await verifyToken(await signToken({user: '42', ttlMs: 1}, secret), secret)
    expect(verdict).toMatchObject({
      ok: true,
      claims: {user: '42', groups: [], session: undefined, language: undefined},
    })
  })

  it('of whole seconds has whole seconds, for readers that take no fractions', async () => {
    const token = await signToken({user: '42', ttlMs: 60_000}, secret)
    const at = (NOW_MS - 500) / 1000
    expect(decodeJwt(token)).toMatchObject({iat: at, exp: at + 61})
    const short = decodeJwt(await signToken({user: '42', ttlMs: 200}, secret))
    expect(short).toMatchObject({iat: at, exp: (NOW_MS + 200) / 1000})
  })

  it.each([
    [1, 1], [200, 200], [999, 999], [1000, 1500], [1001, 1001], [60_000, 60_500],
  ])('of %d ms holds for %d ms', async (ttlMs, heldMs) => {
    const token = await signToken({user: '42', ttlMs}, secret)
    vi.setSystemTime(NOW_MS + heldMs - 1)
    expect(await verifyToken(token, secret)).toMatchObject({ok: true})
    vi.setSystemTime(NOW_MS + heldMs)
    expect(await verifyToken(token, secret)).toEqual({ok: false, reason: 'the token has expired'})
    vi.setSystemTime(NOW_MS + heldMs + 86_400_000)
    expect(await verifyToken(token, secret)).toEqual({ok: false, reason: 'the token has expired'})
  })

  it('may be made by others, with numbers as ids', async () => {
    const token = await signed({sub: 42, groups: [7, 'staff'], exp: EXP})
    expect(await verifyToken(token, secret)).toMatchObject({
      ok: true,
      claims: {user: '42', groups: ['7', 'staff']},
    })
  })

  it.each<[string, Record<string, unknown>, string]>([
    ['no exp', {sub: '42'}, 'no exp'],
    ['an exp of text', {sub: '42', exp: 'tomorrow'}, 'exp does not hold'],
    ['an exp of yesterday', {sub: '42', exp: EXP - 86_400}, 'has expired'],
    ['an exp a moment ago', {sub: '42', exp: NOW_MS / 1000 - 0.001}, 'has expired'],
    ['an nbf of tomorrow', {sub: '42', exp: EXP + 1e6, nbf: EXP + 86_400}, 'nbf does not hold'],
    ['no sub', {exp: EXP}, 'no sub'],
    ['an empty sub', {sub: '', exp: EXP}, 'sub of the token is no id'],
    ['a sub of an object', {sub: {id: 42}, exp: EXP}, 'sub of the token is no id'],
    ['a sub over 255 bytes', {sub: 'x'.repeat(256), exp: EXP}, 'sub of the token is no id'],
    ['a group as text', {sub: '42', groups: 'staff', exp: EXP}, 'groups of the token are no list'],
    ['a group of null', {sub: '42', groups: [null], exp: EXP}, 'groups of the token are no list'],
    ['a session of true', {sub: '42', session: true, exp: EXP}, 'session of the token is no id'],
    ['a language of a list', {sub: '42', language: [], exp: EXP}, 'language of the token is no'],
  ])('with %s is refused', async (_, claims, reason) => {
    const verdict = await verifyToken(await signed(claims), secret)
    expect(verdict.ok).toBe(false)
    if (!verdict.ok) expect(verdict.reason).toContain(reason)
  })
})

describe('a token is refused when', () => {
  const claims = {sub: '42', exp: EXP}

  it('it was signed with another secret', async () => {
    const token = await signToken({user: '42', ttlMs: 60_000}, other)
    expect(await verifyToken(token, secret)).toEqual({
      ok: false,
      reason: 'the token was signed with another secret',
    })
  })

  it('it was signed with the secret itself, or with the key of another purpose', async () => {
    const keys = [new TextEncoder().encode('the secret of this mesh'), deriveKey(secret, 'link')]
    for (const key of keys) {
      const token = await new SignJWT(claims).setProtectedHeader({alg: 'HS256'}).sign(key)
      expect(await verifyToken(token, secret)).toMatchObject({ok: false})
    }
  })

  it('it is not signed', async () => {
    const token = new UnsecuredJWT(claims).encode()
    expect(await verifyToken(token, secret)).toMatchObject({ok: false})
  })

  it('it is signed another way', async () => {
    const {privateKey} = await generateKeyPair('RS256')
    const rs = await new SignJWT(claims).setProtectedHeader({alg: 'RS256'}).sign(privateKey)
    expect(await verifyToken(rs, secret)).toEqual({
      ok: false,
      reason: 'the token is not signed with HS256',
    })
    const key = new Uint8Array(64)
    const hs = await new SignJWT(claims).setProtectedHeader({alg: 'HS512'}).sign(key)
    expect(await verifyToken(hs, secret)).toMatchObject({ok: false})
  })

  it('a letter of it was changed', async () => {
    const token = await signToken({user: '42', ttlMs: 60_000}, secret)
    const [header = '', , signature = ''] = token.split('.')
    const forged = Buffer.from(JSON.stringify({sub: '1', exp: EXP})).toString('base64url')
    expect(await verifyToken(`${header}.${forged}.${signature}`, secret)).toMatchObject({ok: false})
  })

  it.each(['', '.', '..', 'a.b.c', 'hello', 'e30.e30.', '\u0000', '😀.😀.😀', 'x'.repeat(16_384)])(
    'it is no token: %j',
    async (text) => {
      expect(await verifyToken(text, secret)).toMatchObject({ok: false})
    },
  )

  it('its claims are no object', async () => {
    const header = Buffer.from('{"alg":"HS256"}').toString('base64url')
    expect(await verifyToken(`${header}.W10.AAAA`, secret)).toMatchObject({ok: false})
  })
})
