/** Tokens that others sign: by which key, by which algorithm, and what is tried against that. */
import {createPublicKey, generateKeyPairSync, type KeyObject} from 'node:crypto'
import {chmod, mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {
  exportJWK,
  exportSPKI,
  generateKeyPair,
  SignJWT,
  UnsecuredJWT,
  type CryptoKey,
} from 'jose'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {KEYS_MAX_AGE_MS, RETRY_MS} from '../../../src/lib/auth/key-set-url.js'
import {MeshSecret} from '../../../src/lib/auth/mesh-secret.js'
import {signToken} from '../../../src/lib/auth/token.js'
import type {HttpAnswer} from '../../../src/lib/auth/ask-http.js'
import {loadTokenKeys, type TokenKeys} from '../../../src/lib/auth/token-keys.js'
import {verifyToken, type TokenRules} from '../../../src/lib/auth/verify-token.js'
import {keepingLog} from '../../helpers/auth-bench.js'

const secret = new MeshSecret('the secret of this mesh', 'a test')
const exp = Math.floor(Date.now() / 1000) + 600
const CLAIMS = {sub: '42', exp}

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wsmesh-keys-'))
})

afterAll(() => rm(folder, {recursive: true, force: true}))

let files = 0

async function file(text: string | Uint8Array, mode = 0o600): Promise<string> {
  const path = join(folder, `key-${(files += 1)}`)
  await writeFile(path, text)
  await chmod(path, mode)
  return path
}

function load(...sources: string[]): Promise<TokenKeys> {
  return loadTokenKeys(sources, {log: keepingLog(), now: () => performance.now()})
}

async function sign(
  key: Parameters<SignJWT['sign']>[0],
  alg: string,
  claims: Record<string, unknown> = CLAIMS,
  header: Record<string, unknown> = {},
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({alg, ...header}).sign(key)
}

async function isAccepted(token: string, rules: TokenRules): Promise<boolean> {
  return (await verifyToken(token, secret, rules)).ok
}

describe('a public key', () => {
  it.each(['RS256', 'RS512', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA'])(
    'checks tokens of %s, as PEM and as JWK',
    async (alg) => {
      const {privateKey, publicKey} = await generateKeyPair(alg, {extractable: true})
      const other = await generateKeyPair(alg)
      const pem = await file(await exportSPKI(publicKey), 0o644)
      const jwk = await file(JSON.stringify(await exportJWK(publicKey)), 0o644)
      const set = await file(JSON.stringify({keys: [await exportJWK(publicKey)]}), 0o644)
      for (const source of [pem, jwk, set]) {
        const keys = await load(source)
        expect(await isAccepted(await sign(privateKey, alg), {keys})).toBe(true)
        expect(await isAccepted(await sign(other.privateKey, alg), {keys})).toBe(false)
      }
    },
  )

  it("leaves the mesh's own tokens as they are", async () => {
    const {publicKey} = await generateKeyPair('ES256', {extractable: true})
    const keys = await load(await file(await exportSPKI(publicKey)))
    const token = await signToken({user: '42', ttlMs: 60_000}, secret)
    const rules = {keys, issuer: 'https://id', audience: 'chat', claims: {user: 'uid'}}
    expect(await isAccepted(token, rules)).toBe(true)
  })
})

describe('a token is refused that', () => {
  let rsa: {privateKey: KeyObject; publicKey: KeyObject}
  let keys: TokenKeys
  let pem: string

  beforeAll(async () => {
    rsa = generateKeyPairSync('rsa', {modulusLength: 2048})
    pem = rsa.publicKey.export({type: 'spki', format: 'pem'}).toString()
    keys = await load(await file(pem))
  })

  it('has alg none', async () => {
    expect(await isAccepted(new UnsecuredJWT(CLAIMS).encode(), {keys})).toBe(false)
    for (const alg of ['none', 'None', 'NONE', '']) {
      const header = Buffer.from(JSON.stringify({alg})).toString('base64url')
      const payload = Buffer.from(JSON.stringify(CLAIMS)).toString('base64url')
      expect(await isAccepted(`${header}.${payload}.`, {keys})).toBe(false)
    }
  })

  it.each([
    ['the PEM', () => pem],
    ['the PEM without its last line end', () => pem.trimEnd()],
    ['the DER', () => rsa.publicKey.export({type: 'spki', format: 'der'})],
    ['the modulus', () => String(rsa.publicKey.export({format: 'jwk'}).n)],
    ['the JWK', () => JSON.stringify(rsa.publicKey.export({format: 'jwk'}))],
  ])('is signed by HS256 with %s of the public key', async (_name, bytesOf) => {
    const token = await sign(Buffer.from(bytesOf()), 'HS256')
    expect(await verifyToken(token, secret, {keys})).toMatchObject({ok: false})
  })

  it('has the alg of another kind of key', async () => {
    const {privateKey} = await generateKeyPair('ES256')
    expect(await isAccepted(await sign(privateKey, 'ES256'), {keys})).toBe(false)
  })

  it('brings its own key', async () => {
    const {privateKey, publicKey} = await generateKeyPair('RS256', {extractable: true})
    const jwk = await exportJWK(publicKey)
    for (const header of [{jwk}, {jku: 'http://127.0.0.1:1/'}, {x5u: 'http://127.0.0.1:1/'}]) {
      expect(await isAccepted(await sign(privateKey, 'RS256', CLAIMS, header), {keys})).toBe(false)
    }
  })

  it('has another issuer or audience', async () => {
    const rules = {keys, issuer: 'https://id.example.com', audience: 'chat'}
    const good = {iss: 'https://id.example.com', aud: ['mail', 'chat']}
    const tried = [good, {...good, iss: 'https://evil'}, {...good, aud: 'mail'}, {}]
    const accepted: boolean[] = []
    for (const claims of tried) {
      const token = await sign(rsa.privateKey, 'RS256', {...CLAIMS, ...claims})
      accepted.push(await isAccepted(token, rules))
    }
    expect(accepted).toEqual([true, false, false, false])
  })

  it('has ended, but within the leeway', async () => {
    const token = await sign(rsa.privateKey, 'RS256', {sub: '42', exp: Date.now() / 1000 - 5})
    expect(await isAccepted(token, {keys})).toBe(false)
    expect(await isAccepted(token, {keys, leewayMs: 4000})).toBe(false)
    const verdict = await verifyToken(token, secret, {keys, leewayMs: 60_000})
    expect(verdict).toMatchObject({ok: true})
    if (verdict.ok) expect(verdict.claims.sessionExpireMs).toBeGreaterThan(Date.now() + 50_000)
  })
})

describe('claims', () => {
  it('are found where they are said to be', async () => {
    const {privateKey, publicKey} = await generateKeyPair('EdDSA', {extractable: true})
    const keys = await load(await file(await exportSPKI(publicKey)))
    const claims = {user: 'https://id/uid', groups: 'realm.roles', language: 'locale', plan: 'plan'}
    const token = await sign(privateKey, 'EdDSA', {
      exp, sub: 'no', 'https://id/uid': 42, realm: {roles: ['staff']}, locale: 'de', plan: 'gold',
    })
    expect(await verifyToken(token, secret, {keys, claims})).toMatchObject({
      ok: true,
      claims: {user: '42', groups: ['staff'], language: 'de', properties: {plan: 'gold'}},
    })
    const without = await sign(privateKey, 'EdDSA', CLAIMS)
    expect(await verifyToken(without, secret, {keys, claims})).toMatchObject({
      ok: false, reason: expect.stringContaining('https://id/uid') as string,
    })
  })
})

describe('a secret for HS256', () => {
  const text = 'a shared secret of 32 bytes or more'

  it('counts for HS256 alone', async () => {
    const keys = await load(await file(`${text}\n`))
    expect(await isAccepted(await sign(Buffer.from(text), 'HS256'), {keys})).toBe(true)
    expect(await isAccepted(await sign(Buffer.from(text.padEnd(64)), 'HS512'), {keys})).toBe(false)
  })

  it.each([
    ['is empty', '', 0o600, 'SECRET_INVALID', 'has 0 bytes'],
    ['is a line end', '\n', 0o600, 'SECRET_INVALID', 'has 0 bytes'],
    ['is too short', 'sesame', 0o600, 'SECRET_INVALID', 'has 6 bytes'],
    ['others can read', text, 0o644, 'SECRET_INVALID', 'Others can read'],
  ])('that %s is refused', async (_name, content, mode, code, why) => {
    const error: unknown = await load(await file(content, mode)).catch((e: unknown) => e)
    expect(error).toMatchObject({code, message: expect.stringContaining(why) as string})
    expect(String(error)).not.toContain('sesame')
  })
})

describe('a file or URL', () => {
  it.each([
    ['that is a private key', () => privatePem(), 'private key'],
    ['that is a private JWK', () => privateJwk(), 'private key'],
    ['of 1024 bits', () => publicPem(1024), '1024 bits'],
    ['that is broken', () => '-----BEGIN PUBLIC KEY-----\nnonsense', 'no PEM'],
    ['that is broken JSON', () => '{"keys": [', 'JSON and is none'],
    ['without a key', () => '{"keys": [{"kty": "oct", "k": "AAAA"}]}', 'no public key'],
    ['of a secret as JWK', () => '{"kty": "oct", "k": "AAAA"}', 'a secret'],
    ['for encryption', () => JSON.stringify({...publicJwk(), use: 'enc'}), 'not for signatures'],
  ])('%s is refused', async (_name, textOf, why) => {
    await expect(load(await file(textOf()))).rejects.toMatchObject({
      code: 'CONFIG_INVALID', message: expect.stringContaining(why) as string,
    })
  })

  it('that is not there, or no URL, is an error that names it', async () => {
    await expect(load(join(folder, 'none'))).rejects.toMatchObject({code: 'FILE_UNREADABLE'})
    await expect(load('ftp://id:s3same@host/keys')).rejects.toSatisfy((error: Error) =>
      error.message.includes('ftp://') && !error.message.includes('s3same'))
  })
})

function privatePem(): string {
  const {privateKey} = generateKeyPairSync('ec', {namedCurve: 'P-256'})
  return privateKey.export({type: 'pkcs8', format: 'pem'}).toString()
}

function privateJwk(): string {
  const {privateKey} = generateKeyPairSync('ec', {namedCurve: 'P-256'})
  return JSON.stringify(privateKey.export({format: 'jwk'}))
}

function publicPem(modulusLength: number): string {
  const {publicKey} = generateKeyPairSync('rsa', {modulusLength})
  return publicKey.export({type: 'spki', format: 'pem'}).toString()
}

function publicJwk(): object {
  const {privateKey} = generateKeyPairSync('ec', {namedCurve: 'P-256'})
  return createPublicKey(privateKey).export({format: 'jwk'})
}

/** An identity provider, its clock and ours. */
class Provider {
  nowMs = 0
  fetched = 0
  respond: () => HttpAnswer = () => ({status: 500, body: ''})
  readonly log = keepingLog()

  async keys(): Promise<TokenKeys> {
    const ask = async (): Promise<HttpAnswer> => {
      this.fetched += 1
      return this.respond()
    }
    const now = (): number => this.nowMs
    return loadTokenKeys(['https://id.example.com/jwks'], {log: this.log, now, ask})
  }

  async publish(...kids: readonly (readonly [kid: string, key: CryptoKey])[]): Promise<void> {
    const keys = await Promise.all(
      kids.map(async ([kid, key]) => ({...(await exportJWK(key)), kid, use: 'sig', alg: 'ES256'})),
    )
    this.respond = () => ({status: 200, body: JSON.stringify({keys})})
  }
}

async function tokenOf(pair: {privateKey: CryptoKey}, kid?: string): Promise<string> {
  return sign(pair.privateKey, 'ES256', CLAIMS, kid === undefined ? {} : {kid})
}

describe('keys behind a URL', () => {
  let first: {privateKey: CryptoKey; publicKey: CryptoKey}
  let second: {privateKey: CryptoKey; publicKey: CryptoKey}

  beforeAll(async () => {
    first = await generateKeyPair('ES256', {extractable: true})
    second = await generateKeyPair('ES256', {extractable: true})
  })

  it('are fetched once, for many tokens', async () => {
    const provider = new Provider()
    await provider.publish(['a', first.publicKey])
    const keys = await provider.keys()
    expect(provider.fetched).toBe(0)
    const token = await tokenOf(first, 'a')
    const all = await Promise.all(Array.from({length: 20}, () => isAccepted(token, {keys})))
    expect(all.every(Boolean)).toBe(true)
    expect(await isAccepted(await tokenOf(first), {keys})).toBe(true)
    expect(provider.fetched).toBe(1)
  })

  it('are fetched again when a token names one that is new, and not for each made-up name', async () => {
    const provider = new Provider()
    await provider.publish(['a', first.publicKey])
    const keys = await provider.keys()
    expect(await isAccepted(await tokenOf(first, 'a'), {keys})).toBe(true)
    await provider.publish(['a', first.publicKey], ['b', second.publicKey])
    provider.nowMs = RETRY_MS
    expect(await isAccepted(await tokenOf(second, 'b'), {keys})).toBe(true)
    for (let n = 0; n < 10; n += 1) {
      expect(await isAccepted(await tokenOf(second, `made-up-${n}`), {keys})).toBe(false)
    }
    expect(provider.fetched).toBe(2)
  })

  it('that were taken away count no more after the next fetch', async () => {
    const provider = new Provider()
    await provider.publish(['a', first.publicKey])
    const keys = await provider.keys()
    const old = await tokenOf(first, 'a')
    expect(await isAccepted(old, {keys})).toBe(true)
    await provider.publish(['b', second.publicKey])
    provider.nowMs = RETRY_MS
    expect(await isAccepted(await tokenOf(second, 'b'), {keys})).toBe(true)
    expect(await isAccepted(old, {keys})).toBe(false)
  })

  it.each<[string, () => HttpAnswer]>([
    ['does not answer', () => {
      throw new Error('connection refused')
    }],
    ['answers 500', () => ({status: 500, body: ''})],
    ['answers nonsense', () => ({status: 200, body: '<html>'})],
    ['answers without keys', () => ({status: 200, body: '{"keys": []}'})],
  ])('stay as they were while it %s', async (_name, respond) => {
    const provider = new Provider()
    await provider.publish(['a', first.publicKey])
    const keys = await provider.keys()
    const token = await tokenOf(first, 'a')
    expect(await isAccepted(token, {keys})).toBe(true)
    provider.respond = respond
    provider.nowMs = KEYS_MAX_AGE_MS
    expect(await isAccepted(token, {keys})).toBe(true)
    expect(await isAccepted(await tokenOf(second, 'b'), {keys})).toBe(false)
    expect(provider.fetched).toBe(2)
    expect(provider.log.lines.at(-1)?.text).toBe('Token keys cannot be fetched')
  })

  it('that were never fetched: nobody can say, until they are', async () => {
    const provider = new Provider()
    const keys = await provider.keys()
    const token = await tokenOf(first, 'a')
    expect(await verifyToken(token, secret, {keys})).toMatchObject({ok: false, isUnavailable: true})
    await provider.publish(['a', first.publicKey])
    provider.nowMs = RETRY_MS
    expect(await isAccepted(token, {keys})).toBe(true)
  })
})
