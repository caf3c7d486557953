import {inspect} from 'node:util'
import {describe, expect, it} from 'vitest'
import {isProof, makeNonce, proofOf, type Transcript} from '../../../src/lib/auth/challenge.js'
import {deriveKey} from '../../../src/lib/auth/keys.js'
import {MeshSecret} from '../../../src/lib/auth/mesh-secret.js'

const secret = new MeshSecret('0123456789abcdef', 'a test')

describe('the mesh secret', () => {
  it('shows itself nowhere', () => {
    const shown = [inspect(secret, {showHidden: true}), JSON.stringify(secret)]
    expect(shown.join(' ')).not.toMatch(/0123456789abcdef|48, 49|30 31/)
    expect(secret.source).toBe('a test')
  })

  it('has at least 16 bytes', () => {
    expect(() => new MeshSecret('0123456789abcde', 'WSMESH_SECRET')).toThrow(
      'The mesh secret from WSMESH_SECRET has 15 bytes, 16 are needed',
    )
    expect(() => new MeshSecret('é'.repeat(8), 'a test')).not.toThrow()
  })

  it('does not change with the bytes that it was made of', () => {
    const bytes = new Uint8Array(16)
    const made = new MeshSecret(bytes, 'a test')
    const before = deriveKey(made, 'link')
    bytes.fill(1)
    expect(deriveKey(made, 'link')).toEqual(before)
  })
})

describe('derived keys', () => {
  it('are the same everywhere', () => {
    // Computed with: openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt key:0123456789abcdef
    //   -kdfopt salt:wsmesh -kdfopt info:"wsmesh token v1" HKDF
    const hex = Buffer.from(deriveKey(secret, 'token')).toString('hex')
    expect(hex).toBe('d718bba2317c91e7fed2fe97c1626151876db6a5a728662fcb7690a533279e5d')
  })

  it('are different for each purpose and each secret', () => {
    const other = new MeshSecret('0123456789abcdeF', 'a test')
    const keys = [
      deriveKey(secret, 'token'),
      deriveKey(secret, 'link'),
      deriveKey(other, 'token'),
      deriveKey(other, 'link'),
    ]
    expect(new Set(keys.map((key) => Buffer.from(key).toString('hex'))).size).toBe(4)
  })
})

describe('proofs', () => {
  const transcript: Transcript = {
    role: 'node',
    version: 1,
    versions: [1],
    dialer: 'a',
    acceptor: 'b',
    dialerNonce: makeNonce(),
    acceptorNonce: makeNonce(),
  }
  const key = deriveKey(secret, 'link')

  it.each<[string, Partial<Transcript>]>([
    ['role', {role: 'operator'}],
    ['version', {version: 2}],
    ['versions', {versions: [1, 2]}],
    ['dialer', {dialer: 'c'}],
    ['acceptor', {acceptor: 'c'}],
    ["dialer's nonce", {dialerNonce: makeNonce()}],
    ["acceptor's nonce", {acceptorNonce: makeNonce()}],
    ['which of the two is which', {dialer: 'b', acceptor: 'a'}],
  ])('depend on the %s', (_, change) => {
    const proof = proofOf(key, 'dialer', transcript)
    expect(isProof(proof, proofOf(key, 'dialer', transcript))).toBe(true)
    expect(isProof(proof, proofOf(key, 'dialer', {...transcript, ...change}))).toBe(false)
  })

  it('depend on who proves and on the key', () => {
    const proof = proofOf(key, 'dialer', transcript)
    expect(isProof(proof, proofOf(key, 'acceptor', transcript))).toBe(false)
    expect(isProof(proof, proofOf(deriveKey(secret, 'token'), 'dialer', transcript))).toBe(false)
    expect(isProof('', proof)).toBe(false)
    expect(isProof(`${proof}A`, proof)).toBe(false)
  })
})
